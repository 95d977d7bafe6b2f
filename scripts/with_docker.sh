#!/usr/bin/env bash
# Runs a command with a Docker engine: the one that answers already, or Debian's dockerd, started here and ended with the
# command. The engine started here needs no network and changes no firewall; its containers reach this machine only. Where
# neither is possible, it says why and runs the command without an engine.
#
#   scripts/with_docker.sh scripts/sam_local.sh
set -euo pipefail

readonly seconds_max=30

folder=
engine=

main() {
  if docker version >/dev/null 2>&1; then
    exec "$@"
  fi
  if ! command -v dockerd >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "docker: no engine answers, and dockerd with root is needed to start one (Debian: docker.io)."
    exec "$@"
  fi
  folder=$(mktemp -d)
  trap finish EXIT
  start
  "$@"
}

start() {
  dockerd --host "unix://$folder/docker.sock" --data-root "$folder/data" --exec-root "$folder/exec" \
    --pidfile "$folder/pid" --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
    >"$folder/log" 2>&1 &
  engine=$!
  for _ in $(seq $((seconds_max * 5))); do
    if DOCKER_HOST="unix://$folder/docker.sock" docker version >/dev/null 2>&1; then
      export DOCKER_HOST="unix://$folder/docker.sock"
      return
    fi
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.2
  done
  # A kernel without control groups, network bridges or overlays, as inside many containers.
  echo "docker: dockerd does not run here: $(tail -n 1 "$folder/log")"
}

finish() {
  kill -TERM "$engine" 2>/dev/null || true
  wait "$engine" 2>/dev/null || true
  rm -rf "$folder"
}

main "$@"
