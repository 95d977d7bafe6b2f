// Streams of Events: a client that reconnects receives each Event once, and each is an Event of the official document.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { EventStream } from "./event_stream.mjs";
import { operations, problems } from "./official.mjs";
import { newWorld } from "./world.mjs";

const POLLS_MAX = 20;
const ids = (messages) => messages.map(({ id }) => id);

let world;
before(async () => {
  world = await newWorld();
});

/** All messages up to this Event of a Task. */
async function receiveUntil(stream, type, taskSid) {
  const messages = [];
  const isReceived = () => messages.some(({ event, data }) => event === type && data.event_data.task_sid === taskSid);
  for (let poll = 0; poll < POLLS_MAX && !isReceived(); poll++) messages.push(...(await stream.next()));
  assert.ok(isReceived(), `expected ${type} of ${taskSid}`);
  for (const { id, event, data } of messages) {
    assert.deepEqual(problems(operations.get("FetchEvent"), 200, data), [], event);
    assert.deepEqual([id, event], [data.sid, data.event_type]);
  }
  return messages;
}

test("a client continues after its last Event", async () => {
  const { workspace, workflow, newTask } = world;
  const stream = new EventStream(world.sid);
  await stream.next(0);
  const tasks = [];
  for (let number = 0; number < 3; number++) tasks.push(await newTask({ workflowSid: workflow }));
  const last = tasks.at(-1);
  await workspace.tasks(last).update({ assignmentStatus: "canceled" });
  const messages = await receiveUntil(stream, "task.canceled", last);
  assert.equal(new Set(ids(messages)).size, messages.length, "expected no duplicate");
  const created = messages.filter(({ event }) => event === "task.created").map(({ data }) => data.event_data.task_sid);
  assert.deepEqual(tasks.filter((task) => created.includes(task)), tasks);

  // A client that crashed after the second message.
  const restarted = new EventStream(world.sid, messages[1].id);
  assert.deepEqual(ids(await receiveUntil(restarted, "task.canceled", last)), ids(messages.slice(2)));
});

test("a client backs off while the server is busy", async () => {
  const refusals = [[429, "0"], [503, "0"], [429, "7"]];
  const get = async () => {
    const [status, wait] = refusals.shift() ?? [200, "0"];
    return new Response("retry: 250\n\n", { status, headers: { "Retry-After": wait, "Content-Type": "text/event-stream" } });
  };
  const pauses = [];
  const sleep = async (millis) => pauses.push(millis);
  assert.deepEqual(await new EventStream(world.sid, undefined, { get, sleep }).next(0), []);
  assert.ok(pauses[0] >= 500 && pauses[0] <= 1000 && pauses[1] >= 1000 && pauses[1] <= 2000, `${pauses}`);
  assert.equal(pauses[2], 7000, "the server asked for more");
});
