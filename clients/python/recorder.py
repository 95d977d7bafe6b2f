"""The official client library with another host and a recorder of its requests."""

import json
import os
from collections import defaultdict
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from official import Official, Operation


class Recorder(TwilioHttpClient):
    """Sends every request to Cordboard, validates every response against the official document, and records the request."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=30)
        self.base = base
        self.official = Official()
        self.requested: list[str] = []
        self.parameters: defaultdict[str, set[str]] = defaultdict(set)

    def request(self, method, url, params=None, data=None, headers=None, **rest):
        parts = urlsplit(url)
        local_url = f"{self.base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        answer = super().request(method, local_url, params, data, headers, **rest)
        operation = self.official.operation(method, url)
        assert operation, f"expected an operation of the document, got {method} {parts.path}"
        named = {*(params or {}), *(data if isinstance(data, dict) else {}), *(headers or {})}
        self.parameters[operation.name] |= named | {name for name, _ in parse_qsl(parts.query)}
        if answer.status_code >= 400:
            self._check_refusal(operation, answer)
            return answer
        problems = self.official.problems(operation, answer.status_code, answer.headers, answer.text)
        assert not problems, f"{operation.name}: " + "; ".join(problems)
        self.requested.append(operation.name)
        return answer

    @contextmanager
    def exercising(self, operation: str):
        """Asserts that the block requests this operation and that it succeeds."""
        before = len(self.requested)
        yield
        requested = self.requested[before:]
        assert operation in requested, f"expected a request of {operation}, got {requested}"

    @staticmethod
    def _check_refusal(operation: Operation, answer) -> None:
        """Asserts that an error has the form that client libraries parse (taskrouter.md section 1, "Errors")."""
        error = json.loads(answer.text)
        assert set(error) == {"code", "message", "more_info", "status"}, f"{operation.name}: {error}"
        assert error["status"] == answer.status_code, f"{operation.name}: {error}"
        assert error["more_info"].endswith(f"/{error['code']}"), f"{operation.name}: {error}"


def client() -> Client:
    """The client of the server that the environment names."""
    http_client = Recorder(os.environ["CORDBOARD_URL"])
    return Client(os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"], http_client=http_client)
