"""A proxy before Prism's mock. It refuses form fields that the document does not have, which Prism ignores silently."""

import re
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"
FORWARDED_HEADERS = ("Authorization", "Content-Type")


@contextmanager
def checking_form_names(document: dict, upstream: str):
    """The URL of a proxy that forwards to `upstream` the requests whose fields the document has."""
    handler = type("Checking", (Checking,), {"document": document, "upstream": upstream})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class Checking(BaseHTTPRequestHandler):
    """Handles one request."""

    document: dict
    upstream: str

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        unknown = {name for name, _ in parse_qsl(body.decode(), keep_blank_values=True)} - self.known_names()
        status, text = (422, f'{{"message":"expected only fields of the document, got {sorted(unknown)}"}}'.encode()) if unknown else self.forward(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def known_names(self) -> set[str]:
        """The form fields of the operations with this path. An unknown path has none, and Prism refuses it."""
        path, names = urlsplit(self.path).path, set()
        for pattern, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}")), path):
                form = item.get("post", {}).get("requestBody", {}).get("content", {}).get(FORM, {})
                names |= set(form.get("schema", {}).get("properties", {}))
        return names

    def forward(self, body: bytes) -> tuple[int, bytes]:
        headers = {name: self.headers[name] for name in FORWARDED_HEADERS if name in self.headers}
        request = urllib.request.Request(self.upstream + self.path, body or None, headers, method=self.command)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def log_message(self, *_: object) -> None:
        """Logs nothing: the client reports the failure."""
