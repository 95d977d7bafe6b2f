//! The configuration of a run: a small contact centre with short timeouts, so that a few minutes
//! cover a lot.

use std::fmt::Write;

use config::ContactCentre;
use ids::{AccountSid, ActivitySid, TaskQueueSid};
use task_router::model::{RoutingTarget, Step, Task, Worker, Workspace};

use crate::web::CUSTOMER;
use crate::world::World;

/// The centre's phone number.
pub const NUMBER: &str = "+17075550183";

/// The auth token of every party.
pub const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The Workers that a configuration can declare.
const WORKERS: [&str; 5] = ["Maya", "Arjun", "Leela", "Nora", "Omar"];

/// Of this many seeds in a row, the last one has voice flows.
const SEEDS_PER_FLOW: u64 = 4;

/// The voice flows of a run: the same choices as in the menu, a tag that can be lost and repeated, and
/// what follows after the queue.
const FLOWS: &str = r#"
numbers: { "+17075550183": main }
flows:
  main:
    - menu:
        say: Press 1 or 2.
        timeout: 4s
        attempts: 2
        keys:
          1: { language: en, then: calls }
          2: { language: hi, then: calls }
        on_no_input: calls
  calls:
    - tag: call
    - queue:
        wait: { announce: [Please wait.], every: 15s }
        on_timeout: [say: Nobody is free.]
    - say: Goodbye.
"#;

/// The variable part of the configuration file.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// The declared Workers.
    pub workers: Vec<Declared>,
    /// URL of the assignment callback.
    pub callback: String,
    /// Whether the Workspace has an event callback.
    pub has_event_callback: bool,
    /// Whether the Workflow has a fallback assignment callback.
    pub fallback: bool,
    /// Timeout of a Reservation, in seconds.
    pub reservation_timeout: u64,
    /// `max_reserved_workers` of the queue English.
    pub at_once: u64,
    /// The condition of the first step of a call in English.
    pub first_step: FirstStep,
    /// Whether the queue Hindi is LIFO.
    pub lifo: bool,
    /// Timeouts of the three steps of a call in English, in seconds; each at most
    /// [`STEP_SECS_MAX`].
    pub steps: [u64; 3],
    /// `re_evaluate_tasks` of the Workflow.
    pub re_evaluates: bool,
    /// Whether callers are in a voice flow instead of the menu. It stays the same throughout a run.
    pub has_flows: bool,
}

/// The condition of the first step of a call in English. It stays the same throughout a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstStep {
    /// A Worker with experience.
    Experience,
    /// A Worker with experience, unless no Worker of the queue is available.
    ExperienceOrSkip,
    /// The Worker whose name is the Task's attribute `agent`.
    Agent,
    /// Any Worker; the one with the fewest accepted Tasks first.
    LeastBusy,
}

/// Longest timeouts of the steps of a call in English, in seconds, for every edit of the Workflow.
const STEP_SECS_MAX: [u64; 3] = [25, 40, 60];

/// A Worker as declared in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Index into [`WORKERS`].
    pub worker: usize,
    /// Whether the Worker speaks English.
    pub english: bool,
    /// Whether the Worker speaks Hindi.
    pub hindi: bool,
    /// Capacity in the channel voice.
    pub capacity: u64,
    /// Experience, which a step of the Workflow compares.
    pub level: u64,
}

impl Configuration {
    /// A random initial configuration.
    pub fn roll(world: &World) -> Self {
        let count = world.number(1, 4);
        let workers = (0..count)
            .map(|worker| Declared::roll(world, usize::try_from(worker).unwrap_or_default()))
            .collect();
        Self {
            workers,
            callback: if world.happens(0.5) {
                "/assignment".to_owned()
            } else {
                format!("{CUSTOMER}/assignment")
            },
            fallback: world.happens(0.5),
            has_event_callback: world.happens(0.25),
            reservation_timeout: world.number(5, 30),
            at_once: world.number(1, 3),
            first_step: FirstStep::roll(world),
            lifo: world.happens(0.3),
            steps: roll_steps(world),
            re_evaluates: world.happens(0.5),
            // No random choice, so that the other seeds play the same runs as without flows.
            has_flows: world.seed() % SEEDS_PER_FLOW == SEEDS_PER_FLOW - 1,
        }
    }

