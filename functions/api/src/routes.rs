//! Every operation served: method, path, and the function that answers. A row a line, named like the operation in the
//! official API description (`openapi/endpoints.md`).

use std::future::Future;
use std::pin::Pin;

use http::Method;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::{PathSid, RequestContext};
use crate::resources::{
    activity, event, event_stream, explain, reservation, statistics, task, task_channel,
    task_queue, webhook, worker, worker_channel, workflow, workspace,
};
use crate::{BODY_BYTES_MAX, WORKFLOW_BODY_BYTES_MAX};

/// One operation.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path; a part in braces stands for a SID.
    pub path: &'static str,
    /// What answers it.
    pub run: Run,
}

/// The operation whose body is JSON.
const TAKES_JSON: &str = "/v1/Workspaces/{WorkspaceSid}/TaskQueues/RealTimeStatistics";

/// Paths of what has attributes: a POST there takes a patch of them instead of a form.
const PATCHABLE: [&str; 2] = [
    "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}",
    "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}",
];

impl Route {
    /// Does it take a JSON merge patch of attributes?
    pub fn takes_patch(&self) -> bool {
        self.method == Method::POST && PATCHABLE.contains(&self.path)
    }

    /// Bytes of the largest body taken.
    pub fn body_bytes_max(&self) -> usize {
        match self.path.contains("/Workflows") {
            true => WORKFLOW_BODY_BYTES_MAX,
            false => BODY_BYTES_MAX,
        }
    }

    /// Is its body JSON, not a form?
    pub fn takes_json(&self) -> bool {
        self.path == TAKES_JSON
    }
}

/// An operation's function.
pub type Run = for<'c> fn(
    &'c RequestContext<'c>,
) -> Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send + 'c>>;

