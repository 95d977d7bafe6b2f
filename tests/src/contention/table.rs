//! The table: a Workspace with TaskQueues and their free Workers, and the burst of Tasks. Both are written directly to DynamoDB Local, without added latency.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use ids::time::{Clock, Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
use runtime::SystemClock;
use serde_json::{Value, json};
use store::{Store, items, schema};
use task_router::model::{
    Activity, Configuration, Filter, Target, Task, TaskChannelName, TaskOrder, TaskQueue, Worker,
    Workflow, Workspace,
};
use task_router::router::{NewTask, create_task, queue_membership_of};

use super::Setting;
use crate::dynamodb_local::DynamoDbLocal;
use crate::lambda::lambda_json;

/// Writes in flight at once: enough to keep DynamoDB Local busy on a few cores.
const WRITES_IN_FLIGHT_MAX: usize = 16;
/// Items of one BatchWriteItem; the API's maximum.
const BATCH_ITEMS_MAX: usize = 25;

/// A new table with its Workspace and Workers.
pub struct Table {
    endpoint: String,
    name: String,
    workspace: Arc<Workspace>,
    workflow: WorkflowSid,
}

impl Table {
    /// Creates a table of this name at this address, with what the round needs.
    pub async fn create(endpoint: &str, name: &str, setting: &Setting) -> Self {
        let http = runtime::sdk_http::SdkHttp::new();
        let client = dynamodb_in_process::client_at(http, endpoint);
        schema::create_table(&client, name).await.unwrap();
        let store = Store::new(client, name);
        let workflow = WorkflowSid::derive(&[name]);
        let declared = workspace(name, workflow, setting.queues);
        let now = SystemClock.now();
        store.save_workspace(&declared, now).await.unwrap();
        let workers: Vec<Worker> = (0..setting.workers())
            .map(|number| worker(&declared, number, setting, now))
            .collect();
        // The first Worker of each TaskQueue registers its ready list, which the others share.
        let (first, others) = workers.split_at(setting.queues.min(workers.len()));
        create_workers(&store, first, &declared).await;
        let workspace = store
            .fresh_workspace(declared.sid, now)
            .await
            .unwrap()
            .unwrap();
        create_workers(&store, others, &workspace).await;
        Self {
            endpoint: endpoint.to_owned(),
            name: name.to_owned(),
            workspace,
            workflow,
        }
    }

    /// The requests that write this number of Tasks, spread over the TaskQueues: made beforehand,
    /// so that the measured time is that of the routing processes.
    pub fn tasks(&self, count: usize) -> Vec<String> {
        let puts: Vec<Value> = (0..count)
            .map(|number| {
                let task = items::of_task(&self.task(number), &self.workspace).unwrap();
                json!({"PutRequest": {"Item": lambda_json(&task)}})
            })
            .collect();
        puts.chunks(BATCH_ITEMS_MAX)
            .map(|puts| json!({"RequestItems": {&self.name: puts}}).to_string())
            .collect()
    }

    /// Sends these requests, several at once.
    pub async fn write(&self, batches: &[String]) {
        let writes = stream::iter(batches).map(|batch| async {
            let mut server = DynamoDbLocal::connect(&self.endpoint).await;
            let answer = server.ask("DynamoDB_20120810.BatchWriteItem", batch).await;
            assert_eq!(answer["UnprocessedItems"], json!({}));
        });
        writes
            .buffer_unordered(WRITES_IN_FLIGHT_MAX)
            .collect::<()>()
            .await;
    }

    fn task(&self, number: usize) -> Task {
        let team = number % self.workspace.task_queues.len();
        let attributes = json!({"team": team, "number": number}).to_string();
        let new = NewTask::new(
            TaskSid::derive(&[&self.name, &number.to_string()]),
            attributes.parse().unwrap(),
            TaskChannelName::DEFAULT,
        );
        let workflow = &self.workspace.workflows[&self.workflow];
        create_task(&self.workspace, workflow, new, SystemClock.now()).unwrap()
    }
}

async fn create_workers(store: &Store, workers: &[Worker], workspace: &Workspace) {
    let created = stream::iter(workers).map(|worker| async move {
        store.create_worker(worker, workspace).await.unwrap();
    });
    created
        .buffer_unordered(WRITES_IN_FLIGHT_MAX)
        .collect::<()>()
        .await;
}

/// A Workspace in which the Tasks and Workers of a team share a TaskQueue.
fn workspace(name: &str, workflow: WorkflowSid, queues: usize) -> Workspace {
    let sid = WorkspaceSid::derive(&[name]);
    let free = activity(sid);
    let queues: Vec<TaskQueue> = (0..queues).map(|team| task_queue(name, team)).collect();
    let steps = queues.iter().enumerate().map(|(team, queue)| Filter {
        filter_friendly_name: queue.friendly_name.clone(),
        expression: Some(format!("team == {team}").parse().unwrap()),
        targets: vec![Target::to(queue.sid)],
    });
    let configuration = Configuration {
        filters: steps.collect(),
        default_filter: None,
        text: None,
    };
    let activity = Activity {
        sid: free,
        friendly_name: "Free".to_owned(),
        available: true,
    };
    Workspace {
        activities: [(free, activity)].into(),
        workflows: [(workflow, Workflow::new(workflow, "By team", configuration))].into(),
        task_queues: queues.into_iter().map(|queue| (queue.sid, queue)).collect(),
        ..Workspace::new(sid, name, free)
    }
}

fn activity(workspace: WorkspaceSid) -> ActivitySid {
    ActivitySid::derive(&[&workspace.to_string(), "Free"])
}

fn task_queue(name: &str, team: usize) -> TaskQueue {
    TaskQueue {
        sid: TaskQueueSid::derive(&[name, &team.to_string()]),
        friendly_name: format!("Team {team}"),
        target_workers: Some(format!("team == {team}").parse().unwrap()),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    }
}

/// A free Worker. Each has been idle for a different time, as Workers are.
fn worker(workspace: &Workspace, number: usize, setting: &Setting, now: Timestamp) -> Worker {
    let name = format!("Worker {number}");
    let idle = Millis::from_millis((setting.workers() - number) as u64);
    let since = now - idle;
    let team = json!({"team": number % setting.queues});
    let worker = Worker {
        attributes: team.to_string().parse().unwrap(),
        ..Worker::new(
            WorkerSid::derive(&[&workspace.friendly_name, &name]),
            workspace.sid,
            name,
            activity(workspace.sid),
            since,
        )
    };
    Worker {
        queue_membership: queue_membership_of(workspace, &worker),
        ..worker
    }
}