    /// The configuration with one random edit. `max_reserved_workers` is never edited, because an
    /// invariant checks it.
    pub fn edited(&self, world: &World) -> Self {
        let mut edited = self.clone();
        match world.number(0, 6) {
            0 => {
                let worker =
                    usize::try_from(world.number(0, WORKERS.len() as u64 - 1)).unwrap_or_default();
                let count = edited.workers.len();
                edited.workers.retain(|declared| declared.worker != worker);
                if edited.workers.len() == count || edited.workers.is_empty() {
                    edited.workers.push(Declared::roll(world, worker));
                }
            }
            1 | 2 => {
                let index = world.choose(0..edited.workers.len()).unwrap_or_default();
                if let Some(declared) = edited.workers.get_mut(index) {
                    *declared = Declared::roll(world, declared.worker);
                }
            }
            3 | 4 => {
                edited.steps = roll_steps(world);
                edited.re_evaluates = world.happens(0.5);
            }
            5 => edited.reservation_timeout = world.number(5, 30),
            _ => edited.fallback = !edited.fallback,
        }
        edited
    }

    /// The configuration, read from the text of its file as the program reads it.
    ///
    /// # Errors
    /// The problems of the file; a generated file has none.
    pub fn read(&self, account: AccountSid) -> Result<ContactCentre, String> {
        let read = config::read(&self.text(), "contact-centre.yaml", account);
        read.map_err(|problems| {
            problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        })
    }

    fn text(&self) -> String {
        let fallback = if self.fallback {
            "\n    fallback_assignment_callback: /assignment"
        } else {
            ""
        };
        let events = if self.has_event_callback {
            format!("\n  event_callback: {CUSTOMER}/events")
        } else {
            String::new()
        };
        let order = if self.lifo { "LIFO" } else { "FIFO" };
        let first_step = self.first_step.text();
        let [first, second, third] = self.steps;
        let flows = if self.has_flows { FLOWS } else { "" };
        let mut workers = String::new();
        for declared in &self.workers {
            // Writing to a String cannot fail.
            let _ = write!(workers, "{}", declared.text());
        }
        format!(
            r#"
phone_number: "{NUMBER}"
workflow: Calls
worker_ring_timeout: 12s
menu:
  languages:
    - {{ key: 1, selected_language: en, language: en-US, voice: Polly.Joanna }}
    - {{ key: 2, selected_language: hi, language: hi-IN, voice: Polly.Aditi }}
  gather_timeout_secs: 4
  attempts_max: 2
  on_no_input: {{ choose: en }}
  on_wrong_key: hang_up
  voicemail: {{ max_length_secs: 10 }}
workspace:
  name: Simulated
  activities:
    - {{ name: Offline, available: false }}
    - {{ name: Available, available: true }}
    - {{ name: Wrap-Up, available: false }}
  default_activity: Offline
  timeout_activity: Offline{events}
  wrap_up: {{ activity: Wrap-Up, limit: 6s, next: Available }}
workers:{workers}
task_queues:
  - {{ name: English, target_workers: 'languages HAS "en"', max_reserved_workers: {} }}
  - {{ name: Hindi, target_workers: 'languages HAS "hi"', max_reserved_workers: 1, task_order: {order} }}
  - {{ name: Anybody, target_workers: 'level >= 0', max_reserved_workers: 1 }}
workflows:
  - name: Calls
    reservation_timeout: {}s
    assignment_callback: {}{fallback}
    re_evaluate_tasks: {}
    filters:
      - name: English
        expression: selected_language == "en"
        targets:
          - {{ queue: English, {first_step}, timeout: {first}s }}
          - {{ queue: English, priority: 5, timeout: {second}s }}
          - {{ queue: Anybody, timeout: {third}s }}
    default_filter: {{ queue: Hindi }}
{flows}"#,
            self.at_once, self.reservation_timeout, self.callback, self.re_evaluates
        )
    }
}

impl FirstStep {
    fn roll(world: &World) -> Self {
        world
            .choose([
                Self::Experience,
                Self::Experience,
                Self::ExperienceOrSkip,
                Self::Agent,
                Self::LeastBusy,
            ])
            .unwrap_or(Self::Experience)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Experience => "expression: worker.level >= 2",
            Self::ExperienceOrSkip => {
                "expression: worker.level >= 2, skip_if: workers.available == 0"
            }
            Self::Agent => "known_worker_friendly_name: task.agent",
            Self::LeastBusy => "order_by: worker.channel.voice.assigned_tasks ASC",
        }
    }
}

fn roll_steps(world: &World) -> [u64; 3] {
    STEP_SECS_MAX.map(|max| world.number(max / 2, max))
}

impl Declared {
    fn roll(world: &World, worker: usize) -> Self {
        let english = world.happens(0.7);
        Self {
            worker,
            english,
            hindi: !english || world.happens(0.3),
            capacity: world.number(1, 2),
            level: world.number(0, 3),
        }
    }

