"""The official API description, and what it demands of an answer.

The document's schemas demand little: no property is required and unknown ones are allowed. Its examples show every
property of every resource, and so must we: here each property is required, and nothing else may be there.
"""

import json
import pathlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

DOCUMENT = pathlib.Path(__file__).parents[2] / "tests/data/openapi/twilio_taskrouter_v1.json"
METHODS = ("get", "post", "delete")
FORMATS = FormatChecker(formats=())
# Objects whose members are not the same in every answer: thresholds that were asked for, priorities there are, what a kind
# of Event tells.
FREE = ("split_by_wait_time", "tasks_by_priority", "event_data")


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    description: dict

    def fits(self, method: str, path: str) -> bool:
        pattern = re.sub(r"\{\w+\}", "[^/]+", self.path)
        return method.lower() == self.method and re.fullmatch(pattern, path) is not None

    def parameters(self) -> set[str]:
        """The names of everything a request may say, but for what the path says."""
        named = {p["name"] for p in self.description["parameters"] if p["in"] != "path"} if "parameters" in self.description else set()
        form = self.description.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
        return named | set(form.get("schema", {}).get("properties", {}))

    def success(self) -> tuple[int, dict]:
        """The one status the document has, and what it says of the answer."""
        ((status, answer),) = self.description["responses"].items()
        return int(status), answer


class Official:
    """The document."""

    def __init__(self) -> None:
        self.document = json.loads(DOCUMENT.read_text())
        paths = self.document["paths"].items()
        self.operations = {
            item[method]["operationId"]: Operation(item[method]["operationId"], method, path, item[method])
            for path, item in paths
            for method in METHODS
            if method in item
        }
        self.validators = {name: self._validator(operation) for name, operation in self.operations.items()}

    def operation(self, method: str, url: str) -> Operation | None:
        """The operation a request is one of. A path without placeholders comes before one with: `Workers/Statistics`."""
        path = urlsplit(url).path
        fitting = [operation for operation in self.operations.values() if operation.fits(method, path)]
        return min(fitting, key=lambda operation: operation.path.count("{"), default=None)

    def problems(self, operation: Operation, status: int, headers: dict, text: str) -> list[str]:
        """Everything in which an answer differs from the document."""
        expected, answer = operation.success()
        if status != expected:
            return [f"status {status}, not {expected}: {text}"]
        listed = {name.lower() for name in answer.get("headers", {})}
        missing = [] if "etag" not in listed or "etag" in {name.lower() for name in headers} else ["there is no ETag"]
        if "content" not in answer:
            return missing + ([f"a body: {text}"] if text else [])
        errors = self.validators[operation.name].iter_errors(json.loads(text))
        return missing + [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]

    def _validator(self, operation: Operation) -> Draft202012Validator | None:
        _, answer = operation.success()
        if "content" not in answer:
            return None
        content = answer["content"]["application/json"]
        examples = [example["value"] for example in content.get("examples", {}).values()]
        return Draft202012Validator(self._strict(content["schema"], examples), format_checker=FORMATS)

    def _strict(self, schema: dict, examples: list) -> dict:
        """A schema of the document as JSON Schema has it, with everything required that it names or its examples show."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        strict = {key: schema[key] for key in ("type", "enum", "pattern", "minLength", "maxLength", "format") if key in schema}
        if "properties" in schema:
            strict["properties"] = {
                name: self._strict(part, [e[name] for e in examples if isinstance(e, dict) and name in e and name not in FREE])
                for name, part in schema["properties"].items()
            }
            strict |= {"required": sorted(schema["properties"]), "additionalProperties": False}
        elif any(isinstance(example, dict) for example in examples):
            # An object the document says nothing about: `links`, and the parts of statistics.
            shown = [set(example) for example in examples if isinstance(example, dict)]
            strict["required"] = sorted(set.intersection(*shown))
        if "items" in schema:
            strict["items"] = self._strict(schema["items"], [i for e in examples if isinstance(e, list) for i in e])
        if schema.get("nullable"):
            return {"anyOf": [strict, {"type": "null"}]}
        return strict


@FORMATS.checks("date-time")
def is_date(value: object) -> bool:
    """Client libraries read this pattern and no other."""
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None


@FORMATS.checks("uri")
def is_absolute(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)
