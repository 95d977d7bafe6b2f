//! `/flow-step` and `/flows/NAME`: a call in a voice flow; `/flow-step/recorded`: its recording.
//!
//! Each request answers one webhook of the call: a [`Run`] follows the steps of the flow, and this
//! function carries out what the run cannot do itself: look-ups, figures of TaskQueues, new Tasks.
//! The state of the call is in the URL, so a request reads the flows, which are cached, and writes
//! nothing but Tasks.

mod callback;
mod figures;
mod look_up;
mod recorded;
mod start;
mod task;

use std::sync::Arc;

use runtime::voice::{Failure, Voice, Webhook};
use shared::menu::documents;
use shared::twiml::Response;
use shared::webhook::{Call, Reply, Request, path};
use task_router::model::EndReason;
use task_router::router::Command;
use voice_flows::{Run, State, Turn, VoiceFlows};

/// The most times that a run needs the outside world in one webhook: a look-up, the figures of
/// TaskQueues, a Task.
const OUTSIDE_MAX: usize = 8;

/// Answers a call in a flow.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        path::CALL_RECORDED => voice.notification(&request, recorded::keep).await,
        _flow => voice.document(&request, answer).await,
    }
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let call = Call::parse(&webhook.parameters)?;
    let (flows, state) = match webhook.path.strip_prefix(path::FLOWS) {
        Some(name) => start::of_application(voice, webhook, name.trim_start_matches('/')).await?,
        None => continued(voice, webhook).await?,
    };
    let switches = voice.switches(webhook, &flows).await;
    let answered = voice_flows::Webhook {
        call: &call,
        parameters: &webhook.parameters,
        switches: &switches,
        now: voice.now(),
    };
    let mut run = Run::new(&flows, state, answered)?;
    let document = answer_with(voice, webhook, &flows, &mut run).await?;
    tracing::info!(call_sid = %call.call_sid, step = run.label(), "flow step");
    Ok(document)
}

/// The flows and the state of a call that continues.
async fn continued(voice: &Voice, webhook: &Webhook) -> Result<(Arc<VoiceFlows>, State), Failure> {
    let state = State::parse(&webhook.parameters)
        .map_err(start::unreadable)?
        .ok_or(Failure::NotSetUp("state of a flow in the URL"))?;
    Ok((voice.flows_of(&state.version).await?, state))
}

/// Follows the steps, and carries out what they need.
async fn answer_with(
    voice: &Voice,
    webhook: &Webhook,
    flows: &VoiceFlows,
    run: &mut Run<'_>,
) -> Result<Response, Failure> {
    let mut turn = run.advance();
    for _ in 0..OUTSIDE_MAX {
        turn = match turn {
            Turn::Document(document) => return Ok(document),
            Turn::LookUp { url, form, timeout } => {
                let answer = look_up::send(voice, webhook, &url, &form, timeout).await;
                run.looked_up(answer.as_ref())
            }
            Turn::Figures(queues) => {
                let figures = figures::of(voice, webhook, flows, &queues).await;
                run.counted(figures)
            }
            Turn::CreateTask(new) => match task::create(voice, webhook, &new).await? {
                Some(since) => run.task_created(new.sid, since),
                None => run.failed(),
            },
            Turn::LeaveQueue(task) => {
                leave_queue(voice, webhook, task).await?;
                return Ok(documents::leave());
            }
        };
    }
    tracing::error!(
        step = run.label(),
        "flow ended: too many requests to the outside in one webhook"
    );
    Ok(run.end())
}

/// Ends the Task of a caller who leaves the queue by key.
async fn leave_queue(voice: &Voice, webhook: &Webhook, task: ids::TaskSid) -> Result<(), Failure> {
    if webhook.is_preview() {
        return Ok(());
    }
    let gone = Command::CallerGone {
        task,
        reason: EndReason::LeftQueue,
        carrier_queue: None,
    };
    voice.store.apply(&gone, voice.now()).await?;
    tracing::info!(task_sid = %task, "caller leaves the queue by key");
    Ok(())
}
