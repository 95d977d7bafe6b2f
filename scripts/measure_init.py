#!/usr/bin/env python3
"""Cold starts of a voice function, without AWS: time and memory until it asks for its first event, beside two peers.

    scripts/measure_init.py [RUNS]

A stand-in for Lambda's Runtime API starts each program RUNS times (20 by default), in turns. A program's start ends with
its first request for an event. The first answer ends when the answer to the first event has arrived; the function's table
is the embedded DynamoDB of `cordboard` behind a socket, so connecting to it counts. The peers do nothing but ask for an
event: a program of Rust's standard library alone, and Node. Prints the table of docs/benchmarks.md, and fails when a
limit is exceeded. Linux only. Needs rustc, and Node for its row.
"""

import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# The profile of the program that is the table; not of the function.
PROFILE = os.environ.get("PROFILE", "dev")
FUNCTION = "enqueue-call"
INIT_LIMIT_MS = 3.0
MEMORY_LIMIT_MB = 6.0
ANSWER_SECONDS_MAX = 10

STD_ONLY = r"""
use std::io::{Read, Write};
fn main() {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = std::net::TcpStream::connect(&api).unwrap();
    write!(stream, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n").unwrap();
    let _ = stream.read(&mut [0; 1024]);
}
"""
NODE = """
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
require("http").get({ host, port, path: "/2018-06-01/runtime/invocation/next" });
"""


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    cargo = ["cargo", "build", "--quiet"]
    subprocess.run([*cargo, "--release", "-p", FUNCTION], cwd=ROOT, check=True)
    # All examples: building one alone would select other features of its dependencies and compile them again.
    subprocess.run([*cargo, "--profile", PROFILE, "--workspace", "--examples"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        programs = {f"`{FUNCTION}`": [str(TARGET / "release" / FUNCTION)]} | peers(pathlib.Path(folder))
        figures = {name: [] for name in programs}
        for _ in range(runs):
            for name, command in programs.items():
                figures[name].append(start(command))
    print(f"{time.strftime('%Y-%m-%d')}, {platform.platform()}, {os.cpu_count()} cores, {runs} starts each, ", end="")
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| program | start, ms: minimum | median | maximum | memory, MB |\n|---|---|---|---|---|")
    for name, each in figures.items():
        times = [took for took, _ in each]
        memory = statistics.median(resident for _, resident in each)
        print(f"| {name} | {min(times):.2f} | {statistics.median(times):.2f} | {max(times):.2f} | {memory:.1f} |")
    print("\n| first answer | minimum, ms | median | maximum |\n|---|---|---|---|", flush=True)
    example = TARGET / ("debug" if PROFILE == "dev" else PROFILE) / "examples" / "cold_start"
    subprocess.run([example, TARGET / "release" / FUNCTION, str(runs)], check=True)
    times, memory = zip(*figures[f"`{FUNCTION}`"])
    within = statistics.median(times) <= INIT_LIMIT_MS and statistics.median(memory) <= MEMORY_LIMIT_MB
    return 0 if within else 1


def peers(folder: pathlib.Path) -> dict[str, list[str]]:
    source = folder / "std_only.rs"
    source.write_text(STD_ONLY)
    binary = folder / "std_only"
    subprocess.run(["rustc", "-O", "-o", str(binary), str(source)], check=True)
    found = {"Rust's standard library alone": [str(binary)]}
    if node := shutil.which("node"):
        script = folder / "node.js"
        script.write_text(NODE)
        found["Node"] = [node, str(script)]
    return found


def environment(api: str) -> dict[str, str]:
    return {
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_GROUP_NAME": "",
        "AWS_LAMBDA_LOG_STREAM_NAME": "",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "TABLE_NAME": "cordboard",
        "AUTH_TOKEN": "0123456789abcdef0123456789abcdef",
        "ACCOUNT_SID": "AC00000000000000000000000000000001",
        "PATH": os.environ["PATH"],
    }


def start(command: list[str]) -> tuple[float, float]:
    """Milliseconds from the start of the process to its first request, and its resident memory at that moment in MB."""
    with socket.create_server(("127.0.0.1", 0)) as api:
        api.settimeout(ANSWER_SECONDS_MAX)
        address = f"127.0.0.1:{api.getsockname()[1]}"
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environment(address), stdout=subprocess.DEVNULL)
        try:
            connection, _ = api.accept()
            with connection:
                request = connection.recv(1024)
                took = (time.perf_counter() - begun) * 1000
                if b"/runtime/invocation/next" not in request:
                    raise SystemExit(f"{command[0]}: unexpected request {request!r}")
                return took, resident_mb(process.pid)
        finally:
            process.kill()
            process.wait()


def resident_mb(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise SystemExit(f"no VmRSS in /proc/{pid}/status")


if __name__ == "__main__":
    sys.exit(main())
