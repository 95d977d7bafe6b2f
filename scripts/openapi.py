#!/usr/bin/env python3
"""Generates functions/api/openapi.json, the description of the API that is served at /openapi.json.

    scripts/openapi.py             writes the file
    scripts/openapi.py --check     fails unless the file is up to date

The description is the official document (tests/data/openapi) without its examples, and the additions of
functions/api/additions.json. Each path, parameter, body and response from there is marked with
`x-cordboard-addition: true`. Needs only Python's standard library.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OFFICIAL = ROOT / "tests/data/openapi/twilio_taskrouter_v1.json"
ADDITIONS = ROOT / "functions/api/additions.json"
GENERATED = ROOT / "functions/api/openapi.json"
METHODS = ("get", "post", "delete")
MARK = {"x-cordboard-addition": True}
# Members that a client does not need: the vendor's address, hints for its own tools, headers that only its servers send.
LEFT_OUT = {"servers", "tags", "x-twilio", "example", "examples"}
FOREIGN_HEADERS = ("X-Rate-Limit-", "Access-Control-")


def main() -> int:
    generated = text(served(json.loads(OFFICIAL.read_text()), json.loads(ADDITIONS.read_text())))
    if "--check" not in sys.argv[1:]:
        GENERATED.write_text(generated)
        return 0
    if GENERATED.read_text() != generated:
        print(f"{GENERATED.relative_to(ROOT)} is out of date: run {sys.argv[0]}", file=sys.stderr)
        return 1
    return 0


def served(official: dict, additions: dict) -> dict:
    """The official document with the additions."""
    document = without(official, LEFT_OUT)
    document["info"] = additions["info"]
    document["servers"] = [{"url": "/"}]
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                extend(item[method], method, additions["operations"])
    document["paths"] |= {path: marked(item) for path, item in additions["paths"].items()}
    for kind, parts in additions["components"].items():
        document["components"].setdefault(kind, {}).update({name: part | MARK for name, part in parts.items()})
    return document


def extend(operation: dict, method: str, additions: dict) -> None:
    """Adds our responses, bodies and parameters to an operation of the official document."""
    for name in ["all", method, operation["operationId"]]:
        addition = additions.get(name, {})
        operation["responses"] |= {status: {"$ref": ref} | MARK for status, ref in addition.get("responses", {}).items()}
        for kind, body in addition.get("bodies", {}).items():
            operation["requestBody"]["content"][kind] = body | MARK
        operation.setdefault("parameters", []).extend(parameter | MARK for parameter in addition.get("parameters", []))
    if any(parameter["name"] == "If-Match" for parameter in operation["parameters"]):
        operation["responses"]["412"] = {"$ref": additions["If-Match"]["responses"]["412"]} | MARK


def marked(item: dict) -> dict:
    return {method: operation | MARK for method, operation in item.items()}


def without(part, names: set):
    """A copy without the members of these names. Properties of schemas are kept, whatever their names."""
    if isinstance(part, list):
        return [without(each, names) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {}
    for name, value in part.items():
        if name == "properties":
            kept[name] = {each: without(schema, names) for each, schema in value.items()}
        elif name == "headers":
            kept[name] = {each: without(of, names) for each, of in value.items() if not each.startswith(FOREIGN_HEADERS)}
        elif name not in names:
            kept[name] = without(value, names)
    return kept


def text(document: dict) -> str:
    """The document as JSON with one line for each path and each component, so that a diff shows what changed."""
    lines = []
    for name, value in document.items():
        if name == "paths":
            lines.append(f'"paths":{{\n{members(value)}\n}}')
        elif name == "components":
            kinds = [f"{json.dumps(kind)}:{{\n{members(of)}\n}}" for kind, of in value.items()]
            lines.append('"components":{\n' + ",\n".join(kinds) + "\n}")
        else:
            lines.append(f"{json.dumps(name)}:{compact(value)}")
    return "{" + ",\n".join(lines) + "}\n"


def members(of: dict) -> str:
    return ",\n".join(f"{json.dumps(name)}:{compact(value)}" for name, value in of.items())


def compact(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
