//! The table of routes: every operation served, with its method, body, function and path. Each
//! operation is one row (docs/reference/api-operations.md lists TaskRouter's).

use std::future::Future;
use std::pin::Pin;

use http::Method;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::limits::{BODY_BYTES_MAX, WORKFLOW_BODY_BYTES_MAX};
use crate::request_context::{PathSid, RequestContext};
use crate::resources::{
    activity, calendar, event, event_stream, explain, reservation, statistics, task, task_channel,
    task_queue, webhook, worker, worker_channel, workflow, workspace,
};

/// One operation. Everything that is particular to a route is a field here.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path; a part in braces is a parameter, usually a SID.
    pub path: &'static str,
    /// The format and the size limit of the request body.
    pub body: Body,
    /// The function that answers the request.
    pub run: Run,
}

/// What a route accepts as request body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// The body is not read.
    None,
    /// A form.
    Form,
    /// A form that may contain a Workflow's configuration, which is larger than any other field.
    WorkflowForm,
    /// A form, or a JSON merge patch of attributes.
    FormOrPatch,
    /// JSON, which the operation itself parses.
    Json,
}

impl Body {
    /// The size limit in bytes.
    pub fn bytes_max(self) -> usize {
        match self {
            Self::WorkflowForm => WORKFLOW_BODY_BYTES_MAX,
            Self::None | Self::Form | Self::FormOrPatch | Self::Json => BODY_BYTES_MAX,
        }
    }
}

/// The function of an operation.
pub type Run = for<'c> fn(
    &'c RequestContext<'c>,
) -> Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send + 'c>>;

/// Makes [`Route`]s of rows: method, body, function, path.
macro_rules! routes {
    ($($method:ident $body:ident $function:path, $path:literal;)*) => {
        &[$(Route {
            method: Method::$method,
            path: $path,
            body: Body::$body,
            run: |context| Box::pin($function(context)),
        }),*]
    };
}

