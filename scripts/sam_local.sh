#!/usr/bin/env bash
# Runs the functions in containers, as Lambda does, with `sam local start-lambda` and `sam local start-api`, and checks their
# responses. Needs a Docker engine, such as scripts/with_docker.sh starts; without one it prints a message and succeeds.
#
#   scripts/sam_local.sh
#   scripts/with_docker.sh scripts/sam_local.sh
#
# The containers reach no table and no Parameter Store. So this shows that each function starts, refuses a request without
# the carrier's signature, and apologises to a caller when the table is unavailable; tests/tests/lambda_binaries.rs runs the
# same binaries with a table and every file of events/.
set -euo pipefail
cd "$(dirname "$0")/.."

image=public.ecr.aws/lambda/provided:al2023-x86_64
template=.aws-sam/build/local.yaml
api_port=9010
lambda_port=9012
seconds_max=120
servers=()
# sam looks for samconfig.toml in the template's folder; ours is in the root.
options=(--template "$template" --config-file "$PWD/samconfig.toml" --skip-pull-image)

# Function, event, text that the response contains.
invocations='
  IncomingCall  incoming-call.first-ring        <Redirect
  FlowStep      flow-step.bad-signature         403
  EnqueueCall   enqueue-call.digit-one          <Redirect
  WaitMusic     wait-music.music                UklGR
  Assignment    assignment.bad-signature        403
  WorkerCall    worker-call.bad-signature       403
  QueueExit     queue-exit.bad-signature        403
  Routing       routing.not-a-timer             itemIdentifier
  Callbacks     callbacks.not-a-callback        itemIdentifier
  Api           api.no-credentials              401
  Console       console.forged-form             401
'

# Method, path, status, text that the response contains.
requests='
  GET   /incoming-call          200  <Response>
  POST  /incoming-call          403  Signature
  GET   /wait-music/music.wav   200  WAVE
  GET   /v1/Workspaces          401  20003
  GET   /console/sign-in        200  Sign in to Cordboard
'

main() {
  local engine
  if ! engine=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
    echo "sam local: no Docker engine is available, no function was run in a container."
    return
  fi
  echo "sam local: Docker engine $engine"
  docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" || build_substitute_image
  scripts/sam.sh build
  without_aws
  log_folder=$(mktemp -d)
  trap stop_servers EXIT
  # The first server builds the image that both run. A container of a function starts with its first event.
  serve start-lambda "$lambda_port"
  invoke_each
  serve start-api "$api_port"
  request_each
}

# The public image cannot always be pulled. A function is one binary that needs a C library and a few folders; sam adds the
# runtime interface emulator that starts it.
build_substitute_image() {
  echo "sam local: $image cannot be pulled; building a substitute from Debian packages"
  local folder root
  folder=$(mktemp -d)
  chmod 755 "$folder" # apt downloads as a user of its own
  root="$folder/root"
  mkdir -p "$root"/{bin,etc/ssl/certs,tmp,opt,var/task,var/runtime,var/rapid}
  (cd "$folder" && apt-get download -qq busybox-static libc6 libgcc-s1 && for package in *.deb; do dpkg -x "$package" root; done)
  for name in sh mv chmod cp rm ls cat mkdir env; do ln -sf busybox "$root/bin/$name"; done
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  chmod 1777 "$root/tmp"
  tar -C "$root" -c . | docker import --change 'ENTRYPOINT ["/var/rapid/aws-lambda-rie"]' --change 'WORKDIR /var/task' - "$image"
  rm -rf "$folder"
}

# The built template with substitutes for AWS: the auth token that the events are signed with, and an unavailable table.
without_aws() {
  sed '/^ *RUST_LOG: info$/{p;s/RUST_LOG: info/AUTH_TOKEN: "0123456789abcdef0123456789abcdef"/;p;s|AUTH_TOKEN: .*|AWS_ENDPOINT_URL_DYNAMODB: http://127.0.0.1:9|}' \
    .aws-sam/build/template.yaml >"$template"
  grep -q AUTH_TOKEN: "$template" || fail "the template has no RUST_LOG: info, after which the local settings are inserted"
}

# Starts `sam local start-lambda` or `start-api`, and waits until it answers.
serve() {
  local command=$1 port=$2
  scripts/sam.sh local "$command" "${options[@]}" --port "$port" --warm-containers LAZY >"$log_folder/$command" 2>&1 &
  servers+=($!)
  for _ in $(seq $((seconds_max * 5))); do
    curl --silent --output /dev/null "http://127.0.0.1:$port/" && return
    kill -0 "${servers[-1]}" 2>/dev/null || break
    sleep 0.2
  done
  fail "sam local $command does not answer:"$'\n'"$(tail -20 "$log_folder/$command")"
}

invoke_each() {
  local function event expected answer
  while read -r function event expected; do
    [ -n "$function" ] || continue
    answer=$(curl --silent --data-binary "@events/$event.json" \
      "http://127.0.0.1:$lambda_port/2015-03-31/functions/$function/invocations" | tr -d '\0')
    [[ $answer == *"$expected"* ]] ||
      fail "$event: expected $expected in the response, got:"$'\n'"${answer:0:2000}"$'\n'"$(tail -20 "$log_folder/start-lambda")"
    echo "sam local: $function answers events/$event.json"
  done <<<"$invocations"
}

request_each() {
  local method path status expected answer
  while read -r method path status expected; do
    [ -n "$method" ] || continue
    answer=$(curl --silent --request "$method" --write-out '\n%{http_code}' "http://127.0.0.1:$api_port$path" | tr -d '\0')
    [[ $answer == *$'\n'"$status" && $answer == *"$expected"* ]] ||
      fail "$method $path: expected $status and $expected, got:"$'\n'"${answer:0:2000}"$'\n'"$(tail -20 "$log_folder/start-api")"
    echo "sam local: $method $path is answered with $status"
  done <<<"$requests"
}

# On TERM sam removes its containers.
stop_servers() {
  [ ${#servers[@]} -eq 0 ] || kill -TERM "${servers[@]}" 2>/dev/null || true
  wait
  rm -rf "$log_folder"
}

fail() {
  echo "sam local: $1" >&2
  exit 1
}

main "$@"
