#!/usr/bin/env python3
"""Runs a command while Prism validates requests and responses against an official document.

    clients/with_prism.py proxy DOCUMENT COMMAND [ARGUMENT…]    as a proxy before CORDBOARD_URL, which it replaces
    clients/with_prism.py mock DOCUMENT COMMAND [ARGUMENT…]     as a carrier, at CARRIER_URL

The proxy answers 500 if a request or a response violates the document. The mock answers 422 if a request violates it,
which includes unknown fields of a form.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from form_names import FORM, checking_form_names
from with_server import STOP_SECONDS_MAX, free_port

PRISM = pathlib.Path(__file__).parent / "node_modules/.bin/prism"
START_SECONDS_MAX = 60


def main() -> int:
    if len(sys.argv) < 4 or sys.argv[1] not in ("proxy", "mock"):
        print(__doc__, file=sys.stderr)
        return 2
    kind, document, *command = sys.argv[1:]
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        description = spell_out(json.loads(pathlib.Path(document).read_text()))
        spelled_out = pathlib.Path(folder, "document.json")
        spelled_out.write_text(json.dumps(description))
        log = pathlib.Path(folder, "log")
        arguments = [PRISM, kind, "-h", "127.0.0.1", "-p", str(port), str(spelled_out)]
        if kind == "proxy":
            arguments += [os.environ["CORDBOARD_URL"], "--errors"]
        with log.open("w") as output:
            prism = subprocess.Popen(arguments, stdout=output, stderr=output)
        try:
            if not answers(url, prism):
                print(f"Prism did not start:\n{log.read_text()}", file=sys.stderr)
                return 1
            if kind == "proxy":
                return subprocess.run(command, env=os.environ | {"CORDBOARD_URL": url}).returncode
            with checking_form_names(description, url) as address:
                return subprocess.run(command, env=os.environ | {"CARRIER_URL": address}).returncode
        finally:
            prism.terminate()
            prism.wait(STOP_SECONDS_MAX)


def spell_out(document: dict) -> dict:
    """Makes explicit what Prism does not assume: arrays in forms repeat their key, which is OpenAPI's default."""
    bodies = [o.get("requestBody", {}) for item in document["paths"].values() for o in item.values() if isinstance(o, dict)]
    for form in (body["content"][FORM] for body in bodies if FORM in body.get("content", {})):
        fields = form["schema"].get("properties", {}).items()
        arrays = [name for name, field in fields if field.get("type") == "array"]
        form["encoding"] = {name: {"style": "form", "explode": True} for name in arrays}
    return document


def answers(url: str, process: subprocess.Popen) -> bool:
    deadline = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url)
        except urllib.error.HTTPError:
            return True
        except urllib.error.URLError:
            time.sleep(0.1)
    return False


if __name__ == "__main__":
    sys.exit(main())
