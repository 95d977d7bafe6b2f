#!/usr/bin/env bash
# Runs `sam` at the version this project is built with. Installs it into .venv in the project first if it is missing:
#
#   scripts/sam.sh validate --lint
#   scripts/sam.sh build
#
# Installs cargo-lambda, too, which `sam build` needs, and makes it build with plain Cargo.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
sam_version=1.170.0
cargo_lambda_version=1.9.2
tools="$root/.venv/sam-$sam_version-$cargo_lambda_version"

# Marked as complete only at the end: an interrupted installation is repeated.
if [ ! -f "$tools/complete" ]; then
  echo "installing aws-sam-cli $sam_version and cargo-lambda $cargo_lambda_version into ${tools#"$root"/}" >&2
  python3 -m venv --clear "$tools"
  pip=("$tools/bin/python" -m pip --quiet --disable-pip-version-check install)
  "${pip[@]}" "aws-sam-cli==$sam_version" >&2
  # Without its dependencies: zig, a few hundred megabytes, for targets that this project does not build for.
  "${pip[@]}" --no-deps "cargo-lambda==$cargo_lambda_version" >&2
  touch "$tools/complete"
fi

export PATH="$tools/bin:$PATH"
# Plain Cargo builds for this machine's processor; cargo-lambda's default, zig, is not installed.
export CARGO_LAMBDA_COMPILER="${CARGO_LAMBDA_COMPILER:-cargo}"
export SAM_CLI_TELEMETRY=0
# Validating and building require a region and do not use it; deploying uses yours.
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-${AWS_REGION:-eu-central-1}}"

# sam builds one function after the other, and linking one keeps a single core busy for two minutes. Building all in one
# command uses all cores, and sam then finds every binary built.
build_all() {
  local binaries options=(--release)
  [[ "$* $(<samconfig.toml)" != *Architecture=arm64* ]] || options+=(--arm64)
  mapfile -t binaries < <(sed -n 's/^ *Binary: //p' template.yaml)
  cargo lambda build "${options[@]}" "${binaries[@]/#/--bin=}"
}

cd "$root"
[ "${1:-}" != build ] || build_all "$@"
exec sam "$@"
