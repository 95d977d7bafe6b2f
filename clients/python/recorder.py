"""The official client library, with another host and somebody who looks on."""

import json
import os
from collections import defaultdict
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from official import Official, Operation


class Recorder(TwilioHttpClient):
    """Sends every request to Cordboard, holds every answer against the official document, and notes what was asked."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=30)
        self.base = base
        self.official = Official()
        self.asked: list[str] = []
        self.said: defaultdict[str, set[str]] = defaultdict(set)

    def request(self, method, url, params=None, data=None, headers=None, **rest):
        parts = urlsplit(url)
        here = f"{self.base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        answer = super().request(method, here, params, data, headers, **rest)
        operation = self.official.operation(method, url)
        assert operation, f"{method} {parts.path} is no operation of the document"
        named = {*(params or {}), *(data if isinstance(data, dict) else {}), *(headers or {})}
        self.said[operation.name] |= named | {name for name, _ in parse_qsl(parts.query)}
        if answer.status_code >= 400:
            self._check_refusal(operation, answer)
            return answer
        problems = self.official.problems(operation, answer.status_code, answer.headers, answer.text)
        assert not problems, f"{operation.name}: " + "; ".join(problems)
        self.asked.append(operation.name)
        return answer

    @contextmanager
    def exercising(self, operation: str):
        """What happens inside must ask for this operation, and be answered."""
        before = len(self.asked)
        yield
        assert operation in self.asked[before:], f"{operation} was not asked for, but {self.asked[before:]}"

    @staticmethod
    def _check_refusal(operation: Operation, answer) -> None:
        """The form that client libraries read (taskrouter.md section 1, "Errors")."""
        error = json.loads(answer.text)
        assert set(error) == {"code", "message", "more_info", "status"}, f"{operation.name}: {error}"
        assert error["status"] == answer.status_code, f"{operation.name}: {error}"
        assert error["more_info"].endswith(f"/{error['code']}"), f"{operation.name}: {error}"


def client() -> Client:
    """The client of the server that the environment names."""
    http_client = Recorder(os.environ["CORDBOARD_URL"])
    return Client(os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"], http_client=http_client)