/// The table. Of two paths that fit, the one with fewer SIDs counts.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    Route { method: Method::GET, path: "/v1/Workspaces", run: |context| Box::pin(workspace::list(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces", run: |context| Box::pin(workspace::create(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}", run: |context| Box::pin(workspace::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}", run: |context| Box::pin(workspace::update(context)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}", run: |context| Box::pin(workspace::delete(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Events", run: |context| Box::pin(event::list(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Events/{Sid}", run: |context| Box::pin(event::fetch(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/EventStream", run: |context| Box::pin(event_stream::of_workspace(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/EventStream", run: |context| Box::pin(event_stream::of_worker(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/RealTimeStatistics", run: |context| Box::pin(statistics::workspace_real_time(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/CumulativeStatistics", run: |context| Box::pin(statistics::workspace_cumulative(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Statistics", run: |context| Box::pin(statistics::workspace(context)) },
    Route { method: Method::POST, path: TAKES_JSON, run: |context| Box::pin(statistics::task_queues_real_time(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/Statistics", run: |context| Box::pin(statistics::task_queues(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/RealTimeStatistics", run: |context| Box::pin(statistics::task_queue_real_time(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/CumulativeStatistics", run: |context| Box::pin(statistics::task_queue_cumulative(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/Statistics", run: |context| Box::pin(statistics::task_queue(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/RealTimeStatistics", run: |context| Box::pin(statistics::workflow_real_time(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/CumulativeStatistics", run: |context| Box::pin(statistics::workflow_cumulative(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/Statistics", run: |context| Box::pin(statistics::workflow(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/RealTimeStatistics", run: |context| Box::pin(statistics::workers_real_time(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/CumulativeStatistics", run: |context| Box::pin(statistics::workers_cumulative(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/Statistics", run: |context| Box::pin(statistics::workers(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Statistics", run: |context| Box::pin(statistics::worker(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Activities", run: |context| Box::pin(activity::list(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Activities", run: |context| Box::pin(activity::create(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}", run: |context| Box::pin(activity::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}", run: |context| Box::pin(activity::update(context)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}", run: |context| Box::pin(activity::delete(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels", run: |context| Box::pin(task_channel::list(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels", run: |context| Box::pin(task_channel::create(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}", run: |context| Box::pin(task_channel::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}", run: |context| Box::pin(task_channel::update(context)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}", run: |context| Box::pin(task_channel::delete(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues", run: |context| Box::pin(task_queue::list(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues", run: |context| Box::pin(task_queue::create(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}", run: |context| Box::pin(task_queue::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}", run: |context| Box::pin(task_queue::update(context)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}", run: |context| Box::pin(task_queue::delete(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows", run: |context| Box::pin(workflow::list(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workflows", run: |context| Box::pin(workflow::create(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}", run: |context| Box::pin(workflow::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}", run: |context| Box::pin(workflow::update(context)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}", run: |context| Box::pin(workflow::delete(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers", run: |context| Box::pin(worker::list(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers", run: |context| Box::pin(worker::create(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}", run: |context| Box::pin(worker::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}", run: |context| Box::pin(worker::update(context)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}", run: |context| Box::pin(worker::delete(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels", run: |context| Box::pin(worker_channel::list(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid}", run: |context| Box::pin(worker_channel::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid}", run: |context| Box::pin(worker_channel::update(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations", run: |context| Box::pin(reservation::list_of_worker(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations/{Sid}", run: |context| Box::pin(reservation::fetch_of_worker(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations/{Sid}", run: |context| Box::pin(reservation::update_of_worker(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Explain", run: |context| Box::pin(explain::of_one_worker(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks", run: |context| Box::pin(task::list(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Tasks", run: |context| Box::pin(task::create(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}", run: |context| Box::pin(task::fetch(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}", run: |context| Box::pin(task::update(context)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}", run: |context| Box::pin(task::delete(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Explain", run: |context| Box::pin(explain::of_one_task(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Webhooks", run: |context| Box::pin(webhook::list(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations", run: |context| Box::pin(reservation::list_of_task(context)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations/{Sid}", run: |context| Box::pin(reservation::fetch_of_task(context)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations/{Sid}", run: |context| Box::pin(reservation::update_of_task(context)) },
];

/// The operation for a request, with the SIDs in its path.
///
/// # Errors
/// [`ApiError::NotServed`] for a path that is in no row, [`ApiError::MethodNotAllowed`] for one that is in others.
pub fn find<'p>(
    method: &Method,
    path: &'p str,
) -> Result<(&'static Route, Vec<PathSid<'p>>), ApiError> {
    let mut fitting: Vec<_> = ROUTES
        .iter()
        .filter_map(|route| Some((route, sids_in(route.path, path)?)))
        .collect();
    // `Workers/Statistics` is no Worker, whatever the method.
    let fewest = fitting.iter().map(|(_, sids)| sids.len()).min();
    fitting.retain(|(_, sids)| Some(sids.len()) == fewest);
    if fitting.is_empty() {
        return Err(ApiError::NotServed {
            path: path.to_owned(),
        });
    }
    let allow: Vec<&str> = fitting
        .iter()
        .map(|(route, _)| route.method.as_str())
        .collect();
    let refused = ApiError::MethodNotAllowed {
        method: method.to_string(),
        allow: allow.join(", "),
    };
    fitting
        .into_iter()
        .find(|(route, _)| route.method == *method)
        .ok_or(refused)
}

/// The parts of `path` that stand where `pattern` has braces; `None` if they do not fit together.
fn sids_in<'p>(pattern: &'static str, path: &'p str) -> Option<Vec<PathSid<'p>>> {
    let (mut expected, mut parts) = (pattern.split('/'), path.split('/'));
    let mut sids = Vec::new();
    loop {
        match (expected.next(), parts.next()) {
            (None, None) => return Some(sids),
            (Some(expected), Some(text)) => match expected
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) => sids.push(PathSid { name, text }),
                None if expected == text => {}
                None => return None,
            },
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}
