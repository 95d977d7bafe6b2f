"""A client of Cordboard's streams of Events, an addition to TaskRouter: a browser's `EventSource` with credentials.

Each request is a long poll: the response has the new Events and ends. The client reconnects and sends its cursor in
`Last-Event-ID`; after a crash, too, if it has stored that id. So it receives every Event once.

A server that is busy refuses a request with 429 or 503. The client repeats it after a pause that grows with each refusal
and is never shorter than the `Retry-After` of the answer.
"""

import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

BUSY = (429, 503)
ATTEMPTS_MAX = 6
# Seconds; the longest pause before the second attempt, and before any.
PAUSE, PAUSE_MAX = 1.0, 60.0


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
    sleep: Callable[[float], None] = time.sleep

    def next(self, wait: int = 5) -> list[Message]:
        """The Events since the previous call. Waits up to `wait` seconds for the first one."""
        for attempt in range(ATTEMPTS_MAX):
            answer = self._poll(wait)
            if answer.status_code not in BUSY:
                break
            longest = min(PAUSE_MAX, PAUSE * 2**attempt)
            # The random part keeps clients that were refused together from returning together.
            self.sleep(max(float(answer.headers.get("Retry-After", 0)), random.uniform(longest / 2, longest)))
        answer.raise_for_status()
        assert answer.headers["Content-Type"] == "text/event-stream"
        messages = []
        for block in answer.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            self.last_event_id = fields.get("id", self.last_event_id)
            if "data" in fields:
                messages.append(Message(fields["id"], fields["event"], json.loads(fields["data"])))
        return messages

    def _poll(self, wait: int) -> requests.Response:
        return self.session.get(
            os.environ["CORDBOARD_URL"] + f"/v1/Workspaces/{self.path}/EventStream",
            params={"Wait": wait},
            headers={"Last-Event-ID": self.last_event_id} if self.last_event_id else {},
            auth=(os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"]),
            timeout=30,
        )
