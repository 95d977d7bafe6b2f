//! The parameters of a request for statistics: scope, time range and filters.

use http::{HeaderMap, header};
use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkflowSid};
use serde::Deserialize;
use serde_json::{Value, json};
use task_router::model::{TaskChannelName, Worker, Workspace};
use task_router::router::events::EVENT_KEPT;
use task_router::router::is_eligible;
use task_router::statistics::TaskCell;

use super::object::{Object, fields};
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::resources::worker::is_eligible_for_named;
use crate::time_range::TimeRange;

/// Thresholds of the longest `SplitByWaitTime`.
const SPLITS_MAX: usize = 20;

/// The highest threshold in seconds: the longest time that a Task may wait.
const SPLIT_SECS_MAX: u32 = vocabulary::TASK_TIMEOUT_MAX_SECS;

/// The resource that statistics of Tasks are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole Workspace.
    Workspace,
    /// One TaskQueue.
    Queue(TaskQueueSid),
    /// One Workflow.
    Workflow(WorkflowSid),
}

/// The parameters of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The moment of the request.
    pub now: Timestamp,
    /// The first moment of the time range.
    pub from: Timestamp,
    /// The first moment after the time range.
    pub until: Timestamp,
    /// The end of the time range as the answer shows it.
    pub end: Timestamp,
    /// Only this TaskChannel; `None`: all.
    pub channel: Option<TaskChannelName>,
    /// Thresholds of `SplitByWaitTime`, in seconds.
    pub splits: Vec<u32>,
    /// How long an ended Task is readable.
    pub kept: ids::time::Millis,
}

/// The filters of statistics of Workers.
pub struct WorkerFilter<'q> {
    queue_sid: Option<TaskQueueSid>,
    queue_name: Option<&'q str>,
    friendly_name: Option<&'q str>,
}

impl Query {
    /// Parses `Minutes`, `StartDate`, `EndDate`, `TaskChannel` (SID or unique name) and
    /// `SplitByWaitTime`.
    ///
    /// # Errors
    /// 20001 for an invalid parameter, 14241 for a start more than thirty days ago.
    pub fn read(context: &RequestContext<'_>, workspace: &Workspace) -> Result<Self, ApiError> {
        let range = TimeRange::read(&context.query, context.now)?;
        if range.from < context.now - EVENT_KEPT {
            return Err(ApiError::TooLongAgo);
        }
        let splits = context
            .query
            .parsed("SplitByWaitTime", splits)?
            .unwrap_or_default();
        Self::new(context, workspace, range, splits)
    }

    /// Parses `TaskChannel`, the only parameter of real-time statistics.
    pub fn read_now(context: &RequestContext<'_>, workspace: &Workspace) -> Result<Self, ApiError> {
        Self::new(
            context,
            workspace,
            TimeRange::read(&Parameters::default(), context.now)?,
            Vec::new(),
        )
    }

    fn new(
        context: &RequestContext<'_>,
        workspace: &Workspace,
        range: TimeRange,
        splits: Vec<u32>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            now: context.now,
            from: range.from,
            until: range.end(),
            end: range.until,
            channel: context
                .query
                .parsed("TaskChannel", |text| channel(text, workspace))?,
            splits,
            kept: workspace.rules.ended_task_kept,
        })
    }

    /// Does the filter include this TaskChannel?
    pub fn includes(&self, channel: TaskChannelName) -> bool {
        self.channel.is_none_or(|requested| requested == channel)
    }
}

impl Scope {
    /// Does the scope contain the Tasks of this cell?
    pub fn contains(self, cell: &TaskCell) -> bool {
        match self {
            Self::Workspace => true,
            Self::Queue(queue) => cell.queue == queue,
            Self::Workflow(workflow) => cell.workflow == workflow,
        }
    }

    /// The property with the SID of a TaskQueue or a Workflow.
    pub fn named(self) -> Object {
        match self {
            Self::Workspace => Object::new(),
            Self::Queue(sid) => fields(json!({ "task_queue_sid": sid })),
            Self::Workflow(sid) => fields(json!({ "workflow_sid": sid })),
        }
    }

    /// The properties that every answer about this scope has.
    pub fn object(self, context: &RequestContext<'_>, workspace: &Workspace) -> Object {
        let mut object = self.named();
        object.extend(fields(
            json!({ "account_sid": context.view.account_sid, "workspace_sid": workspace.sid }),
        ));
        object
    }

    /// The URL of one kind of statistics of this scope.
    pub fn url(self, context: &RequestContext<'_>, workspace: &Workspace, name: &str) -> Value {
        let home = context.view.workspace(workspace.sid);
        match self {
            Self::Workspace => format!("{home}/{name}"),
            Self::Queue(sid) => format!("{home}/TaskQueues/{sid}/{name}"),
            Self::Workflow(sid) => format!("{home}/Workflows/{sid}/{name}"),
        }
        .into()
    }
}

impl<'q> WorkerFilter<'q> {
    /// Parses `TaskQueueSid`, `TaskQueueName` and `FriendlyName`.
    pub fn read(query: &'q Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            queue_sid: query.sid("TaskQueueSid")?,
            queue_name: query.text("TaskQueueName"),
            friendly_name: query.text("FriendlyName"),
        })
    }

    /// Is there no filter?
    pub fn is_all(&self) -> bool {
        self.queue_sid.is_none() && self.queue_name.is_none() && self.friendly_name.is_none()
    }

    /// Do the filters include this Worker? A TaskQueue's Workers are those who are eligible for it.
    pub fn includes(&self, worker: &Worker, workspace: &Workspace) -> bool {
        self.queue_sid
            .is_none_or(|sid| is_eligible(workspace, worker, sid))
            && self
                .queue_name
                .is_none_or(|name| is_eligible_for_named(workspace, worker, name))
            && self
                .friendly_name
                .is_none_or(|name| worker.friendly_name == name)
    }
}

