#!/usr/bin/env python3
"""Voice webhooks a second with checked signatures: the server beside an Express application with the carrier's library.

    scripts/webhooks.py [--seconds 10] [--rounds 3]

Each round loads the programs one after another with the same signed request over 32 connections (`wrk`, one thread), so
that other work on the machine concerns all of them. Prints the table of docs/benchmarks.md, and fails when an answer is
not 200 or the ratio is below its limit. The peer is scripts/peers/webhooks; npm installs it into `target`. The server
keeps no webhooks here (KEEP_WEBHOOKS=false), because the peer does not either. Needs wrk, Node and npm.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PEER = TARGET / "webhooks-peer"
ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
CALL = {
    "AccountSid": ACCOUNT_SID,
    "ApiVersion": "2010-04-01",
    "CallSid": "CA00000000000000000000000000000001",
    "CallStatus": "ringing",
    "Called": "+17075550183",
    "Caller": "+17075550142",
    "Direction": "inbound",
    "From": "+17075550142",
    "FromCountry": "US",
    "To": "+17075550183",
    "ToCountry": "US",
}
CONNECTIONS = 32
RATIO_MIN = 10.0
START_SECONDS_MAX = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for tool in ("wrk", "node", "npm"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing (Debian: apt-get install wrk nodejs npm)")
    server = build()
    install_peer()
    with tempfile.TemporaryDirectory() as folder:
        programs = {
            "Cordboard": lambda port: start_server(server, port),
            "Express, one process": lambda port: start_peer(port, 1),
            f"Express, {os.cpu_count()} processes": lambda port: start_peer(port, os.cpu_count()),
        }
        rates = measure(programs, options, pathlib.Path(folder))
    return report(rates, options)


def build() -> str:
    if "CORDBOARD" in os.environ:
        return os.environ["CORDBOARD"]
    subprocess.run(["cargo", "build", "--quiet", "--profile", "server", "-p", "cordboard"], cwd=ROOT, check=True)
    return str(TARGET / "server" / "cordboard")


def install_peer() -> None:
    PEER.mkdir(parents=True, exist_ok=True)
    for file in (ROOT / "scripts/peers/webhooks").iterdir():
        shutil.copy(file, PEER)
    subprocess.run(["npm", "install", "--loglevel", "error", "--no-audit", "--no-fund"], cwd=PEER, check=True)


def start_server(server: str, port: int) -> subprocess.Popen:
    variables = {"ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN, "KEEP_WEBHOOKS": "false"}
    arguments = [server, "--in-memory", "--port", str(port), "--config", str(ROOT / "contact-centre.yaml")]
    return subprocess.Popen(arguments, env=os.environ | variables, stdout=subprocess.DEVNULL)


def start_peer(port: int, processes: int) -> subprocess.Popen:
    arguments = ["node", "app.js", str(port), AUTH_TOKEN, str(processes)]
    return subprocess.Popen(arguments, cwd=PEER, env=os.environ | {"NODE_ENV": "production"})


def measure(programs: dict, options: argparse.Namespace, folder: pathlib.Path) -> dict[str, list[float]]:
    rates = {name: [] for name in programs}
    for _ in range(options.rounds):
        for name, start in programs.items():
            port = free_port()
            process = start(port)
            try:
                url, script = signed_request(port, folder)
                wait_until_ready(port, name)
                load(url, script, seconds=2)
                rates[name].append(load(url, script, options.seconds))
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(START_SECONDS_MAX)
    return rates


def signed_request(port: int, folder: pathlib.Path) -> tuple[str, pathlib.Path]:
    """The address, and the request as a script of wrk: the carrier's, signed with its scheme."""
    url = f"http://127.0.0.1:{port}/incoming-call"
    signed = url + "".join(name + value for name, value in sorted(CALL.items()))
    signature = base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
    script = folder / "request.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.body = "{urllib.parse.urlencode(CALL)}"\n'
        'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"\n'
        f'wrk.headers["X-Twilio-Signature"] = "{signature}"\n'
    )
    return url, script


def wait_until_ready(port: int, name: str) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < START_SECONDS_MAX:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS_MAX)
            connection.request("POST", "/incoming-call")
            # Without a signature: any answer will do.
            connection.getresponse()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{name} did not start within {START_SECONDS_MAX} s")


def load(url: str, script: pathlib.Path, seconds: int) -> float:
    arguments = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), url]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    if re.search(r"Non-2xx|Socket errors", output):
        raise SystemExit(f"{url}: not every answer is 200\n{output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def report(rates: dict[str, list[float]], options: argparse.Namespace) -> int:
    ours, peer, _all_cores = (statistics.median(each) for each in rates.values())
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.platform()}, {os.cpu_count()} cores shared with wrk, "
        f"{options.rounds} rounds of {options.seconds} s, load average {os.getloadavg()[0]:.1f}\n"
    )
    print("| program | requests/s, median | rounds | Cordboard is |\n|---|---|---|---|")
    for name, each in rates.items():
        median = statistics.median(each)
        rounds = ", ".join(f"{rate:,.0f}" for rate in each)
        print(f"| {name} | {median:,.0f} | {rounds} | {ours / median:.1f} times |")
    return 0 if ours >= RATIO_MIN * peer else 1


if __name__ == "__main__":
    sys.exit(main())
