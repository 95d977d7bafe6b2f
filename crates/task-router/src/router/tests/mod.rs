//! Tests of the engine: what each Command does to Tasks and Workers, and which Effects follow.

mod assigned_tasks;
mod backfill;
mod capacity;
mod effects;
mod ending;
mod events;
mod explain_agrees;
mod explain_task;
mod explain_worker;
mod instructions;
mod match_many;
mod matching;
mod model;
mod order;
mod outbound;
mod payloads;
mod release;
mod reservation;
mod targets;
mod time_of_day;
mod updates;
mod worker;
mod worker_counts;
mod workflow;
mod workflow_changes;
mod world;
