#!/usr/bin/env bash
# The capacity simulation beside SimPy and Ciw, one after the other on the same machine: calls a second on one core, then a
# year of 100 agents (52 weeks, 2.5 million calls) on all cores. Then the Erlang formulas, which must hold within 1 %. Needs
# Python 3 with venv.
#
#   scripts/simulate_bench.sh
set -euo pipefail
cd "$(dirname "$0")/.."

simpy=$(scripts/pypi_tool.sh simpy==4.1.2)
ciw=$(scripts/pypi_tool.sh ciw==3.2.7)
bench() {
  cargo bench --quiet -p capacity-simulation --bench calls -- "$@"
}
"$simpy/python" scripts/simulate_bench/simpy_week.py
"$ciw/python" scripts/simulate_bench/ciw_week.py
bench 4 1
bench 52 "$(nproc)"
cargo test --quiet --release -p capacity-simulation --test erlang
