// A client of Cordboard's streams of Events by long poll: a browser's `EventSource` with credentials. Described in
// `../python/event_stream.py`.

import assert from "node:assert/strict";

const { CORDBOARD_URL, ACCOUNT_SID, AUTH_TOKEN } = process.env;
const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`;

/** The Events of a Workspace, or of one of its Workers, after `lastEventId`, or from now on without it. */
export class EventStream {
  constructor(path, lastEventId) {
    this.url = `${CORDBOARD_URL}/v1/Workspaces/${path}/EventStream`;
    this.lastEventId = lastEventId;
  }

  /** The Events since the previous call. Waits up to `wait` seconds for the first one. */
  async next(wait = 5) {
    const cursor = this.lastEventId ? { "Last-Event-ID": this.lastEventId } : {};
    const answer = await fetch(`${this.url}?Wait=${wait}`, { headers: { authorization, ...cursor } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    const messages = [];
    for (const block of (await answer.text()).split("\n\n")) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
      this.lastEventId = fields.id ?? this.lastEventId;
      if (fields.data) messages.push({ id: fields.id, event: fields.event, data: JSON.parse(fields.data) });
    }
    return messages;
  }
}
