#!/usr/bin/env bash
# The start of the release build on a data folder with 100,000 ended Tasks: when it answers, and how long requests take
# beside the sweep after the start. `scripts/ended_tasks.sh TASKS` sets the number of Tasks. Takes some minutes, and the build.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --profile server -p cordboard
# All examples: building one alone would select other features of its dependencies and compile them again.
cargo build --quiet --workspace --examples
target=${CARGO_TARGET_DIR:-target}

printf '%s, %s cores, load average before: %s\n' "$(date -u +%F)" "$(nproc)" "$(cut -d ' ' -f 1 /proc/loadavg)"
"$target/debug/examples/ended_tasks" "$target/server/cordboard" "$@"
