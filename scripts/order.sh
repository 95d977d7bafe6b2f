#!/usr/bin/env bash
# Load test for the order of Reservations, with the server build and its data on disk: 2.5, 9 and 40 Tasks a second in two
# priorities, ten Workers. Prints a table in Markdown. Fails when a Reservation passed over an earlier Task that had been
# pending for 250 ms.
#
#     scripts/order.sh [--minutes N] [--rate N] [--limits]
#
# --minutes: the duration of all rates together, five by default. --rate: only this rate. --limits: fails as well when a limit
# of speed does not hold; needs an otherwise idle machine. PROFILE is the Cargo profile of the server, `server` unless it is
# set.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
profile=${PROFILE:-server}
test_profile=${profile/%server/dev}
[ "$profile" = "$test_profile" ] || cargo build --quiet --profile "$profile" -p cordboard
# All binaries and examples: building one alone would select other features of its dependencies and compile them again.
cargo build --quiet --profile "$test_profile" --workspace --bins --examples

printf '%s, %s cores, %s, load average before: %s\n\n' "$(date -u +%F)" "$(nproc)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(cut -d ' ' -f 1 /proc/loadavg)"
# Cargo writes the profile `dev` to the folder `debug`.
CORDBOARD=$target/${profile/%dev/debug}/cordboard
export CORDBOARD RUST_LOG=${RUST_LOG:-error}
clients/with_server.py --on-disk "$target/${test_profile/%dev/debug}/examples/order" "$@"
