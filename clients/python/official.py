"""The official API description, and strict validation of responses.

The document's schemas are lenient: no property is required and unknown ones are allowed. Its examples show every
property of every resource, so here each property is required and no other is allowed.
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
# Objects whose members differ between responses: the requested thresholds, the present priorities, the data of a type of
# Event.
FREE = ("split_by_wait_time", "tasks_by_priority", "event_data")
# Links of a TaskQueue that lead to the value of a property. Without a value there is no such link: in the document every
# link is a URI, and null is none.
LINKS_WITH_A_VALUE = {"assignment_activity", "reservation_activity"}


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    description: dict

    def matches(self, method: str, path: str) -> bool:
        pattern = re.sub(r"\{\w+\}", "[^/]+", self.path)
        return method.lower() == self.method and re.fullmatch(pattern, path) is not None

    def parameters(self) -> set[str]:
        """The names of all parameters of a request, except for those in the path."""
        named = {p["name"] for p in self.description["parameters"] if p["in"] != "path"} if "parameters" in self.description else set()
        form = self.description.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
        return named | set(form.get("schema", {}).get("properties", {}))

    def success(self) -> tuple[int, dict]:
        """The only documented status, and the description of its response."""
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
        """The operation of a request. Of two matching paths the one with fewer placeholders wins: `Workers/Statistics`."""
        path = urlsplit(url).path
        matching = [operation for operation in self.operations.values() if operation.matches(method, path)]
        return min(matching, key=lambda operation: operation.path.count("{"), default=None)

    def problems(self, operation: Operation, status: int, headers: dict, text: str) -> list[str]:
        """All differences between a response and the document."""
        expected, answer = operation.success()
        if status != expected:
            return [f"expected status {expected}, got {status}: {text}"]
        listed = {name.lower() for name in answer.get("headers", {})}
        missing = [] if "etag" not in listed or "etag" in {name.lower() for name in headers} else ["expected an ETag"]
        if "content" not in answer:
            return missing + ([f"expected no body, got: {text}"] if text else [])
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
        """The JSON Schema of a schema of the document. Every property that it names or that its examples show is required."""
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
            # An object whose properties the document does not describe: `links`, and the parts of statistics.
            shown = [set(example) for example in examples if isinstance(example, dict)]
            strict["required"] = sorted(set.intersection(*shown) - LINKS_WITH_A_VALUE)
        if schema.get("format") == "uri-map":
            strict["additionalProperties"] = {"type": "string", "format": "uri"}
        if "items" in schema:
            strict["items"] = self._strict(schema["items"], [i for e in examples if isinstance(e, list) for i in e])
        if schema.get("nullable"):
            return {"anyOf": [strict, {"type": "null"}]}
        return strict


@FORMATS.checks("date-time")
def is_date(value: object) -> bool:
    """The only pattern that client libraries parse."""
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None


@FORMATS.checks("uri")
def is_absolute(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme and urlsplit(value).netloc)
