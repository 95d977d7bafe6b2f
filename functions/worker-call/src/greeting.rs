//! The greeting of a flow: what the Worker hears before they are connected, and the key with which
//! they accept. A Worker who presses another key, or none, has declined: the end of their leg
//! returns the Task to its TaskQueue. So an answering machine takes no call.

use runtime::voice::{Failure, Voice, Webhook};
use shared::twiml::{Gather, Hangup, Prompt, Redirect, Response};
use shared::webhook::{WorkerCall, path};
use task_router::model::Task;
use voice_flows::{AgentGreeting, Greeted, State};

use crate::{documents_of, open_offer};

/// The spoken greeting of a Task, and how it is accepted.
struct Greeting {
    heard: Vec<Prompt>,
    agent_greeting: AgentGreeting,
}

/// The document that begins with the greeting of the Task's flow, and continues with `connected`,
/// which has a greeting of its own if the flow has none.
pub(crate) async fn before(
    voice: &Voice,
    webhook: &Webhook,
    worker_call: &WorkerCall,
    task: &Task,
) -> Result<Response, Failure> {
    let Some(greeting) = of(voice, webhook, task).await else {
        return documents_of(voice, worker_call, task, Greets::BuiltIn).await;
    };
    if greeting.agent_greeting.accept.is_none() {
        let mut document = Response::new();
        document.extend(greeting.heard.into_iter().map(Into::into));
        let connected = documents_of(voice, worker_call, task, Greets::Flow).await?;
        document.extend(connected.verbs().iter().cloned());
        return Ok(document);
    }
    let accept = path::worker_call_accept(worker_call.task_sid, worker_call.reservation_sid);
    let gather = Gather {
        num_digits: Some(1),
        timeout_secs: greeting.agent_greeting.timeout_secs,
        action: accept.clone(),
        nested: greeting.heard,
        ..Gather::default()
    };
    Ok(Response::new().then(gather).then(Redirect::new(accept)))
}

/// What greets the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Greets {
    /// The built-in text.
    BuiltIn,
    /// The flow, before this document.
    Flow,
}

/// The Worker answered the greeting, or did not.
pub(crate) async fn answered(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let worker_call = WorkerCall::parse(&webhook.parameters)?;
    let task = voice.store.task(worker_call.task_sid).await?;
    let open = task
        .as_ref()
        .filter(|task| open_offer(task, worker_call.reservation_sid).is_some());
    let Some(task) = open else {
        return crate::caller_gone(voice, task.as_ref()).await;
    };
    let greeting = of(voice, webhook, task).await;
    let key = greeting.and_then(|greeting| greeting.agent_greeting.accept);
    let pressed = webhook.parameters.get("Digits").unwrap_or_default();
    // Without its flow, which may have expired, the call is connected.
    if key.is_some_and(|key| !pressed.chars().eq([key.as_char()])) {
        tracing::info!(task_sid = %task.sid, reservation_sid = %worker_call.reservation_sid, "the Worker declined the call");
        return Ok(Response::new().then(Hangup));
    }
    documents_of(voice, &worker_call, task, Greets::Flow).await
}

/// The greeting of the step at which a Task was created. `None`: the built-in one is heard, also if
/// the flow cannot be read, because a call is not lost for a greeting.
async fn of(voice: &Voice, webhook: &Webhook, task: &Task) -> Option<Greeting> {
    let state = State::of_attributes(task.attributes.as_object())?;
    let flows = match voice.flows_of(&state.version).await {
        Ok(flows) => flows,
        Err(failure) => return webhook.tolerate(&failure, None),
    };
    let agent_greeting = AgentGreeting::of(&flows, &state)?.clone();
    let workspace = voice
        .store
        .workspace(task.workspace_sid, voice.now())
        .await
        .map_err(Failure::Store);
    let workspace = workspace.unwrap_or_else(|failure| webhook.tolerate(&failure, None));
    let queue = workspace
        .as_ref()
        .and_then(|workspace| workspace.task_queues.get(&task.task_queue_sid));
    let greeted = Greeted {
        from: task.attributes.text("from").unwrap_or_default(),
        to: task.attributes.text("to").unwrap_or_default(),
        task_queue: queue.map_or("", |queue| queue.friendly_name.as_str()),
        waited: voice.now().since(task.virtual_start_time),
    };
    let switches = voice.switches(webhook, &flows).await;
    let heard = agent_greeting.spoken(&flows, &state, greeted, &switches, voice.now());
    Some(Greeting {
        heard,
        agent_greeting,
    })
}
