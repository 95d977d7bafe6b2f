#!/usr/bin/env python3
"""Measures `cordboard test`: a thousand stories, made of the suites in examples/, and one story alone.

    scripts/story_speed.py [PROGRAM]     # target/server/cordboard, which `cargo build --profile server --bin cordboard` builds

Prints the seconds of the whole process, five runs each. The limits are 5 s and 50 ms on two cores.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITES = {
    "examples/two-languages/calls.story": "contact-centre.yaml",
    "examples/utility/tests/calls.story": "examples/utility/contact-centre.yaml",
}
STORIES = 1_000
RUNS = 5
LIMITS = {"a thousand stories": 5.0, "one story": 0.05}


def main() -> int:
    program = sys.argv[1] if sys.argv[1:] else str(ROOT / "target" / "server" / "cordboard")
    with tempfile.TemporaryDirectory() as folder:
        many, one = pathlib.Path(folder, "many"), pathlib.Path(folder, "one")
        for place in (many, one):
            place.mkdir()
        parts = [part for path, centre in SUITES.items() for part in stories(ROOT / path, ROOT / centre)]
        for number in range(STORIES):
            settings, heading, lines = parts[number % len(parts)]
            text = f"{settings}\n== {heading} {number}\n{lines}"
            (many / f"{number:04}.story").write_text(text)
            if number == 0:
                (one / "one.story").write_text(text)
        took = {"a thousand stories": [run(program, many) for _ in range(RUNS)], "one story": [run(program, one) for _ in range(RUNS)]}
    print("| what | minimum, s | median, s | maximum, s | limit, s |\n|---|---|---|---|---|")
    for what, seconds in took.items():
        print(f"| {what} | {min(seconds):.3f} | {statistics.median(seconds):.3f} | {max(seconds):.3f} | {LIMITS[what]} |")
    return int(any(statistics.median(seconds) > LIMITS[what] for what, seconds in took.items()))


def stories(path: pathlib.Path, centre: pathlib.Path) -> list[tuple[str, str, str]]:
    """The stories of a file: settings, heading, lines."""
    before, *parts = path.read_text().split("\n== ")
    zone = [line for line in before.splitlines() if line.startswith("zone ")]
    settings = "\n".join([f"file {centre}", *zone])
    return [(settings, *part.split("\n", 1)) for part in parts]


def run(program: str, folder: pathlib.Path) -> float:
    begun = time.perf_counter()
    done = subprocess.run([program, "test", str(folder)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
