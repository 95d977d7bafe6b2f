//! The core by itself: what each event does to Tasks and Workers, and what follows from it.

mod assigned_tasks;
mod capacity;
mod effects;
mod ending;
mod explain_agrees;
mod explain_task;
mod explain_worker;
mod instructions;
mod matching;
mod order;
mod outbound;
mod payloads;
mod presence;
mod release;
mod reservation;
mod targets;
mod told;
mod updates;
mod walk;
mod worker;
mod workflow;
mod workflow_changes;
mod world;
