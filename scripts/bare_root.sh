#!/usr/bin/env bash
# Proves that an archive of scripts/package.py works on a bare Debian: unpacks it into the root of debian_root.sh,
# which has a C library and nothing else, no Rust and no compiler, starts it there, and lets a call go through, all within
# 10 s. Needs Debian or Ubuntu, and root.
#
#   scripts/bare_root.sh ARCHIVE
set -euo pipefail

readonly seconds_max=10
readonly port=9011

root=
server=

main() {
  local archive=$1 begun folder
  if [ "$(id -u)" -ne 0 ] || ! dpkg -L libc6 libgcc-s1 >/dev/null 2>&1; then
    echo "bare root: not tried, because it needs Debian's packages and root"
    return
  fi
  root=$(mktemp -d)
  trap finish EXIT
  "$(dirname "$0")/debian_root.sh" "$root"
  begun=$(date +%s%N)
  mkdir "$root/opt"
  tar -C "$root/opt" -xzf "$archive"
  folder=/opt/$(basename "$archive" .tar.gz)
  chroot "$root" "$folder/cordboard" serve --port "$port" --data /data --config "$folder/contact-centre.yaml" \
    >"$root/tmp/log" 2>&1 &
  server=$!
  until_ready
  chroot "$root" "$folder/cordboard" call --port "$port" --patience "$seconds_max" >"$root/tmp/call" 2>&1 ||
    fail "the call did not go through" "$root/tmp/call"
  local millis=$((($(date +%s%N) - begun) / 1000000))
  echo "bare root: $(tail -n 1 "$root/tmp/call") ($millis ms from the archive)"
  [ "$millis" -le $((seconds_max * 1000)) ] || fail "it took more than $seconds_max s" "$root/tmp/log"
}

until_ready() {
  for _ in $(seq $((seconds_max * 50))); do
    grep -q '^Place a call' "$root/tmp/log" && return
    kill -0 "$server" 2>/dev/null || fail "the server ended" "$root/tmp/log"
    sleep 0.02
  done
  fail "the server was not ready within $seconds_max s" "$root/tmp/log"
}

finish() {
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$root"
}

fail() {
  echo "bare root: $1:" >&2
  cat "$2" >&2
  exit 1
}

main "${1:?usage: $0 ARCHIVE}"
