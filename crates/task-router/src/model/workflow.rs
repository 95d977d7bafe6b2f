//! Workflow: the path of a Task to its TaskQueue (taskrouter.md sections 2.7 and 7).

mod configuration;

use serde::{Deserialize, Serialize};

use super::{EXPRESSION_CHARS_MAX, Expression, Path};
use ids::time::Millis;
use ids::{TaskQueueSid, WorkflowSid};

pub use configuration::{CONFIGURATION_BYTES_MAX, ConfigurationError, STEPS_MAX};

/// The default reservation timeout (taskrouter.md section 14).
pub const RESERVATION_TIMEOUT_DEFAULT: Millis = Millis::from_secs(120);

/// The longest reservation timeout, in seconds (taskrouter.md section 14).
pub const RESERVATION_TIMEOUT_MAX_SECS: u32 = 86_400;

/// The most Workflows of a Workspace: far more than people can tell apart.
pub const WORKFLOWS_MAX: usize = 1_000;

/// The largest Workflow as JSON, in bytes: twice the limit of its configuration, because our
/// spelling may be longer than the one that was parsed, and twice that limit for the text as it was
/// sent, whose quotes are escaped. A configuration that does not fit into an item is stored in
/// chunks.
pub const WORKFLOW_BYTES_MAX: usize = 4 * CONFIGURATION_BYTES_MAX;

/// A Workflow with the configuration that new Tasks follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// `WW…`.
    pub sid: WorkflowSid,
    /// At most 64 characters.
    pub friendly_name: String,
    /// Requested for an instruction when a Reservation is created. A path (`/assignment`) is
    /// Cordboard's own.
    pub assignment_callback_url: Option<String>,
    /// Requested when the first URL fails.
    pub fallback_assignment_callback_url: Option<String>,
    /// The reservation timeout: how long a Reservation waits for an answer.
    pub task_reservation_timeout: Millis,
    /// The version of the configuration: 0 for the first, one more for each replacement.
    #[serde(default)]
    pub version: u32,
    /// Pending Tasks that follow an older version than this restart in the Workflow. It is the
    /// version that was last saved with `ReEvaluateTasks` (taskrouter.md sections 2.7 and 7.2, rule
    /// 15).
    #[serde(default)]
    pub reevaluated_version: u32,
    /// Another Workflow of the Workspace, its shadow, which is evaluated beside it and decides
    /// nothing ([`crate::router::shadow`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow_sid: Option<WorkflowSid>,
    /// The filters, targets and default filter.
    pub configuration: Configuration,
}

/// The filters and targets of a Workflow. A Task follows the configuration that it started with
/// (taskrouter.md section 2.7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// Evaluated from top to bottom; the first filter whose expression is true owns the Task.
    pub filters: Vec<Filter>,
    /// The step of a Task that no filter matches.
    pub default_filter: Option<Target>,
    /// The JSON that it was parsed from, as it was sent: the order of its keys, unknown keys and
    /// blanks included. `None`: it was not made from JSON. Only shown; compare what two
    /// configurations do with [`Configuration::routes_like`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One filter: a condition on Tasks, and the steps of the Tasks that match it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// A label for pages.
    pub filter_friendly_name: String,
    /// An expression over Task attributes. `None` matches every Task.
    pub expression: Option<Expression>,
    /// The steps, at least one.
    pub targets: Vec<Target>,
}

/// One step of a filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The TaskQueue. It is resolved when the configuration is parsed: a step that names none
    /// inherits the one of its predecessor.
    pub queue: TaskQueueSid,
    /// Restricts the Workers of the TaskQueue.
    pub expression: Option<Expression>,
    /// Replaces the Task's priority on entering the step.
    pub priority: Option<u32>,
    /// How long the step lasts; `None` = until the Task's own timeout.
    pub timeout: Option<Millis>,
    /// The order of the Workers. `None` = longest idle first.
    pub order_by: Option<OrderBy>,
    /// Evaluated when no Worker is available on entering the step: if true, the Task moves on at
    /// once (taskrouter.md section 7.3).
    #[serde(default)]
    pub skip_if: Option<Expression>,
    /// The only Worker that may have the Task in this step (taskrouter.md section 7.4).
    #[serde(default)]
    pub known_worker: Option<KnownWorker>,
}

/// The path of the Task attribute that names a Worker, without the `task.` prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownWorker {
    /// `known_worker_sid`: the attribute is a SID.
    Sid(Path),
    /// `known_worker_friendly_name`: the attribute is a friendly name.
    FriendlyName(Path),
}

impl Target {
    /// A step in this TaskQueue, for any of its Workers, until the Task's own timeout.
    pub fn to(queue: TaskQueueSid) -> Self {
        Self {
            queue,
            expression: None,
            priority: None,
            timeout: None,
            order_by: None,
            skip_if: None,
            known_worker: None,
        }
    }
}

impl Target {
    /// Whether its expression or its order reads `assigned_tasks` of Workers.
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
    /// Whether any step reads `assigned_tasks` of Workers.
    pub fn asks_for_assigned_tasks(&self) -> bool {
        self.targets().any(Target::asks_for_assigned_tasks)
    }

    /// Whether Tasks travel the same way in both, whatever their texts are.
    pub fn routes_like(&self, other: &Self) -> bool {
        let Self {
            filters,
            default_filter,
            text: _,
        } = self;
        *filters == other.filters && *default_filter == other.default_filter
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
    /// A Workflow in its first version, without an assignment callback.
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
            shadow_sid: None,
            configuration,
        }
    }
}

impl Workflow {
    /// This Workflow as the replacement of `before`, and the configuration that it supersedes, if
    /// Tasks travel another way now. With `reevaluate`, pending Tasks restart in the Workflow
    /// (taskrouter.md section 2.7, `ReEvaluateTasks`). A configuration without a text of its own
    /// takes over the text of an equal one.
    pub fn replacing(mut self, before: &Self, reevaluate: bool) -> (Self, Option<Configuration>) {
        let changed = !self.configuration.routes_like(&before.configuration);
        if !changed && self.configuration.text.is_none() {
            self.configuration
                .text
                .clone_from(&before.configuration.text);
        }
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

/// The order of Workers (taskrouter.md section 9): clause by clause, ties by idle time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderBy {
    source: String,
    clauses: Vec<OrderClause>,
}

/// One clause: an integer attribute of Workers, and a direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderClause {
    /// The path into the Worker, without the `worker.` prefix.
    pub path: Path,
    /// Whether the highest value is first.
    pub descending: bool,
}

impl OrderBy {
    /// The clauses in their order.
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
    fn order_by_names_attributes_and_directions() {
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
            "the length must be limited"
        );
    }
}
