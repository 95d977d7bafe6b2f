#!/usr/bin/env bash
# Runs `sam` at the version this project is built with. Installs it into .venv in the project first if it is missing:
#
#   scripts/sam.sh validate --lint
#   scripts/sam.sh build
#
# Installs cargo-lambda, too, which `sam build` needs. On Linux it builds with plain Cargo for this machine's processor. For
# another processor (`--parameter-overrides Architecture=arm64`, or in samconfig.toml), and on macOS, it builds with zig,
# which is installed then: a compiler and linker for Linux.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
sam_version=1.170.0
cargo_lambda_version=1.9.2
zig_version=0.13.0
tools="$root/.venv/sam-$sam_version-$cargo_lambda_version"

# Marked as complete only at the end: an interrupted installation is repeated.
if [ ! -f "$tools/complete" ]; then
  echo "installing aws-sam-cli $sam_version and cargo-lambda $cargo_lambda_version into ${tools#"$root"/}" >&2
  python3 -m venv --clear "$tools"
  pip=("$tools/bin/python" -m pip --quiet --disable-pip-version-check install)
  "${pip[@]}" "aws-sam-cli==$sam_version" >&2
  # Without its dependency zig, a few hundred megabytes, which only builds for another system or processor need.
  "${pip[@]}" --no-deps "cargo-lambda==$cargo_lambda_version" >&2
  touch "$tools/complete"
fi

export PATH="$tools/bin:$PATH"
cd "$root"
processor=x86_64
[[ "$* $(<samconfig.toml)" != *Architecture=arm64* ]] || processor=aarch64

# Makes cargo-lambda build with zig, and installs what that needs.
use_zig() {
  export CARGO_LAMBDA_COMPILER=cargo-zigbuild
  [ -f "$tools/zig" ] || {
    echo "installing zig $zig_version into ${tools#"$root"/}" >&2
    "$tools/bin/python" -m pip --quiet --disable-pip-version-check install "ziglang==$zig_version" >&2
    touch "$tools/zig"
  }
  rustup target list --installed | grep -q "^$processor-unknown-linux-gnu$" ||
    rustup target add "$processor-unknown-linux-gnu"
}

# A release on this system for this processor needs plain Cargo alone.
case "${CARGO_LAMBDA_COMPILER:-} $(uname -s) $(uname -m)" in
  " Linux $processor") export CARGO_LAMBDA_COMPILER=cargo ;;
  " "*) [ "${1:-}" != build ] || use_zig ;;
esac
export SAM_CLI_TELEMETRY=0
# Validating and building require a region and do not use it; deploying uses yours.
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-${AWS_REGION:-eu-central-1}}"

# sam builds one function after the other, and linking one keeps a single core busy for two minutes. Building all in one
# command uses all cores, and sam then finds every binary built.
build_all() {
  local binary options=(--release)
  [ "$processor" != aarch64 ] || options+=(--arm64)
  # Without `mapfile`: macOS has an old bash. Several functions may have one program.
  for binary in $(sed -n 's/^ *Binary: //p' template.yaml | sort -u); do
    options+=("--bin=$binary")
  done
  cargo lambda build "${options[@]}"
}

# Names the deployment in the built template, so that every function gets a new version, also when only the value of a
# parameter has changed.
name_release() {
  local template=.aws-sam/build/template.yaml commit=
  [ -f "$template" ] || return 0
  commit=$(git describe --always --dirty 2>/dev/null) || true
  sed -i.previous "s/^\( *RELEASE:\) .*/\1 ${commit:+$commit-}$(date -u +%Y%m%dT%H%M%SZ)/" "$template"
  rm "$template.previous"
}

case "${1:-}" in
  build) build_all ;;
  deploy) name_release ;;
esac
exec sam "$@"
