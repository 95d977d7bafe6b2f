#!/usr/bin/env python3
"""Signs the sample events in events/ and examples/*/events/: the carrier's X-Twilio-Signature, and SQS's md5OfBody.

    scripts/sign_events.py            writes both into every event that has the field
    scripts/sign_events.py --check    lists the events with a wrong value, and exits with 1 if there are any

The auth token has 32 characters, the fewest that a function accepts. An event named "bad-signature" keeps its signature, and --check
verifies that the signature is invalid. The rule is voice-webhooks.md section 2: the URL, then name and value of each
form field sorted by name, HMAC-SHA1, Base64.
"""

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path
from urllib.parse import parse_qsl

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
ROOT = Path(__file__).resolve().parent.parent
FOLDERS = [ROOT / "events", *sorted(ROOT.glob("examples/*/events"))]
SIGNATURE = "x-twilio-signature"
MD5 = "md5OfBody"


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print(__doc__)
        return 2
    faults = 0
    for path in sorted(path for folder in FOLDERS for path in folder.glob("*.json")):
        event = json.loads(path.read_text())
        faults += signed_by_mistake(path, event)
        if not fill(event, path):
            continue
        if check:
            faults += 1
            print(f"{path.name}: wrong signature or MD5; run scripts/sign_events.py")
        else:
            path.write_text(json.dumps(event, indent=2, ensure_ascii=False) + "\n")
            print(f"{path.name}: written")
    if not faults:
        print("every event is signed correctly")
    return 1 if faults else 0


def fill(event: dict, path: Path) -> bool:
    """Fills in the computed fields. True if the event changed."""
    before = json.dumps(event)
    if SIGNATURE in event.get("headers", {}) and not is_meant_to_fail(path):
        event["headers"][SIGNATURE] = signature_of(event)
    for record in event.get("Records", []):
        if MD5 in record:
            record[MD5] = hashlib.md5(record["body"].encode()).hexdigest()
    return json.dumps(event) != before


def signed_by_mistake(path: Path, event: dict) -> bool:
    mistaken = is_meant_to_fail(path) and hmac.compare_digest(event["headers"][SIGNATURE], signature_of(event))
    if mistaken:
        print(f"{path.name}: expected an invalid signature, got a valid one")
    return mistaken


def is_meant_to_fail(path: Path) -> bool:
    return path.name.split(".")[1] == "bad-signature"


def signature_of(event: dict) -> str:
    """The signature of an API Gateway request (payload format 2.0)."""
    url = f"https://{event['requestContext']['domainName']}{event['rawPath']}"
    if event["rawQueryString"]:
        url += "?" + event["rawQueryString"]
    body = event.get("body", "")
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    # A set: a duplicate field with the same value counts once.
    fields = sorted(set(parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body))))
    signed = url + "".join(name + value for name, value in fields)
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()


if __name__ == "__main__":
    sys.exit(main())
