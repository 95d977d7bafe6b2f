#!/usr/bin/env bash
# A day of calls through the built functions, delivered as AWS does: event source mappings with shards, lanes, batches,
# bisection, retries and record age; queues with visibility timeouts and dead letters; functions that are killed and throttled.
# DynamoDB Local holds the table, moto the queues, the bucket and the parameter.
#
#   scripts/cloud_day.sh                                  # 400 callers, ten minutes
#   scripts/cloud_day.sh --small                          # what CI runs
#   scripts/cloud_day.sh --callers 100 --interval-ms 800
#
# PROFILE is the Cargo profile, `dev` unless it is set. Needs Java, npm and Python, as `.ci/run` installs them.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${PROFILE:-dev}
options=("$@")
[ "${1:-}" != --small ] || options=(--callers 30 --interval-ms 1000)

# The whole workspace: `-p` would select other features of the dependencies and compile them again.
cargo build --quiet --profile "$profile" --workspace --bins --examples
# Cargo writes the profile `dev` to the folder `debug`.
folder=${CARGO_TARGET_DIR:-target}/${profile/%dev/debug}
"$folder/examples/cloud_day" --binaries "$folder" "${options[@]}"
