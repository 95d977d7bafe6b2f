"""A client of Cordboard's streams of Events, an addition to TaskRouter: a browser's `EventSource` with credentials.

Each request is a long poll: the response has the new Events and ends. The client reconnects and sends its cursor in
`Last-Event-ID`; after a crash, too, if it has stored that id. So it receives every Event once.
"""

import json
import os
from dataclasses import dataclass, field

import requests


@dataclass(frozen=True)
class Message:
    """An Event: its SID, its type, and the JSON of the Events resource."""

    id: str
    event: str
    data: dict


@dataclass
class EventStream:
    """The stream of a Workspace, or of one of its Workers."""

    path: str
    last_event_id: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def next(self, wait: int = 5) -> list[Message]:
        """The Events since the previous call. Waits up to `wait` seconds for the first one."""
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
