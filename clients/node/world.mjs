// The official client library with another host and a recorder of its requests; and a Workspace with one resource of
// each kind.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import twilio from "twilio";
import { operationOf, problems } from "./official.mjs";

const TIMEOUT_MS = 20_000;
const POLL_EVERY_MS = 20;
let numbers = 0;

/** Sends every request to Cordboard, validates every response against the official document, and records the operation. */
class Recorder extends twilio.RequestClient {
  requested = [];

  async request(options) {
    const { pathname, search } = new URL(options.uri);
    const operation = operationOf(options.method, options.uri);
    assert.ok(operation, `expected an operation of the document, got ${options.method} ${pathname}`);
    const answer = await super.request({ ...options, uri: process.env.CORDBOARD_URL + pathname + search });
    if (answer.statusCode >= 400) return answer;
    assert.deepEqual(problems(operation, answer.statusCode, answer.body), [], operation.name);
    this.requested.push(operation.name);
    return answer;
  }
}

/** A unique name. */
export const unique = (name) => `${name} ${process.pid} ${++numbers}`;

/** Polls until `look` finds something. */
export async function until(look, awaited) {
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    const found = await look();
    if (found) return found;
    await pause(POLL_EVERY_MS);
  }
  throw new Error(`timeout, expected ${awaited}`);
}

/** A new Workspace with a TaskQueue, a Workflow, an offline Worker and a Task that no Worker can take. */
export async function newWorld() {
  const httpClient = new Recorder();
  const client = twilio(process.env.ACCOUNT_SID, process.env.AUTH_TOKEN, { httpClient });
  const { workspaces } = client.taskrouter.v1;
  const { sid } = await workspaces.create({ friendlyName: unique("Workspace") });
  const workspace = workspaces(sid);
  const activities = Object.fromEntries((await workspace.activities.list()).map((a) => [a.friendlyName, a.sid]));
  const world = { httpClient, workspaces, sid, workspace, activities, ...makers(workspace, activities) };
  world.queue = await world.newQueue();
  world.workflow = await world.newWorkflow(world.queue);
  world.worker = await world.newWorker("Offline");
  world.task = await world.newTask({ workflowSid: world.workflow });
  return world;
}

function makers(workspace, activities) {
  const makes = {
    newActivity: async () => (await workspace.activities.create({ friendlyName: unique("Activity") })).sid,
    newChannel: async () => {
      const uniqueName = unique("channel").replaceAll(" ", "_");
      return (await workspace.taskChannels.create({ friendlyName: "Channel", uniqueName })).sid;
    },
    newQueue: async (parameters) =>
      (await workspace.taskQueues.create({ friendlyName: unique("Queue"), targetWorkers: "nobody == true", ...parameters })).sid,
    newWorkflow: async (queue, parameters) => {
      const configuration = JSON.stringify({ task_routing: { filters: [], default_filter: { queue } } });
      return (await workspace.workflows.create({ friendlyName: unique("Workflow"), configuration, ...parameters })).sid;
    },
    newWorker: async (activity, attributes = {}) => {
      const named = { friendlyName: unique("Worker"), activitySid: activities[activity] };
      return (await workspace.workers.create({ ...named, attributes: JSON.stringify(attributes) })).sid;
    },
    newTask: async (parameters) => (await workspace.tasks.create({ attributes: "{}", ...parameters })).sid,
    offered: async (workflowSid) => {
      const routingTarget = await makes.newWorker("Available");
      const task = await makes.newTask({ workflowSid, routingTarget });
      const offers = await until(async () => {
        const found = await workspace.tasks(task).reservations.list();
        return found.length > 0 && found;
      }, "an offer to the only Worker");
      return offers[0];
    },
  };
  return makes;
}
