"""In front of Prism's mock: refuses fields of forms that the document does not have. Prism drops them in silence."""

import re
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"
PASSED_ON = ("Authorization", "Content-Type")


@contextmanager
def checking_form_names(document: dict, behind: str):
    """An address that passes on to `behind` what names only fields that the document has."""
    handler = type("Checking", (Checking,), {"document": document, "behind": behind})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class Checking(BaseHTTPRequestHandler):
    """One request."""

    document: dict
    behind: str

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        unknown = {name for name, _ in parse_qsl(body.decode(), keep_blank_values=True)} - self.known_names()
        status, text = (422, f'{{"message":"no such fields: {sorted(unknown)}"}}'.encode()) if unknown else self.ask(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def known_names(self) -> set[str]:
        """The fields that the operations under this path have; a path the document does not have is Prism's to refuse."""
        path, names = urlsplit(self.path).path, set()
        for pattern, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}")), path):
                form = item.get("post", {}).get("requestBody", {}).get("content", {}).get(FORM, {})
                names |= set(form.get("schema", {}).get("properties", {}))
        return names

    def ask(self, body: bytes) -> tuple[int, bytes]:
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        request = urllib.request.Request(self.behind + self.path, body or None, headers, method=self.command)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def log_message(self, *_: object) -> None:
        """Says nothing: the client says what went wrong."""
