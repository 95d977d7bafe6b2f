"""An application as published programs for TaskRouter are built: one web server that answers the calls of a number, the
callbacks of a Workspace, and voicemail; and a client library whose host alone is changed."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

HOSTS = ("https://taskrouter.twilio.com", "https://api.twilio.com")


class OtherHost(TwilioHttpClient):
    """Sends every request to Cordboard."""

    def request(self, method, url, *args, **kwargs):
        for host in HOSTS:
            url = url.replace(host, os.environ["CORDBOARD_URL"])
        return super().request(method, url, *args, **kwargs)


def client() -> Client:
    return Client(os.environ["ACCOUNT_SID"], os.environ["AUTH_TOKEN"], http_client=OtherHost(timeout=30))


class Application:
    """The web server. Routes are functions from the form of a request to the body of the answer, by path; the forms that a
    path has received are kept. A request whose signature is invalid is answered with 403."""

    def __init__(self) -> None:
        self.routes: dict = {}
        self.received: dict[str, list[dict]] = {}
        self.refused: list[str] = []
        self.validator = RequestValidator(os.environ["AUTH_TOKEN"])
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def of_type(self, path: str, event_type: str) -> list[dict]:
        """The Events of a type that the path has received."""
        return [form for form in self.received.get(path, []) if form.get("EventType") == event_type]

    def answer(self, path: str, form: dict) -> str:
        self.received.setdefault(path, []).append(form)
        return self.routes.get(path, lambda _: "")(form)

    def _handler(application) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                form = dict(parse_qsl(body, keep_blank_values=True))
                signature = self.headers.get("X-Twilio-Signature", "")
                if not application.validator.validate(application.url + self.path, form, signature):
                    application.refused.append(self.path)
                    return self._reply(403, "")
                self._reply(200, application.answer(urlsplit(self.path).path, form))

            def _reply(self, status: int, body: str) -> None:
                self.send_response(status)
                kind = "text/xml" if body.startswith("<") else "application/json"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_) -> None:
                """The tests print what matters."""

        return Handler


def attributes_of(form: dict) -> dict:
    """The Task's attributes in an Event."""
    return json.loads(form["TaskAttributes"])
