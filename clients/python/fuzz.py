#!/usr/bin/env python3
"""Asks the server at CORDBOARD_URL everything its description allows, and much that it forbids, with schemathesis.

No answer may be a server error, have a status, a content type or a shape that the description does not have, or come
without credentials. The description is the one the server serves, so it is held to the code as well. Runs twice: with
SIDs of what is there, and with invented ones. The seed is fixed: a run can be had again.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from recorder import client
from world import World

SEED = 1
EXAMPLES_PER_OPERATION = 6
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "ignored_auth",
    # Left out: `negative_data_rejection`, for TaskRouter takes any text for `false` and passes over what it does not
    # know; `positive_data_acceptance`, for the description does not say that a SID must name something.
)
# What would take away what the others ask for. The run with invented SIDs has them.
DESTRUCTIVE = "^Delete"
# An answer of a stream waits for something to happen, for as long as it is asked to: here it says what there is.
STREAMS_AT_ONCE = """
[[operations]]
include-operation-id-regex = '^Stream'
parameters = { "query.Wait" = 0 }
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        there = pathlib.Path(folder, "there.toml")
        there.write_text(config(World(client())) + STREAMS_AT_ONCE)
        invented = pathlib.Path(folder, "invented.toml")
        invented.write_text(STREAMS_AT_ONCE)
        return run(there, "coverage,fuzzing", "--exclude-operation-id-regex", DESTRUCTIVE) or run(invented, "coverage")


def run(config_file: pathlib.Path, phases: str, *more: str) -> int:
    url = os.environ["CORDBOARD_URL"]
    schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
    arguments = [
        *(schemathesis, "--config-file", config_file, "run", f"{url}/openapi.json", "--url", url),
        *("--auth", f"{os.environ['ACCOUNT_SID']}:{os.environ['AUTH_TOKEN']}", "--checks", ",".join(CHECKS)),
        *("--phases", phases, "--max-examples", str(EXAMPLES_PER_OPERATION), "--seed", str(SEED)),
        *("--generation-deterministic", "--warnings", "off", "--workers", "2", *more),
    ]
    return subprocess.run(arguments, cwd=config_file.parent).returncode


def config(world: World) -> str:
    """What the placeholders of paths stand for. `Sid` is another thing in each folder."""
    offer = world.offered()
    (event, *_) = world.until(world.workspace.events.list, "an Event")
    channel = world.workspace.task_channels("chat").fetch().sid
    worker_channel = world.workspace.workers(offer.worker_sid).worker_channels("chat").fetch().sid
    everywhere = {
        "WorkspaceSid": world.sid,
        "WorkerSid": offer.worker_sid,
        "TaskSid": offer.task_sid,
        "TaskQueueSid": world.queue,
        "WorkflowSid": world.workflow,
    }
    last = {
        "/v1/Workspaces": world.sid,
        "Activities": world.activities["Unavailable"],
        "TaskChannels": channel,
        "TaskQueues": world.queue,
        "Workflows": world.workflow,
        "Workers": offer.worker_sid,
        "Channels": worker_channel,
        "Tasks": offer.task_sid,
        "Reservations": offer.sid,
        "Events": event.sid,
    }
    lines = ["[parameters]", *(f'"path.{name}" = "{sid}"' for name, sid in everywhere.items())]
    for folder, sid in last.items():
        lines += ["[[operations]]", f"include-path-regex = '(^|/){folder}/\\{{Sid\\}}$'", f'parameters = {{ "path.Sid" = "{sid}" }}']
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
