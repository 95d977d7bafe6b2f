#!/usr/bin/env python3
"""Fuzzes the server at CORDBOARD_URL with schemathesis: valid requests of its API description, and invalid ones.

No response may be a server error, have an undocumented status, content type or schema, or be successful without
credentials. The description is the one the server serves, so it is checked against the code as well. Runs twice: with
the SIDs of existing resources, and with invented SIDs. The seed is fixed: a run can be replayed.
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
    # Left out: `negative_data_rejection`, because TaskRouter accepts any text as `false` and ignores unknown parameters;
    # `positive_data_acceptance`, because the description does not state that a SID must name an existing resource.
)
# Operations that would delete the resources of the others. The run with invented SIDs includes them.
DESTRUCTIVE = "^Delete"
# A stream waits for its first Event for as long as the request says. Here it answers at once.
STREAMS_WITHOUT_WAIT = """
[[operations]]
include-operation-id-regex = '^Stream'
parameters = { "query.Wait" = 0 }
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        existing = pathlib.Path(folder, "existing.toml")
        existing.write_text(config(World(client())) + STREAMS_WITHOUT_WAIT)
        invented = pathlib.Path(folder, "invented.toml")
        invented.write_text(STREAMS_WITHOUT_WAIT)
        return run(existing, "coverage,fuzzing", "--exclude-operation-id-regex", DESTRUCTIVE) or run(invented, "coverage")


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
    """The values of the placeholders in paths. `Sid` has another value for each kind of resource."""
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
