//! Workflow: how a Task finds its queue (taskrouter.md sections 2.7 and 7).

mod configuration;

use serde::{Deserialize, Serialize};

use super::{EXPRESSION_CHARS_MAX, Expression, Path};
use ids::time::Millis;
use ids::{TaskQueueSid, WorkflowSid};

pub use configuration::{
    CONFIGURATION_BYTES_MAX, ConfigurationError, DEFAULT_FILTER_KEYS, STEPS_MAX, TARGET_KEYS,
};

/// How long a Reservation waits for an answer if nothing is said (taskrouter.md section 14).
pub const RESERVATION_TIMEOUT_DEFAULT: Millis = Millis::from_secs(120);

/// Longest wait of a Reservation for an answer, in seconds (taskrouter.md section 14).
pub const RESERVATION_TIMEOUT_MAX_SECS: u32 = 86_400;

/// Workflows a Workspace may have: far more than people tell apart.
pub const WORKFLOWS_MAX: usize = 1_000;

/// Bytes a Workflow may have as JSON: twice what its configuration may have, which we may write longer than it came. What does not
/// fit into an item of the table is kept in pieces.
pub const WORKFLOW_BYTES_MAX: usize = 2 * CONFIGURATION_BYTES_MAX;

/// A Workflow with the configuration new Tasks follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// `WW…`.
    pub sid: WorkflowSid,
    /// At most 64 characters.
    pub friendly_name: String,
    /// Who is asked what to do with a Reservation. A path (`/assignment`) is ours.
    pub assignment_callback_url: Option<String>,
    /// Who is asked when the first one fails.
    pub fallback_assignment_callback_url: Option<String>,
    /// How long a Reservation waits for an answer.
    pub task_reservation_timeout: Millis,
    /// Which configuration this is: 0 for the first, one more for each that replaced it.
    #[serde(default)]
    pub version: u32,
    /// Pending Tasks that follow an older configuration than this start anew: the version that was last saved with
    /// `ReEvaluateTasks` (taskrouter.md sections 2.7 and 7.2, rule 15).
    #[serde(default)]
    pub reevaluated_version: u32,
    /// What it does with Tasks.
    pub configuration: Configuration,
}

/// What a Workflow does with Tasks. A Task follows the configuration it started with (taskrouter.md section 2.7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// Tried top to bottom; the first whose expression is true owns the Task.
    pub filters: Vec<Filter>,
    /// Where a Task goes that no filter wanted.
    pub default_filter: Option<Target>,
}

/// One filter: a condition on Tasks, and the steps of those that meet it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// A label for people.
    pub filter_friendly_name: String,
    /// Over Task attributes. `None` matches every Task.
    pub expression: Option<Expression>,
    /// The steps, at least one.
    pub targets: Vec<Target>,
}

/// One routing step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The queue. Resolved when the configuration is read: a step that names none has its predecessor's.
    pub queue: TaskQueueSid,
    /// Narrows the queue's Workers.
    pub expression: Option<Expression>,
    /// Replaces the Task's priority on entering the step.
    pub priority: Option<u32>,
    /// How long the step may last; `None` = until the Task's own timeout.
    pub timeout: Option<Millis>,
    /// Which Worker first. `None` = longest idle.
    pub order_by: Option<OrderBy>,
    /// When nobody is found on entering the step: go on at once if this is true (section 7.3).
    #[serde(default)]
    pub skip_if: Option<Expression>,
    /// The only Worker who may have the Task in this step (section 7.4).
    #[serde(default)]
    pub known_worker: Option<KnownWorker>,
}

/// Where a Task says which Worker it is meant for: a path into its attributes, without the `task.` prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownWorker {
    /// `known_worker_sid`
    Sid(Path),
    /// `known_worker_friendly_name`
    FriendlyName(Path),
}

impl Target {
    /// A step in this queue, for any of its Workers, until the Task's own timeout.
    pub fn to(queue: TaskQueueSid) -> Self {
        let (expression, priority, timeout) = (None, None, None);
        Self {
            queue,
            expression,
            priority,
            timeout,
            order_by: None,
            skip_if: None,
            known_worker: None,
        }
    }
}

impl Target {
    /// Does whom it wants, or whom first, depend on how many Tasks a Worker has accepted?
    fn asks_for_assigned_tasks(&self) -> bool {
        let clauses = self.order_by.as_ref().map_or(&[][..], OrderBy::clauses);
        self.expression
            .as_ref()
            .is_some_and(Expression::asks_for_assigned_tasks)
            || clauses
                .iter()
                .any(|clause| clause.path.asks_for_assigned_tasks())
    }
}

