// Events as they happen: who comes again hears each of them once, and each is an Event of the official document.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { EventStream } from "./event_stream.mjs";
import { operations, problems } from "./official.mjs";
import { newWorld } from "./world.mjs";

const PIECES_MAX = 20;
const ids = (messages) => messages.map(({ id }) => id);

let world;
before(async () => {
  world = await newWorld();
});

/** Everything up to this Event of a Task. */
async function heardUpTo(stream, type, taskSid) {
  const messages = [];
  const isThere = () => messages.some(({ event, data }) => event === type && data.event_data.task_sid === taskSid);
  for (let piece = 0; piece < PIECES_MAX && !isThere(); piece++) messages.push(...(await stream.next()));
  assert.ok(isThere(), `${type} of ${taskSid} was not heard`);
  for (const { id, event, data } of messages) {
    assert.deepEqual(problems(operations.get("FetchEvent"), 200, data), [], event);
    assert.deepEqual([id, event], [data.sid, data.event_type]);
  }
  return messages;
}

test("who broke off goes on behind the last Event they saw", async () => {
  const { workspace, workflow, newTask } = world;
  const stream = new EventStream(world.sid);
  await stream.next(0);
  const tasks = [];
  for (let number = 0; number < 3; number++) tasks.push(await newTask({ workflowSid: workflow }));
  const last = tasks.at(-1);
  await workspace.tasks(last).update({ assignmentStatus: "canceled" });
  const messages = await heardUpTo(stream, "task.canceled", last);
  assert.equal(new Set(ids(messages)).size, messages.length, "none comes twice");
  const created = messages.filter(({ event }) => event === "task.created").map(({ data }) => data.event_data.task_sid);
  assert.deepEqual(tasks.filter((task) => created.includes(task)), tasks);

  // A client that crashed after the second.
  const again = new EventStream(world.sid, messages[1].id);
  assert.deepEqual(ids(await heardUpTo(again, "task.canceled", last)), ids(messages.slice(2)));
});
