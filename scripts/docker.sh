#!/usr/bin/env bash
# Builds the image of deploy/Dockerfile from an archive of scripts/package.py and lets a call go through in it. Needs a Docker
# engine; without one it prints a message and succeeds.
#
#   scripts/docker.sh ARCHIVE
set -euo pipefail
cd "$(dirname "$0")/.."

readonly image=cordboard:check
readonly base=gcr.io/distroless/cc-debian12:nonroot
readonly seconds_max=20

container=
folder=

main() {
  local archive=$1 engine
  if ! engine=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
    echo "image: no Docker engine is available, the image was not built."
    return
  fi
  echo "image: Docker engine $engine"
  folder=$(mktemp -d)
  trap finish EXIT
  tar -C "$folder" --strip-components 1 -xzf "$archive"
  docker build --quiet --file "$folder/deploy/Dockerfile" --build-arg BASE="$(base)" --tag "$image" "$folder" >/dev/null
  echo "image: $(docker image inspect --format '{{.Size}} bytes, user {{.Config.User}}' "$image")"
  refuses_without_credentials
  call_goes_through
}

# The base, or a substitute from this machine's files where it cannot be pulled.
base() {
  docker image inspect "$base" >/dev/null 2>&1 || docker pull --quiet "$base" >/dev/null 2>&1 && echo "$base" && return
  local root
  root=$(mktemp -d)
  scripts/debian_root.sh "$root"
  mkdir -p "$root"/{etc/ssl/certs,home/nonroot}
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
  chown 65532:65532 "$root/home/nonroot"
  tar -C "$root" -c . | docker import - cordboard-base:substitute >/dev/null
  rm -rf "$root"
  echo cordboard-base:substitute
}

refuses_without_credentials() {
  local answer
  answer=$(docker run --rm --network none "$image" 2>&1) && fail "it started without credentials"
  [[ $answer == *--public-url* ]] || fail "it does not say what to set: $answer"
}

call_goes_through() {
  container=$(docker run --detach --network none --env ACCOUNT_SID=AC00000000000000000000000000000001 \
    --env AUTH_TOKEN=0123456789abcdef0123456789abcdef --env PUBLIC_URL=http://localhost:9000 "$image")
  until_ready
  docker exec "$container" /usr/local/bin/cordboard call --patience "$seconds_max" | tail -n 1 | sed 's/^/image: /'
  docker exec "$container" /usr/local/bin/cordboard backup /home/nonroot/backup.sqlite --data /home/nonroot/data >/dev/null
  docker stop "$container" >/dev/null
  [ "$(docker inspect --format '{{.State.ExitCode}}' "$container")" -eq 0 ] || fail "it did not stop in time"
}

until_ready() {
  for _ in $(seq $((seconds_max * 10))); do
    docker logs "$container" 2>&1 | grep -q '^Place a call' && return
    sleep 0.1
  done
  fail "the server was not ready within $seconds_max s: $(docker logs "$container" 2>&1)"
}

finish() {
  [ -z "$container" ] || docker rm --force --volumes "$container" >/dev/null
  rm -rf "$folder"
}

fail() {
  echo "image: $1" >&2
  exit 1
}

main "${1:?usage: $0 ARCHIVE}"