    fn text(&self) -> String {
        let mut languages = Vec::new();
        if self.english {
            languages.push("\"en\"");
        }
        if self.hindi {
            languages.push("\"hi\"");
        }
        let name = WORKERS.get(self.worker).copied().unwrap_or("Unknown");
        let phone = phone(self.worker);
        format!(
            "\n  - name: {name}\n    attributes: {{\"languages\":[{}],\"level\":{},\"contact_uri\":\"{phone}\"}}\n    \
             activity: Available\n    capacity: {{ voice: {} }}",
            languages.join(","),
            self.level,
            self.capacity
        )
    }
}

fn phone(worker: usize) -> String {
    format!("+1707555020{worker}")
}

/// The Workspace, and the ids of the parts that the invariants need.
#[derive(Debug, Clone)]
pub struct Names {
    /// The Workspace as first declared.
    pub workspace: Workspace,
    /// The Activity of Workers who are not at work.
    pub offline: ActivitySid,
    /// The Activity of Workers who are offered calls.
    pub available: ActivitySid,
    /// The Activity after a conversation.
    pub wrap_up: ActivitySid,
    english: TaskQueueSid,
    hindi: TaskQueueSid,
    first_step: FirstStep,
}

impl Names {
    /// Looks up the parts of a configuration. Their ids stay the same when it is edited.
    pub fn of(contact_centre: &ContactCentre, first_step: FirstStep) -> Option<Self> {
        let workspace = contact_centre.workspace.clone();
        let activity = |name: &str| {
            let mut all = workspace.activities.values();
            all.find(|activity| activity.friendly_name == name)
                .map(|activity| activity.sid)
        };
        let queue = |name: &str| {
            let mut all = workspace.task_queues.values();
            all.find(|queue| queue.friendly_name == name)
                .map(|queue| queue.sid)
        };
        Some(Self {
            offline: activity("Offline")?,
            available: activity("Available")?,
            wrap_up: activity("Wrap-Up")?,
            english: queue("English")?,
            hindi: queue("Hindi")?,
            workspace,
            first_step,
        })
    }

    /// Whether this Worker may be offered this Task. A second, simple implementation that does not
    /// use the code under test.
    pub fn fits(&self, worker: &Worker, task: &Task) -> bool {
        let attributes: serde_json::Value =
            serde_json::from_str(&worker.attributes.to_json()).unwrap_or_default();
        let speaks = |language: &str| {
            let languages = attributes["languages"].as_array();
            languages.is_some_and(|all| all.iter().any(|known| known == language))
        };
        let level = attributes["level"].as_u64().unwrap_or_default();
        let agent = task.attributes.text("agent");
        let in_condition = || match self.first_step {
            FirstStep::Experience | FirstStep::ExperienceOrSkip => level >= 2,
            FirstStep::Agent => agent == Some(worker.friendly_name.as_str()),
            FirstStep::LeastBusy => true,
        };
        let in_first_step = task.position.step
            == Step::Target {
                filter: 0,
                target: 0,
            };
        let in_queue = match task.task_queue_sid {
            queue if queue == self.english => speaks("en") && (!in_first_step || in_condition()),
            queue if queue == self.hindi => speaks("hi"),
            _any_worker => true,
        };
        let share = worker
            .channels
            .iter()
            .find(|share| share.channel == task.channel);
        let capacity = share.map_or(1, |share| share.configured_capacity);
        let taken = worker
            .open_reservations
            .iter()
            .filter(|open| open.channel == task.channel)
            .count();
        let has_slot = share.is_none_or(|share| share.available) && taken < usize::from(capacity);
        let is_free = has_slot && worker.activity_sid == self.available;
        match task.routing_target {
            Some(RoutingTarget::Worker(target)) => {
                worker.sid == target && (task.ignore_capacity || is_free)
            }
            Some(RoutingTarget::TaskQueue(_) | RoutingTarget::Workflow(_)) | None => {
                in_queue && is_free
            }
        }
    }

    /// `max_reserved_workers` of this queue.
    pub fn at_once(&self, queue: TaskQueueSid) -> usize {
        self.workspace
            .task_queues
            .get(&queue)
            .map_or(1, |queue| usize::from(queue.max_reserved_workers))
    }

    /// Seconds after which a pending Task has left its step, counted from the moment it entered the
    /// filter. Valid for every version of the Workflow.
    pub fn step_ends_after(task: &Task) -> Option<u64> {
        match task.position.step {
            Step::Target { target, .. } => STEP_SECS_MAX
                .get(..=usize::from(target))
                .map(|steps| steps.iter().sum()),
            Step::DefaultFilter | Step::Direct => None,
        }
    }
}