impl Configuration {
    /// Does any step ask how many Tasks a Worker has accepted?
    pub fn asks_for_assigned_tasks(&self) -> bool {
        self.targets().any(Target::asks_for_assigned_tasks)
    }

    /// Every step, filter by filter, the default filter last.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.filters
            .iter()
            .flat_map(|filter| &filter.targets)
            .chain(&self.default_filter)
    }
}

impl Workflow {
    /// A Workflow in its first version; it asks nobody what to do with a Reservation.
    pub fn new(
        sid: WorkflowSid,
        friendly_name: impl Into<String>,
        configuration: Configuration,
    ) -> Self {
        Self {
            sid,
            friendly_name: friendly_name.into(),
            assignment_callback_url: None,
            fallback_assignment_callback_url: None,
            task_reservation_timeout: RESERVATION_TIMEOUT_DEFAULT,
            version: 0,
            reevaluated_version: 0,
            configuration,
        }
    }
}

impl Workflow {
    /// This Workflow in the place of an earlier one, and the configuration it supersedes, if that changed. With
    /// `reevaluate`, pending Tasks start anew (taskrouter.md section 2.7, `ReEvaluateTasks`).
    pub fn replacing(mut self, before: &Self, reevaluate: bool) -> (Self, Option<Configuration>) {
        let changed = self.configuration != before.configuration;
        self.version = before.version + u32::from(changed);
        self.reevaluated_version = if reevaluate {
            self.version
        } else {
            before.reevaluated_version
        };
        (self, changed.then(|| before.configuration.clone()))
    }
}

impl KnownWorker {
    /// The path into the Task's attributes.
    pub fn path(&self) -> &Path {
        match self {
            Self::Sid(path) | Self::FriendlyName(path) => path,
        }
    }
}

/// Which Workers come first (taskrouter.md section 9): clause by clause, ties by idle time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderBy {
    source: String,
    clauses: Vec<OrderClause>,
}

/// One clause: a Worker's integer attribute, up or down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderClause {
    /// Path into the Worker, without the `worker.` prefix.
    pub path: Path,
    /// Highest first?
    pub descending: bool,
}

impl OrderBy {
    /// The clauses, first one first.
    pub fn clauses(&self) -> &[OrderClause] {
        &self.clauses
    }
}

impl TryFrom<String> for OrderBy {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        if source.chars().nth(EXPRESSION_CHARS_MAX).is_some() {
            return Err(format!(
                "expected at most {EXPRESSION_CHARS_MAX} characters"
            ));
        }
        let clauses = source
            .split(',')
            .map(parse_clause)
            .collect::<Result<_, _>>()?;
        Ok(Self { source, clauses })
    }
}

impl From<OrderBy> for String {
    fn from(order: OrderBy) -> Self {
        order.source
    }
}

fn parse_clause(text: &str) -> Result<OrderClause, String> {
    let expected = || {
        format!(
            "expected `worker.<attribute> ASC` or `… DESC`, got `{}`",
            text.trim()
        )
    };
    let mut words = text.split_whitespace();
    let (Some(path), Some(direction), None) = (words.next(), words.next(), words.next()) else {
        return Err(expected());
    };
    let descending = match direction.to_ascii_uppercase().as_str() {
        "ASC" => false,
        "DESC" => true,
        _ => return Err(expected()),
    };
    let path = path.strip_prefix("worker.").ok_or_else(expected)?;
    Ok(OrderClause {
        path: path.parse().map_err(|_| expected())?,
        descending,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_worker_attributes_and_directions() {
        let order = OrderBy::try_from(
            "worker.level DESC, worker.channel.voice.assigned_tasks asc".to_owned(),
        )
        .unwrap();
        assert_eq!(
            order
                .clauses()
                .iter()
                .map(|clause| clause.descending)
                .collect::<Vec<_>>(),
            [true, false]
        );
        for wrong in [
            "",
            "level DESC",
            "worker.level",
            "worker.level UP",
            "worker.level DESC,",
            "worker.-x ASC",
        ] {
            assert!(OrderBy::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        let clauses = |count| OrderBy::try_from(vec!["worker.level ASC"; count].join(","));
        assert!(
            clauses(480).is_ok() && clauses(482).is_err(),
            "its length is bounded"
        );
    }
}
