#!/usr/bin/env python3
"""Measures the server build: the time from process start to the first response, and the resident memory when idle.

    scripts/measure_start.py [RUNS]

Builds `cordboard` with the profile `server`, starts it RUNS times (10 by default) with its data in a new folder, requests
/incoming-call until the status is 200, then lets it idle. Prints minimum, median and maximum of each figure, and fails
when a median exceeds its limit. Linux only: memory is read from /proc. Needs only Python's standard library.
"""

import http.client
import os
import pathlib
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIRST_ANSWER_LIMIT_MS = 24
IDLE_RSS_LIMIT_MB = 13
IDLE_SECONDS = 3
GIVE_UP_SECONDS = 10


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    subprocess.run(["cargo", "build", "--profile", "server", "--quiet", "-p", "cordboard"], cwd=ROOT, check=True)
    binary = target / "server" / "cordboard"
    figures = [measure(binary) for _ in range(runs)]
    print(f"{time.strftime('%Y-%m-%d')}, {platform.platform()}, {os.cpu_count()} cores, {runs} starts")
    print(f"binary: {binary.stat().st_size / 1e6:.1f} MB")
    print("| figure | minimum | median | maximum | limit |\n|---|---|---|---|---|")
    answer = row("first answer after process start, ms", [first for first, _ in figures], FIRST_ANSWER_LIMIT_MS)
    memory = row("resident memory when idle, MB", [rss for _, rss in figures], IDLE_RSS_LIMIT_MB)
    return 0 if answer and memory else 1


def measure(binary: pathlib.Path) -> tuple[float, float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        arguments = [str(binary), "--port", str(port), "--data", data, "--config", str(ROOT / "contact-centre.yaml")]
        begun = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        try:
            first = first_answer(port, begun)
            time.sleep(IDLE_SECONDS)
            return first, resident_mb(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(GIVE_UP_SECONDS)


def first_answer(port: int, begun: float) -> float:
    while time.perf_counter() - begun < GIVE_UP_SECONDS:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
            connection.request("GET", "/incoming-call")
            if connection.getresponse().status == 200:
                return (time.perf_counter() - begun) * 1000
        except ConnectionRefusedError:
            time.sleep(0.001)
    raise SystemExit(f"no response with status 200 within {GIVE_UP_SECONDS} s")


def resident_mb(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise SystemExit(f"no VmRSS in /proc/{pid}/status")


def row(name: str, values: list[float], limit: float) -> bool:
    median = statistics.median(values)
    print(f"| {name} | {min(values):.1f} | {median:.1f} | {max(values):.1f} | {limit} |")
    return median <= limit


if __name__ == "__main__":
    sys.exit(main())
