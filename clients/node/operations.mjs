// Every operation of the official document, through the official client, one line each.
//
// twilio 6.2.0 leaves the SID out of the objects it returns, so their `update` and `remove` cannot be called: every
// request starts at the Workspace.

import { unique, until } from "./world.mjs";

const minutes = { minutes: 5, splitByWaitTime: "5,30" };
const someEvent = async ({ workspace, task }) =>
  (await until(async () => (await workspace.events.list({ taskSid: task }))[0], "the Event of the Task's creation")).sid;

export const EXERCISES = {
  CreateWorkspace: ({ workspaces }) => workspaces.create({ friendlyName: unique("Created"), template: "FIFO" }),
  ListWorkspace: ({ workspaces }) => workspaces.list({ pageSize: 1 }),
  FetchWorkspace: ({ workspace }) => workspace.fetch(),
  UpdateWorkspace: ({ workspace }) => workspace.update({ eventsFilter: "task.created" }),
  DeleteWorkspace: async ({ workspaces }) =>
    workspaces((await workspaces.create({ friendlyName: unique("Deleted") })).sid).remove(),
  CreateActivity: ({ newActivity }) => newActivity(),
  ListActivity: ({ workspace }) => workspace.activities.list({ available: "true" }),
  FetchActivity: ({ workspace, activities }) => workspace.activities(activities.Offline).fetch(),
  UpdateActivity: async ({ workspace, newActivity }) =>
    workspace.activities(await newActivity()).update({ friendlyName: unique("Renamed") }),
  DeleteActivity: async ({ workspace, newActivity }) => workspace.activities(await newActivity()).remove(),
  CreateTaskChannel: ({ newChannel }) => newChannel(),
  ListTaskChannel: ({ workspace }) => workspace.taskChannels.list({ pageSize: 2 }),
  FetchTaskChannel: ({ workspace }) => workspace.taskChannels("voice").fetch(),
  UpdateTaskChannel: async ({ workspace, newChannel }) =>
    workspace.taskChannels(await newChannel()).update({ channelOptimizedRouting: true }),
  DeleteTaskChannel: async ({ workspace, newChannel }) => workspace.taskChannels(await newChannel()).remove(),
  CreateTaskQueue: ({ newQueue }) => newQueue({ taskOrder: "LIFO", maxReservedWorkers: 2 }),
  ListTaskQueue: ({ workspace }) => workspace.taskQueues.list({ evaluateWorkerAttributes: "{}" }),
  FetchTaskQueue: ({ workspace, queue }) => workspace.taskQueues(queue).fetch(),
  UpdateTaskQueue: async ({ workspace, newQueue }) =>
    workspace.taskQueues(await newQueue()).update({ targetWorkers: "level > 3" }),
  DeleteTaskQueue: async ({ workspace, newQueue }) => workspace.taskQueues(await newQueue()).remove(),
  CreateWorkflow: ({ newWorkflow, queue }) => newWorkflow(queue, { taskReservationTimeout: 30 }),
  ListWorkflow: ({ workspace }) => workspace.workflows.list(),
  FetchWorkflow: ({ workspace, workflow }) => workspace.workflows(workflow).fetch(),
  UpdateWorkflow: async ({ workspace, newWorkflow, queue }) =>
    workspace.workflows(await newWorkflow(queue)).update({ taskReservationTimeout: 45, reEvaluateTasks: "true" }),
  DeleteWorkflow: async ({ workspace, newWorkflow, queue }) => workspace.workflows(await newWorkflow(queue)).remove(),
  CreateWorker: ({ newWorker }) => newWorker("Unavailable", { level: 3 }),
  ListWorker: ({ workspace }) => workspace.workers.list({ targetWorkersExpression: "level == 3", pageSize: 1 }),
  FetchWorker: ({ workspace, worker }) => workspace.workers(worker).fetch(),
  UpdateWorker: async ({ workspace, newWorker }) =>
    workspace.workers(await newWorker("Offline")).update({ ifMatch: "*", attributes: '{"level":4}' }),
  DeleteWorker: async ({ workspace, newWorker }) => workspace.workers(await newWorker("Offline")).remove({ ifMatch: "*" }),
  ListWorkerChannel: ({ workspace, worker }) => workspace.workers(worker).workerChannels.list({ pageSize: 2 }),
  FetchWorkerChannel: ({ workspace, worker }) => workspace.workers(worker).workerChannels("voice").fetch(),
  UpdateWorkerChannel: async ({ workspace, newWorker }) =>
    workspace.workers(await newWorker("Offline")).workerChannels("chat").update({ capacity: 3, available: false }),
  ListWorkerReservation: async ({ workspace, offered, workflow }) =>
    workspace.workers((await offered(workflow)).workerSid).reservations.list({ reservationStatus: "pending" }),
  FetchWorkerReservation: async ({ workspace, offered, workflow }) => {
    const { workerSid, sid } = await offered(workflow);
    return workspace.workers(workerSid).reservations(sid).fetch();
  },
  UpdateWorkerReservation: async ({ workspace, offered, workflow, activities }) => {
    const { workerSid, sid } = await offered(workflow);
    const update = { ifMatch: "*", reservationStatus: "rejected", workerActivitySid: activities.Offline };
    return workspace.workers(workerSid).reservations(sid).update(update);
  },
  CreateTask: ({ newTask, workflow }) => newTask({ workflowSid: workflow, priority: 3, taskChannel: "chat" }),
  ListTask: ({ workspace }) => workspace.tasks.list({ assignmentStatus: ["pending", "reserved"], ordering: "Priority:desc" }),
  FetchTask: ({ workspace, task }) => workspace.tasks(task).fetch(),
  UpdateTask: async ({ workspace, newTask, workflow }) =>
    workspace.tasks(await newTask({ workflowSid: workflow })).update({ ifMatch: "*", priority: 9 }),
  DeleteTask: async ({ workspace, newTask, workflow }) =>
    workspace.tasks(await newTask({ workflowSid: workflow })).remove({ ifMatch: "*" }),
  ListTaskReservation: async ({ workspace, offered, workflow }) =>
    workspace.tasks((await offered(workflow)).taskSid).reservations.list(),
  FetchTaskReservation: async ({ workspace, offered, workflow }) => {
    const { taskSid, sid } = await offered(workflow);
    return workspace.tasks(taskSid).reservations(sid).fetch();
  },
  UpdateTaskReservation: async ({ workspace, offered, workflow }) => {
    const { taskSid, sid } = await offered(workflow);
    return workspace.tasks(taskSid).reservations(sid).update({ reservationStatus: "accepted" });
  },
  ListEvent: ({ workspace, workflow }) => workspace.events.list({ workflowSid: workflow, minutes: 5, pageSize: 2 }),
  FetchEvent: async (world) => world.workspace.events(await someEvent(world)).fetch(),
  CreateTaskQueueBulkRealTimeStatistics: ({ workspace, queue }) =>
    workspace.taskQueues.bulkRealTimeStatistics.create({ QueueSids: [queue] }),
  ListTaskQueuesStatistics: ({ workspace }) => workspace.taskQueues.statistics.list(minutes),
  FetchTaskQueueRealTimeStatistics: ({ workspace, queue }) => workspace.taskQueues(queue).realTimeStatistics().fetch(),
  FetchTaskQueueCumulativeStatistics: ({ workspace, queue }) =>
    workspace.taskQueues(queue).cumulativeStatistics().fetch(minutes),
  FetchTaskQueueStatistics: ({ workspace, queue }) => workspace.taskQueues(queue).statistics().fetch(minutes),
  FetchWorkflowRealTimeStatistics: ({ workspace, workflow }) => workspace.workflows(workflow).realTimeStatistics().fetch(),
  FetchWorkflowCumulativeStatistics: ({ workspace, workflow }) =>
    workspace.workflows(workflow).cumulativeStatistics().fetch(minutes),
  FetchWorkflowStatistics: ({ workspace, workflow }) => workspace.workflows(workflow).statistics().fetch(minutes),
  FetchWorkspaceRealTimeStatistics: ({ workspace }) => workspace.realTimeStatistics().fetch({ taskChannel: "voice" }),
  FetchWorkspaceCumulativeStatistics: ({ workspace }) => workspace.cumulativeStatistics().fetch(minutes),
  FetchWorkspaceStatistics: ({ workspace }) => workspace.statistics().fetch(minutes),
  FetchWorkersRealTimeStatistics: ({ workspace }) => workspace.workers.realTimeStatistics().fetch(),
  FetchWorkersCumulativeStatistics: ({ workspace }) => workspace.workers.cumulativeStatistics().fetch(),
  FetchWorkerStatistics: ({ workspace }) => workspace.workers.statistics().fetch(),
  FetchWorkerInstanceStatistics: ({ workspace, worker }) => workspace.workers(worker).statistics().fetch(),
};
