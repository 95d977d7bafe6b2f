#!/usr/bin/env bash
# Mutation test of the engine: changes one expression or function at a time and runs the engine's tests, which must fail. Prints
# the mutants that no test finds. All of the engine takes hours; name files for less.
#
#   scripts/mutants.sh                                                # the whole engine
#   scripts/mutants.sh crates/task-router/src/router/match_many.rs    # these files
#
# cargo-mutants is built once, into .venv in the project.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly VERSION=27.1.0

tool=.venv/cargo-mutants-$VERSION
[ -x "$tool/bin/cargo-mutants" ] || cargo install --quiet --locked --debug --root "$tool" --version "$VERSION" cargo-mutants

files=()
for file in "$@"; do
  files+=(--file "$file")
done
# The unit tests alone: the other programs test the same rules, and each would be linked for every mutant.
# No test needs debug information.
CARGO_PROFILE_DEV_DEBUG=false PATH=$PWD/$tool/bin:$PATH cargo mutants --package task-router --baseline skip --timeout 120 \
  --no-shuffle --iterate --output target "${files[@]}" -- --lib
