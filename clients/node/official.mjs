// The official API description, and strict validation of responses: every property it names, and no other.
// `../python/official.py` explains why.

import { readFileSync } from "node:fs";
import Ajv from "ajv";

const DOCUMENT = new URL("../../tests/data/openapi/twilio_taskrouter_v1.json", import.meta.url);
const METHODS = ["get", "post", "delete"];
const KEPT = ["type", "enum", "pattern", "minLength", "maxLength", "format"];

const document = JSON.parse(readFileSync(DOCUMENT, "utf8"));
const ajv = new Ajv({ allErrors: true, strict: false, formats: formats() });

/** The operations by name, each with its method, path, and successful response. */
export const operations = new Map(
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => {
      const [[status, answer]] = Object.entries(item[method].responses);
      const content = answer.content?.["application/json"];
      const validate = content && ajv.compile(strict(content.schema));
      const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
      return [item[method].operationId, { name: item[method].operationId, method, path, pattern, status: Number(status), validate }];
    }),
  ),
);

/** The operation of a request. Of two matching paths the one with fewer placeholders wins: `Workers/Statistics`. */
export function operationOf(method, url) {
  const { pathname } = new URL(url);
  const placeholders = ({ path }) => path.split("{").length;
  const matching = [...operations.values()].filter((o) => o.method === method.toLowerCase() && o.pattern.test(pathname));
  return matching.sort((one, other) => placeholders(one) - placeholders(other))[0];
}

/** All differences between a response and the document. */
export function problems(operation, status, body) {
  if (status !== operation.status) return [`expected status ${operation.status}, got ${status}: ${JSON.stringify(body)}`];
  if (!operation.validate || operation.validate(body)) return [];
  return operation.validate.errors.map((error) => `${error.instancePath} ${error.message}`);
}

function strict(schema) {
  if (schema.$ref) schema = document.components.schemas[schema.$ref.split("/").pop()];
  const made = Object.fromEntries(KEPT.filter((key) => key in schema).map((key) => [key, schema[key]]));
  if (schema.properties) {
    made.properties = Object.fromEntries(Object.entries(schema.properties).map(([name, part]) => [name, strict(part)]));
    made.required = Object.keys(schema.properties);
    made.additionalProperties = false;
  }
  if (schema.items) made.items = strict(schema.items);
  return schema.nullable ? { anyOf: [made, { type: "null" }] } : made;
}

function formats() {
  const any = ["uri-map", "int64", "phone-number", "http-method", "currency"].map((name) => [name, true]);
  // The only pattern that client libraries parse.
  return Object.fromEntries([...any, ["date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/], ["uri", (text) => URL.canParse(text)]]);
}