/// The body of a bulk request. Both spellings of its property are in use.
#[derive(Deserialize)]
struct Bulk {
    #[serde(alias = "queueSids", rename = "QueueSids")]
    queue_sids: Vec<TaskQueueSid>,
}

/// The TaskQueues in the body of a bulk request, deduplicated.
///
/// # Errors
/// 20001 for another body, and for none or more than `max` SIDs.
pub fn queue_sids(
    headers: &HeaderMap,
    body: &[u8],
    max: usize,
) -> Result<Vec<TaskQueueSid>, ApiError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map(|kind| kind.to_str().unwrap_or_default());
    if kind.is_some_and(|kind| !kind.to_ascii_lowercase().starts_with("application/json")) {
        return Err(ApiError::Form(
            "Content-Type: expected application/json".to_owned(),
        ));
    }
    let Bulk {
        queue_sids: mut sids,
    } = serde_json::from_slice(body).map_err(|error| {
        ApiError::parameter(
            "QueueSids",
            format!("expected {{\"QueueSids\":[\"WQ…\"]}}: {error}"),
        )
    })?;
    if sids.is_empty() || sids.len() > max {
        return Err(ApiError::parameter(
            "QueueSids",
            format!("expected 1 to {max} SIDs, got {}", sids.len()),
        ));
    }
    let mut seen = std::collections::BTreeSet::new();
    sids.retain(|sid| seen.insert(*sid));
    Ok(sids)
}

fn channel(text: &str, workspace: &Workspace) -> Result<TaskChannelName, String> {
    let is_named = |channel: &&task_router::model::TaskChannel| {
        channel.unique_name.as_str() == text || channel.sid.to_string() == text
    };
    let found = workspace
        .task_channels
        .values()
        .find(is_named)
        .map(|channel| channel.unique_name);
    found.ok_or_else(|| {
        "expected the SID or the unique name of a TaskChannel of the Workspace".to_owned()
    })
}

fn splits(text: &str) -> Result<Vec<u32>, String> {
    let problem = || {
        format!(
            "expected up to {SPLITS_MAX} whole numbers of seconds up to {SPLIT_SECS_MAX}, separated by commas"
        )
    };
    let read = |split: &str| {
        split
            .trim()
            .parse()
            .ok()
            .filter(|secs| *secs <= SPLIT_SECS_MAX)
    };
    let splits: Option<Vec<u32>> = text.split(',').take(SPLITS_MAX + 1).map(read).collect();
    splits
        .filter(|splits| splits.len() <= SPLITS_MAX)
        .ok_or_else(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    #[test]
    fn thresholds_are_a_list_of_seconds() {
        assert_eq!(splits("5,30"), Ok(vec![5, 30]));
        assert_eq!(splits(" 60 "), Ok(vec![60]));
        let many = vec!["1"; SPLITS_MAX + 1].join(",");
        for wrong in ["", "a", "5,", "-1", "1.5", "1209601", &many] {
            assert!(splits(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn channel_is_found_by_sid_or_unique_name() {
        let workspace = samples::workspace();
        let voice = &workspace.task_channels[&TaskChannelName::VOICE];
        assert_eq!(channel("voice", &workspace), Ok(TaskChannelName::VOICE));
        assert_eq!(
            channel(&voice.sid.to_string(), &workspace),
            Ok(TaskChannelName::VOICE)
        );
        assert!(channel("fax", &workspace).is_err());
    }

    #[test]
    fn bulk_request_accepts_both_spellings() {
        let sids = |body: &str| {
            queue_sids(&HeaderMap::new(), body.as_bytes(), 2).map_err(|error| error.to_string())
        };
        let one = "WQ00000000000000000000000000000001";
        for name in ["QueueSids", "queueSids"] {
            assert_eq!(
                sids(&format!(r#"{{"{name}":["{one}","{one}"]}}"#)).unwrap(),
                [samples::QUEUE],
                "{name}"
            );
        }
        for wrong in [
            "",
            "[]",
            "{}",
            r#"{"QueueSids":"a"}"#,
            r#"{"QueueSids":["WQ1"]}"#,
        ] {
            assert!(
                sids(wrong).unwrap_err().starts_with("QueueSids: expected"),
                "{wrong}"
            );
        }
        let three = format!(r#"{{"QueueSids":["{one}","{one}","{one}"]}}"#);
        for (body, got) in [(three.as_str(), 3), (r#"{"QueueSids":[]}"#, 0)] {
            assert_eq!(
                sids(body).unwrap_err(),
                format!("QueueSids: expected 1 to 2 SIDs, got {got}")
            );
        }
    }

    #[test]
    fn filter_includes_workers_of_queue_or_name() {
        let workspace = samples::workspace();
        let worker = samples::worker();
        for (query, expected) in [
            ("", true),
            ("TaskQueueSid=WQ00000000000000000000000000000001", true),
            ("TaskQueueSid=WQ00000000000000000000000000000002", false),
            ("TaskQueueName=Customer+Contact+Center+English", true),
            ("TaskQueueName=Other", false),
            ("FriendlyName=Alice", true),
            ("FriendlyName=Bob", false),
        ] {
            let query_parameters = Parameters::of_query(query).unwrap();
            let filter = WorkerFilter::read(&query_parameters).unwrap();
            assert_eq!(filter.includes(&worker, &workspace), expected, "{query}");
            assert_eq!(filter.is_all(), query.is_empty());
        }
    }
}
