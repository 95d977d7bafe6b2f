// A client of Cordboard's streams of Events by long poll: a browser's `EventSource` with credentials. Described in
// `../python/event_stream.py`.

import assert from "node:assert/strict";

// A server that is busy: the request is repeated after a pause.
const BUSY = [429, 503];
const ATTEMPTS_MAX = 6;
// Milliseconds; the longest pause before the second attempt, and before any.
const PAUSE = 1000;
const PAUSE_MAX = 60_000;

const { CORDBOARD_URL, ACCOUNT_SID, AUTH_TOKEN } = process.env;
const authorization = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString("base64")}`;

/** The Events of a Workspace, or of one of its Workers, after `lastEventId`, or from now on without it. */
export class EventStream {
  constructor(path, lastEventId, { get = fetch, sleep = (millis) => new Promise((done) => setTimeout(done, millis)) } = {}) {
    this.url = `${CORDBOARD_URL}/v1/Workspaces/${path}/EventStream`;
    this.lastEventId = lastEventId;
    this.get = get;
    this.sleep = sleep;
  }

  /** The Events since the previous call. Waits up to `wait` seconds for the first one. */
  async next(wait = 5) {
    const answer = await this.poll(wait);
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

  /** Repeats a request that a busy server refused. The random part keeps clients from returning together. */
  async poll(wait) {
    const cursor = this.lastEventId ? { "Last-Event-ID": this.lastEventId } : {};
    for (let attempt = 0; ; attempt++) {
      const answer = await this.get(`${this.url}?Wait=${wait}`, { headers: { authorization, ...cursor } });
      if (!BUSY.includes(answer.status) || attempt + 1 === ATTEMPTS_MAX) return answer;
      const longest = Math.min(PAUSE_MAX, PAUSE * 2 ** attempt);
      const asked = Number(answer.headers.get("Retry-After") ?? 0) * 1000;
      await this.sleep(Math.max(asked, longest * (0.5 + Math.random() / 2)));
    }
  }
}
