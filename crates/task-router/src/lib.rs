//! The routing engine: TaskRouter's semantics as pure functions.
//!
//! Reading order:
//!
//! 1. [`model`]: TaskRouter's nouns: Task, Reservation, Worker, Activity, TaskQueue, Workflow,
//!    TaskChannel, Workspace.
//! 2. [`router`]: a snapshot, a Command and `now` in; a Decision out.
//! 3. [`statistics`]: what is counted from Events, and how counts are merged.
//!
//! The engine has no IO, clock, randomness or AWS type: `clippy.toml` beside this crate forbids
//! them, and `Cargo.toml` has no dependency that offers them. `now` and SIDs are arguments.
//!
//! # Example
//!
//! A Workspace with one TaskQueue and one Worker. A Task is created and offered to the Worker, and
//! the Worker's answer is decided.
//!
//! ```
//! use ids::time::{Millis, Timestamp};
//! use ids::{
//!     ActivitySid, ReservationSid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid,
//! };
//! use task_router::model::{
//!     Activity, AssignmentStatus, Attributes, Configuration, ReservationStatus, Target,
//!     TaskChannelName, TaskOrder, TaskQueue, Worker, Workflow, Workspace,
//! };
//! use task_router::router::{
//!     Answer, Command, NewTask, Outcome, Snapshot, create_task, decide, queue_membership_of,
//! };
//!
//! // The configuration: one available Activity, one TaskQueue, one Workflow.
//! let available = Activity {
//!     sid: ActivitySid::derive(&["Available"]),
//!     friendly_name: "Available".to_owned(),
//!     available: true,
//! };
//! let english = TaskQueue {
//!     sid: TaskQueueSid::derive(&["English"]),
//!     friendly_name: "English".to_owned(),
//!     target_workers: Some(r#"languages HAS "en""#.parse()?),
//!     max_reserved_workers: 1,
//!     task_order: TaskOrder::Fifo,
//!     reservation_activity_sid: None,
//!     assignment_activity_sid: None,
//! };
//! let calls = Workflow::new(
//!     WorkflowSid::derive(&["Calls"]),
//!     "Calls",
//!     Configuration {
//!         filters: Vec::new(),
//!         default_filter: Some(Target::to(english.sid)),
//!         text: None,
//!     },
//! );
//! let sid = WorkspaceSid::derive(&["Help line"]);
//! let mut workspace = Workspace::new(sid, "Help line", available.sid);
//! workspace.activities.insert(available.sid, available);
//! workspace.task_queues.insert(english.sid, english);
//! workspace.workflows.insert(calls.sid, calls.clone());
//!
//! // A Worker, and the TaskQueues the Worker serves.
//! let now = Timestamp::from_millis(1_000_000);
//! let activity = workspace.default_activity_sid;
//! let mut maya = Worker::new(WorkerSid::derive(&["Maya"]), sid, "Maya", activity, now);
//! maya.attributes = r#"{"languages":["en"]}"#.parse()?;
//! maya.queue_membership = queue_membership_of(&workspace, &maya);
//!
//! // A Task; the Workflow decides its TaskQueue.
//! let task_sid = TaskSid::derive(&["first call"]);
//! let new = NewTask::new(task_sid, Attributes::default(), TaskChannelName::VOICE);
//! let task = create_task(&workspace, &calls, new, now)?;
//! assert_eq!(task.assignment_status, AssignmentStatus::Pending);
//!
//! // Matching: the Decision reserves the Worker for the Task.
//! let mut snapshot = Snapshot::new(&workspace).with_tasks([task]).with_workers([maya]);
//! snapshot.candidates_of = workspace.task_queues.keys().next().copied();
//! let reserved = decide(snapshot, &Command::Advance { task: task_sid }, now);
//! assert_eq!(reserved.outcome, Outcome::Changed);
//! let offer = reserved.tasks[0].reservations[0].clone();
//! assert_eq!(offer.status, ReservationStatus::Pending);
//!
//! // The answer: a Command over the versions that were written.
//! let snapshot = Snapshot::new(&workspace)
//!     .with_tasks(reserved.tasks)
//!     .with_workers(reserved.workers);
//! let accept = Command::Answered {
//!     task: task_sid,
//!     reservation: offer.sid,
//!     answer: Answer::Accept,
//! };
//! let accepted = decide(snapshot, &accept, now + Millis::from_secs(5));
//! assert_eq!(accepted.tasks[0].assignment_status, AssignmentStatus::Assigned);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod model;
pub mod router;
pub mod statistics;
