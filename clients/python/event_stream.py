"""A client of Cordboard's streams of Events, an addition to TaskRouter: what a browser's `EventSource` does, with credentials.

An answer brings what has happened and ends. The client comes again and says with `Last-Event-ID` where it stands; after a crash, too,
if it has kept that id. So it hears everything once.
"""

import json
import os
from dataclasses import dataclass, field

import requests


@dataclass(frozen=True)
class Message:
    """An Event: its SID, its type, and what the Events resource says of it."""

    id: str
    event: str
    data: dict


@dataclass
class EventStream:
    """Of a Workspace, or of one of its Workers."""

    path: str
    last_event_id: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def next(self, wait: int = 5) -> list[Message]:
        """What has happened since the last time; waits a few seconds for something to happen."""
        answer = self.session.get(
            os.environ["CORDBOARD_URL"] + f"/v1/Workspaces/{self.path}/EventStream",
            params={"Wait": wait},
            headers={"Last-Event-ID": self.last_event_id} if self.last_event_id else {},
            auth=(os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"]),
            timeout=30,
        )
        answer.raise_for_status()
        assert answer.headers["Content-Type"] == "text/event-stream"
        messages = []
        for block in answer.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            self.last_event_id = fields.get("id", self.last_event_id)
            if "data" in fields:
                messages.append(Message(fields["id"], fields["event"], json.loads(fields["data"])))
        return messages
