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
    Route { method: Method::GET, path: "/v1/Workspaces", run: |call| Box::pin(workspace::list(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces", run: |call| Box::pin(workspace::create(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}", run: |call| Box::pin(workspace::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}", run: |call| Box::pin(workspace::update(call)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}", run: |call| Box::pin(workspace::delete(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Events", run: |call| Box::pin(event::list(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Events/{Sid}", run: |call| Box::pin(event::fetch(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/EventStream", run: |call| Box::pin(event_stream::of_workspace(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/EventStream", run: |call| Box::pin(event_stream::of_worker(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/RealTimeStatistics", run: |call| Box::pin(statistics::workspace_real_time(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/CumulativeStatistics", run: |call| Box::pin(statistics::workspace_cumulative(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Statistics", run: |call| Box::pin(statistics::workspace(call)) },
    Route { method: Method::POST, path: TAKES_JSON, run: |call| Box::pin(statistics::task_queues_real_time(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/Statistics", run: |call| Box::pin(statistics::task_queues(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/RealTimeStatistics", run: |call| Box::pin(statistics::task_queue_real_time(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/CumulativeStatistics", run: |call| Box::pin(statistics::task_queue_cumulative(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/Statistics", run: |call| Box::pin(statistics::task_queue(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/RealTimeStatistics", run: |call| Box::pin(statistics::workflow_real_time(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/CumulativeStatistics", run: |call| Box::pin(statistics::workflow_cumulative(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/Statistics", run: |call| Box::pin(statistics::workflow(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/RealTimeStatistics", run: |call| Box::pin(statistics::workers_real_time(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/CumulativeStatistics", run: |call| Box::pin(statistics::workers_cumulative(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/Statistics", run: |call| Box::pin(statistics::workers(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Statistics", run: |call| Box::pin(statistics::worker(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Activities", run: |call| Box::pin(activity::list(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Activities", run: |call| Box::pin(activity::create(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}", run: |call| Box::pin(activity::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}", run: |call| Box::pin(activity::update(call)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}", run: |call| Box::pin(activity::delete(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels", run: |call| Box::pin(task_channel::list(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels", run: |call| Box::pin(task_channel::create(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}", run: |call| Box::pin(task_channel::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}", run: |call| Box::pin(task_channel::update(call)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}", run: |call| Box::pin(task_channel::delete(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues", run: |call| Box::pin(task_queue::list(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues", run: |call| Box::pin(task_queue::create(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}", run: |call| Box::pin(task_queue::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}", run: |call| Box::pin(task_queue::update(call)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}", run: |call| Box::pin(task_queue::delete(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows", run: |call| Box::pin(workflow::list(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workflows", run: |call| Box::pin(workflow::create(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}", run: |call| Box::pin(workflow::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}", run: |call| Box::pin(workflow::update(call)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}", run: |call| Box::pin(workflow::delete(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers", run: |call| Box::pin(worker::list(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers", run: |call| Box::pin(worker::create(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}", run: |call| Box::pin(worker::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}", run: |call| Box::pin(worker::update(call)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}", run: |call| Box::pin(worker::delete(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels", run: |call| Box::pin(worker_channel::list(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid}", run: |call| Box::pin(worker_channel::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid}", run: |call| Box::pin(worker_channel::update(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations", run: |call| Box::pin(reservation::list_of_worker(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations/{Sid}", run: |call| Box::pin(reservation::fetch_of_worker(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations/{Sid}", run: |call| Box::pin(reservation::update_of_worker(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Explain", run: |call| Box::pin(explain::of_one_worker(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks", run: |call| Box::pin(task::list(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Tasks", run: |call| Box::pin(task::create(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}", run: |call| Box::pin(task::fetch(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}", run: |call| Box::pin(task::update(call)) },
    Route { method: Method::DELETE, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}", run: |call| Box::pin(task::delete(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Explain", run: |call| Box::pin(explain::of_one_task(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Webhooks", run: |call| Box::pin(webhook::list(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations", run: |call| Box::pin(reservation::list_of_task(call)) },
    Route { method: Method::GET, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations/{Sid}", run: |call| Box::pin(reservation::fetch_of_task(call)) },
    Route { method: Method::POST, path: "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations/{Sid}", run: |call| Box::pin(reservation::update_of_task(call)) },
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
