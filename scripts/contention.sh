#!/usr/bin/env bash
# Contention of many routing processes on one TaskQueue, over AWS's DynamoDB Local with the latencies of DynamoDB added.
# Prints tables in Markdown, and fails when a limit is not kept. Needs an otherwise idle machine.
#
#   scripts/contention.sh                        # 1, 4, 12, 20 processes, the control, a burst of 500; three rounds
#   scripts/contention.sh --small                # what CI runs, less than a minute after the build
#   scripts/contention.sh --release [OPTION…]    # the same with the release build of routing
#   scripts/contention.sh --processes 1,20 --tasks 200 --rounds 5 --burst 500 --noise 10
#
# `--small` and options of the program replace the default ones. PROFILE is the Cargo profile, `dev` unless it is set.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${PROFILE:-dev}
function_profile=$profile
options=()
for option in "$@"; do
  case $option in
    --release) function_profile=release ;;
    # One round of few Tasks on a busy machine varies more than the middle of three. Without a matcher 20 processes lose five
    # transactions for each Reservation.
    --small) options+=(--processes 1,20 --tasks 150 --rounds 1 --noise 40 --share-of-control 50 --failed-transactions 60) ;;
    *) options+=("$option") ;;
  esac
done
[ ${#options[@]} -gt 0 ] || options=(--burst 500)

# The whole workspace: `-p` would select other features of the dependencies and compile them again.
cargo build --quiet --profile "$profile" --workspace --bins --examples
[ "$function_profile" = "$profile" ] || cargo build --quiet --profile "$function_profile" -p routing
target=${CARGO_TARGET_DIR:-target}
# Cargo writes the profile `dev` to the folder `debug`.
folder=${profile/%dev/debug}
function_folder=${function_profile/%dev/debug}

printf '%s, %s cores, %s, profile %s, load average before: %s\n\n' "$(date -u +%F)" "$(nproc)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$function_profile" "$(cut -d ' ' -f 1 /proc/loadavg)"
"$target/$folder/examples/contention" --routing "$target/$function_folder/routing" "${options[@]}"
