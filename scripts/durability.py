#!/usr/bin/env python3
"""Measures the price of `--durability full`: Tasks that the REST API acknowledges in a second, and how long each takes.

    scripts/durability.py BINARY [SECONDS]

Starts BINARY twice on a new data folder in the current folder, once with each level. CLIENTS clients create Tasks as fast
as they are answered, for SECONDS (10 by default). Prints a table in Markdown. The disk of the current folder decides the
result. Needs only Python's standard library.
"""

import base64
import http.client
import json
import os
import pathlib
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENTS = 8
GIVE_UP_SECONDS = 10
ACCOUNT = {"ACCOUNT_SID": "AC00000000000000000000000000000001", "AUTH_TOKEN": "0123456789abcdef0123456789abcdef"}
BASIC = base64.b64encode(":".join(ACCOUNT.values()).encode()).decode()
HEADERS = {"Authorization": f"Basic {BASIC}", "Content-Type": "application/x-www-form-urlencoded"}


def main() -> int:
    binary = pathlib.Path(sys.argv[1]).resolve()
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    print(f"{time.strftime('%Y-%m-%d')}, {platform.platform()}, {os.cpu_count()} cores, {CLIENTS} clients, {seconds} s each")
    print("| level | Tasks a second | median, ms | 99th percentile, ms |\n|---|---|---|---|")
    for level in ["normal", "full"]:
        times = measure(binary, level, seconds)
        median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        print(f"| `{level}` | {len(times) / seconds:.0f} | {median * 1000:.1f} | {p99 * 1000:.1f} |")
    return 0


def measure(binary: pathlib.Path, level: str, seconds: int) -> list[float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Not in the system's temporary folder, which may be in memory.
    with tempfile.TemporaryDirectory(dir=".") as data:
        arguments = [str(binary), "serve", "--port", str(port), "--data", data, "--durability", level]
        process = subprocess.Popen(
            [*arguments, "--config", str(ROOT / "contact-centre.yaml")], stdout=subprocess.DEVNULL, env=os.environ | ACCOUNT
        )
        try:
            return load(port, seconds)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(GIVE_UP_SECONDS)


def load(port: int, seconds: int) -> list[float]:
    workspace = f"/v1/Workspaces/{first(port, '/v1/Workspaces', 'workspaces')}"
    workflow = first(port, f"{workspace}/Workflows", "workflows")
    body = urllib.parse.urlencode({"WorkflowSid": workflow, "Attributes": '{"selected_language":"en"}'})
    until = time.perf_counter() + seconds
    times: list[float] = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
        while (begun := time.perf_counter()) < until:
            connection.request("POST", f"{workspace}/Tasks", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise SystemExit(f"a Task was answered with {answer.status}")
            times.append(time.perf_counter() - begun)

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    return times


def first(port: int, path: str, kind: str) -> str:
    """The SID of the first resource of a list; waits until the server answers."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < GIVE_UP_SECONDS:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
            connection.request("GET", path, headers=HEADERS)
            return json.load(connection.getresponse())[kind][0]["sid"]
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise SystemExit(f"no answer within {GIVE_UP_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