/// The table of routes. Of two matching paths, [`find`] takes the one with fewer parameters.
pub static ROUTES: &[Route] = routes! {
    GET    None         workspace::list,                   "/v1/Workspaces";
    POST   Form         workspace::create,                 "/v1/Workspaces";
    GET    None         workspace::fetch,                  "/v1/Workspaces/{WorkspaceSid}";
    POST   Form         workspace::update,                 "/v1/Workspaces/{WorkspaceSid}";
    DELETE None         workspace::delete,                 "/v1/Workspaces/{WorkspaceSid}";
    GET    None         event::list,                       "/v1/Workspaces/{WorkspaceSid}/Events";
    GET    None         event::fetch,                      "/v1/Workspaces/{WorkspaceSid}/Events/{Sid}";
    GET    None         event_stream::of_workspace,        "/v1/Workspaces/{WorkspaceSid}/EventStream";
    GET    None         event_stream::of_worker,           "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/EventStream";
    GET    None         statistics::workspace_real_time,   "/v1/Workspaces/{WorkspaceSid}/RealTimeStatistics";
    GET    None         statistics::workspace_cumulative,  "/v1/Workspaces/{WorkspaceSid}/CumulativeStatistics";
    GET    None         statistics::workspace,             "/v1/Workspaces/{WorkspaceSid}/Statistics";
    POST   Json         statistics::task_queues_real_time, "/v1/Workspaces/{WorkspaceSid}/TaskQueues/RealTimeStatistics";
    GET    None         statistics::task_queues,           "/v1/Workspaces/{WorkspaceSid}/TaskQueues/Statistics";
    GET    None         statistics::task_queue_real_time,  "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/RealTimeStatistics";
    GET    None         statistics::task_queue_cumulative, "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/CumulativeStatistics";
    GET    None         statistics::task_queue,            "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{TaskQueueSid}/Statistics";
    GET    None         statistics::workflow_real_time,    "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/RealTimeStatistics";
    GET    None         statistics::workflow_cumulative,   "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/CumulativeStatistics";
    GET    None         statistics::workflow,              "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/Statistics";
    GET    None         statistics::workers_real_time,     "/v1/Workspaces/{WorkspaceSid}/Workers/RealTimeStatistics";
    GET    None         statistics::workers_cumulative,    "/v1/Workspaces/{WorkspaceSid}/Workers/CumulativeStatistics";
    GET    None         statistics::workers,               "/v1/Workspaces/{WorkspaceSid}/Workers/Statistics";
    GET    None         statistics::worker,                "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Statistics";
    GET    None         activity::list,                    "/v1/Workspaces/{WorkspaceSid}/Activities";
    POST   Form         activity::create,                  "/v1/Workspaces/{WorkspaceSid}/Activities";
    GET    None         activity::fetch,                   "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}";
    POST   Form         activity::update,                  "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}";
    DELETE None         activity::delete,                  "/v1/Workspaces/{WorkspaceSid}/Activities/{Sid}";
    GET    None         calendar::list,                    "/v1/Workspaces/{WorkspaceSid}/Calendars";
    GET    None         calendar::fetch,                   "/v1/Workspaces/{WorkspaceSid}/Calendars/{CalendarName}";
    POST   Form         calendar::update,                  "/v1/Workspaces/{WorkspaceSid}/Calendars/{CalendarName}";
    GET    None         task_channel::list,                "/v1/Workspaces/{WorkspaceSid}/TaskChannels";
    POST   Form         task_channel::create,              "/v1/Workspaces/{WorkspaceSid}/TaskChannels";
    GET    None         task_channel::fetch,               "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}";
    POST   Form         task_channel::update,              "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}";
    DELETE None         task_channel::delete,              "/v1/Workspaces/{WorkspaceSid}/TaskChannels/{Sid}";
    GET    None         task_queue::list,                  "/v1/Workspaces/{WorkspaceSid}/TaskQueues";
    POST   Form         task_queue::create,                "/v1/Workspaces/{WorkspaceSid}/TaskQueues";
    GET    None         task_queue::fetch,                 "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}";
    POST   Form         task_queue::update,                "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}";
    DELETE None         task_queue::delete,                "/v1/Workspaces/{WorkspaceSid}/TaskQueues/{Sid}";
    GET    None         workflow::list,                    "/v1/Workspaces/{WorkspaceSid}/Workflows";
    POST   WorkflowForm workflow::create,                  "/v1/Workspaces/{WorkspaceSid}/Workflows";
    GET    None         workflow::fetch,                   "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}";
    POST   WorkflowForm workflow::update,                  "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}";
    DELETE None         workflow::delete,                  "/v1/Workspaces/{WorkspaceSid}/Workflows/{Sid}";
    GET    None         workflow::warnings,                "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/Warnings";
    GET    None         workflow::shadow::fetch,           "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/Shadow";
    POST   Form         workflow::shadow::update,          "/v1/Workspaces/{WorkspaceSid}/Workflows/{WorkflowSid}/Shadow";
    GET    None         worker::list,                      "/v1/Workspaces/{WorkspaceSid}/Workers";
    POST   Form         worker::create,                    "/v1/Workspaces/{WorkspaceSid}/Workers";
    GET    None         worker::fetch,                     "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}";
    POST   FormOrPatch  worker::update,                    "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}";
    DELETE None         worker::delete,                    "/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}";
    GET    None         worker_channel::list,              "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels";
    GET    None         worker_channel::fetch,             "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid}";
    POST   Form         worker_channel::update,            "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid}";
    GET    None         reservation::list_of_worker,       "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations";
    GET    None         reservation::fetch_of_worker,      "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations/{Sid}";
    POST   Form         reservation::update_of_worker,     "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Reservations/{Sid}";
    GET    None         explain::of_one_worker,            "/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Explain";
    GET    None         task::list,                        "/v1/Workspaces/{WorkspaceSid}/Tasks";
    POST   Form         task::create,                      "/v1/Workspaces/{WorkspaceSid}/Tasks";
    GET    None         task::fetch,                       "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}";
    POST   FormOrPatch  task::update,                      "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}";
    DELETE None         task::delete,                      "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}";
    GET    None         explain::of_one_task,              "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Explain";
    GET    None         webhook::list,                     "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Webhooks";
    GET    None         reservation::list_of_task,         "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations";
    GET    None         reservation::fetch_of_task,        "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations/{Sid}";
    POST   Form         reservation::update_of_task,       "/v1/Workspaces/{WorkspaceSid}/Tasks/{TaskSid}/Reservations/{Sid}";
};

/// The route of a request, and the parameters in its path.
///
/// # Errors
/// [`ApiError::NotServed`] for a path that no row has, [`ApiError::MethodNotAllowed`] for a path
/// that rows have with other methods only.
pub fn find<'p>(
    method: &Method,
    path: &'p str,
) -> Result<(&'static Route, Vec<PathSid<'p>>), ApiError> {
    let mut matching: Vec<_> = ROUTES
        .iter()
        .filter_map(|route| Some((route, parameters_in(route.path, path)?)))
        .collect();
    // `Workers/Statistics` is never read as the Worker with the SID `Statistics`, whatever the
    // method: the path with the fewest parameters wins before methods are compared.
    let fewest = matching.iter().map(|(_, sids)| sids.len()).min();
    matching.retain(|(_, sids)| Some(sids.len()) == fewest);
    if matching.is_empty() {
        return Err(ApiError::NotServed {
            path: path.to_owned(),
        });
    }
    let allow: Vec<&str> = matching
        .iter()
        .map(|(route, _)| route.method.as_str())
        .collect();
    let not_allowed = ApiError::MethodNotAllowed {
        method: method.to_string(),
        allow: allow.join(", "),
    };
    matching
        .into_iter()
        .find(|(route, _)| route.method == *method)
        .ok_or(not_allowed)
}

/// The parts of `path` where `pattern` has braces; `None` if `path` does not match `pattern`.
fn parameters_in<'p>(pattern: &'static str, path: &'p str) -> Option<Vec<PathSid<'p>>> {
    let mut expected = pattern.split('/');
    let mut parts = path.split('/');
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
