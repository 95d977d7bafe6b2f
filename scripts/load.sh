#!/usr/bin/env bash
# Load test of the REST API with the server build and its data on disk. Prints a table in Markdown: throughput, percentiles,
# memory. Fails when a request fails and when the memory of the warm server grows. Takes eight minutes of warm-up, twelve of
# measurement, and the build. Needs an otherwise idle machine.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --profile server -p cordboard
# All examples: building one alone would select other features of its dependencies and compile them again. CI's profile
# optimises what the customers spend their time in: they share the machine with the server.
cargo build --quiet --profile ci --workspace --examples
target=${CARGO_TARGET_DIR:-target}

printf '%s, %s cores, %s, load average before: %s\n\n' "$(date -u +%F)" "$(nproc)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(cut -d ' ' -f 1 /proc/loadavg)"
CORDBOARD=$target/server/cordboard RUST_LOG=${RUST_LOG:-warn} clients/with_server.py --on-disk "$target/ci/examples/load"
