// Every operation of the official document, and one Task from its creation to its end.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { operations } from "./official.mjs";
import { EXERCISES } from "./operations.mjs";
import { newWorld, until } from "./world.mjs";

let world;
before(async () => {
  world = await newWorld();
});

test("every operation of the document is exercised", () => {
  assert.deepEqual(Object.keys(EXERCISES).sort(), [...operations.keys()].sort());
});

describe("the operation", () => {
  for (const [operation, exercise] of Object.entries(EXERCISES)) {
    test(operation, async () => {
      const before = world.httpClient.requested.length;
      await exercise(world);
      assert.ok(world.httpClient.requested.slice(before).includes(operation), `expected a request of ${operation}`);
    });
  }
});

test("a Task is offered, accepted and completed", async () => {
  const { workspace } = world;
  const queue = await world.newQueue({ targetWorkers: 'languages HAS "en"' });
  const task = workspace.tasks(await world.newTask({ workflowSid: await world.newWorkflow(queue) }));
  const worker = await world.newWorker("Available", { languages: ["en"] });
  const offer = await until(async () => (await task.reservations.list())[0], "an offer");
  assert.equal(offer.workerSid, worker);
  const reservation = task.reservations(offer.sid);
  assert.equal((await reservation.update({ reservationStatus: "accepted" })).reservationStatus, "accepted");
  assert.equal((await task.fetch()).assignmentStatus, "assigned");
  assert.equal((await task.update({ assignmentStatus: "completed" })).assignmentStatus, "completed");
});

test("a refusal is an error with status and code", async () => {
  const task = world.workspace.tasks(world.task);
  await assert.rejects(task.update({ ifMatch: '"77"', priority: 1 }), { status: 412, code: 20412 });
  await assert.rejects(task.update({ assignmentStatus: "completed" }), { status: 400, code: 20001 });
  await assert.rejects(world.workspace.workers("WK" + "0".repeat(32)).fetch(), { status: 404, code: 20404 });
});

test("a set-up script of the usual shape may run twice", async () => {
  const { workspace, queue } = world;
  const configuration = JSON.stringify({
    task_routing: {
      filters: [{ friendlyName: "Sales", expression: "type == 'sales'", targets: [{ task_queue_sid: queue, timeout: 30 }] }],
      default_filter: { queue, timeout: 60 },
    },
    version: 3,
  });
  const setUp = async () => {
    const [found] = await workspace.workflows.list({ friendlyName: "Calls" });
    return found ?? workspace.workflows.create({ friendlyName: "Calls", configuration });
  };
  const first = await setUp();
  assert.equal((await setUp()).sid, first.sid);
  assert.equal(first.configuration, configuration);
});
