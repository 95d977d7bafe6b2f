//! Centres for tests and benchmarks, made with the engine's own types.

#![allow(dead_code, reason = "each test program uses a part of it")]

use capacity_simulation::Centre;
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, WorkerSid, WorkflowSid, WorkspaceSid};
use task_router::model::{
    Activity, Configuration, Filter, PartId, Target, TaskOrder, TaskQueue, Worker, Workflow,
    Workspace, WrapUp,
};

/// A centre with these TaskQueues (name and condition) and Workers (name and attributes). Its
/// Workflow has the filters (condition on Tasks and steps).
pub struct Parts<'a> {
    pub queues: &'a [(&'a str, &'a str)],
    pub workers: &'a [(String, &'a str)],
    pub filters: &'a [(&'a str, Vec<Step<'a>>)],
    /// The limit on wrap-up; `None`: there is no wrap-up.
    pub wrap_up_limit: Option<Millis>,
}

/// A step: TaskQueue, timeout, priority.
pub struct Step<'a> {
    pub queue: &'a str,
    pub timeout_secs: Option<u64>,
    pub priority: Option<u32>,
}

pub fn queue(name: &str) -> TaskQueueSid {
    TaskQueueSid::derive(&[name])
}

pub fn centre(parts: &Parts<'_>) -> Centre {
    let activity = |name: &str, available| Activity {
        sid: ActivitySid::derive(&[name]),
        friendly_name: name.to_owned(),
        available,
    };
    let offline = activity("Offline", false);
    let available = activity("Available", true);
    let wrap_up = activity("Wrap-Up", false);
    let sid = WorkspaceSid::derive(&["centre"]);
    let mut workspace = Workspace::new(sid, "centre", offline.sid);
    let post_work = parts.wrap_up_limit.map(|limit| {
        workspace.wrap_up = Some(WrapUp {
            activity_sid: wrap_up.sid,
            limit,
            next_activity_sid: available.sid,
        });
        wrap_up.sid
    });
    for channel in workspace.task_channels.values_mut() {
        channel.after_conversation = task_router::model::AfterConversation::Complete;
    }
    for activity in [offline.clone(), available, wrap_up] {
        workspace.activities.insert(activity.sid, activity);
    }
    for (name, condition) in parts.queues {
        let sid = queue(name);
        workspace.ledger.append(PartId::TaskQueue(sid));
        workspace.task_queues.insert(
            sid,
            TaskQueue {
                sid,
                friendly_name: (*name).to_owned(),
                target_workers: Some(condition.parse().unwrap()),
                max_reserved_workers: 1,
                task_order: TaskOrder::Fifo,
                reservation_activity_sid: None,
                assignment_activity_sid: None,
            },
        );
    }
    let filters = parts.filters.iter().map(|(condition, steps)| Filter {
        filter_friendly_name: (*condition).to_owned(),
        expression: Some(condition.parse().unwrap()),
        targets: steps.iter().map(target).collect(),
    });
    let configuration = Configuration {
        filters: filters.collect(),
        default_filter: None,
        text: None,
    };
    let workflow = Workflow::new(WorkflowSid::derive(&["calls"]), "calls", configuration);
    let workflow_sid = workflow.sid;
    workspace.workflows.insert(workflow.sid, workflow);
    let worker = |(name, attributes): &(String, &str)| Worker {
        attributes: attributes.parse().unwrap(),
        ..Worker::new(
            WorkerSid::derive(&[name]),
            sid,
            name,
            offline.sid,
            Timestamp::from_millis(0),
        )
    };
    Centre {
        workers: parts.workers.iter().map(worker).collect(),
        workspace,
        workflow: workflow_sid,
        ring_timeout: Millis::from_secs(20),
        post_work_activity: post_work,
    }
}

fn target(step: &Step<'_>) -> Target {
    Target {
        timeout: step.timeout_secs.map(Millis::from_secs),
        priority: step.priority,
        ..Target::to(queue(step.queue))
    }
}

/// The centre of the benchmark: 100 agents, 40 with English, 30 with Hindi, 30 with both.
pub fn bench_centre() -> Centre {
    let skills = [
        (40, r#"{"languages":["en"]}"#),
        (30, r#"{"languages":["hi"]}"#),
        (30, r#"{"languages":["en","hi"]}"#),
    ];
    let mut workers = Vec::new();
    for (count, attributes) in skills {
        for _ in 0..count {
            workers.push((format!("agent {}", workers.len()), attributes));
        }
    }
    let step = |queue, timeout_secs, priority| Step {
        queue,
        timeout_secs,
        priority,
    };
    centre(&Parts {
        queues: &[
            ("English", r#"languages HAS "en""#),
            ("Hindi", r#"languages HAS "hi""#),
            ("Overflow", "1 == 1"),
        ],
        workers: &workers,
        filters: &[
            (
                "urgent == true",
                vec![
                    step("English", Some(30), Some(10)),
                    step("Overflow", Some(1_200), Some(20)),
                ],
            ),
            (
                r#"language == "en""#,
                vec![
                    step("English", Some(60), None),
                    step("Overflow", Some(1_200), Some(5)),
                ],
            ),
            (
                r#"language == "hi""#,
                vec![
                    step("Hindi", Some(60), None),
                    step("Overflow", Some(1_200), Some(5)),
                ],
            ),
        ],
        wrap_up_limit: Some(Millis::from_secs(600)),
    })
}
