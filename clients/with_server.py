#!/usr/bin/env python3
"""Runs a command while a server is running, which keeps its data in memory and ends with the command.

    clients/with_server.py [--on-disk] [--config FILE] COMMAND [ARGUMENT…]

CORDBOARD_URL, ACCOUNT_SID and AUTH_TOKEN give access to it. The program is built first, unless CORDBOARD is the path of
one. --on-disk: the data is stored on disk, in a folder that is removed at the end. --config: the server's configuration,
instead of contact-centre.yaml.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
READY = "Place a call"
STOP_SECONDS_MAX = 10
ACCOUNT_SID = "AC" + "c0ffee" * 5 + "00"
AUTH_TOKEN = "a token for tests"


def main() -> int:
    command = sys.argv[1:]
    on_disk = command[:1] == ["--on-disk"]
    command = command[on_disk:]
    config = str(ROOT / "contact-centre.yaml")
    if command[:1] == ["--config"] and len(command) > 1:
        config, command = command[1], command[2:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        return run(command, ["--data", folder] if on_disk else ["--in-memory"], config)


def run(command: list[str], place: list[str], config: str) -> int:
    account = {"ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN}
    environment = {name: value for name, value in os.environ.items() if name not in ("CARRIER", "PUBLIC_URL")} | account
    port = free_port()
    arguments = [program(), *place, "--port", str(port), "--config", config]
    server = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        if not any(line.startswith(READY) for line in server.stdout):
            print(f"{arguments[0]} did not start", file=sys.stderr)
            return 1
        environment |= {"CORDBOARD_URL": f"http://127.0.0.1:{port}", "CORDBOARD_PID": str(server.pid)}
        code = subprocess.run(command, env=environment).returncode
        return code if server.poll() is None else 1
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(STOP_SECONDS_MAX)


def program() -> str:
    """The built program. All binaries and examples are built: fewer would select other features of their dependencies."""
    if "CORDBOARD" in os.environ:
        return os.environ["CORDBOARD"]
    subprocess.run(["cargo", "build", "--quiet", "--workspace", "--bins", "--examples"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / "debug" / "cordboard")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
