//! `/wait-music`: the wait document, and the music file.
//!
//! The carrier requests the document again whenever it has been played, so each response is one
//! round: position, expected wait, music. On a failure there is still music. A caller whose Task
//! has ended leaves for `/queue-exit`. This repairs a failed redirect, after which the caller would
//! otherwise wait forever.

pub mod music;

use std::sync::Arc;

use ids::TaskSid;
use ids::time::Millis;
use runtime::voice::{Failure, Voice, Webhook, language, no_such_path};
use shared::menu::Language;
use shared::menu::documents::{self, Round};
use shared::twiml::Response;
use shared::webhook::{Reply, Request, WaitMusic, path};
use task_router::model::{AssignmentStatus, Task, Workspace};
use voice_flows::{Place, SoundName, State};

/// Most callers that are counted to find a position. Beyond it no number is announced: it would be
/// discouraging, and the count expensive.
const COUNTED_MAX: u16 = 100;

/// State of a waiting caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The Task waits: position from 1 and remaining expected wait, as far as they are known.
    InLine {
        position: Option<u32>,
        expected: Option<Millis>,
    },
    /// The state is unknown, or a Worker has answered and is being connected.
    Unknown,
    /// The Task has ended, or no longer exists.
    Over,
}

/// Answers a waiting caller, and serves the music and the audio files of the configuration. A
/// request for a sound has no signature and needs none.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        path::MUSIC => Reply::sound(music::CONTENT_TYPE, music::wav()),
        other if other.starts_with(path::SOUNDS) => sound(&voice, &request).await,
        _ => voice.document(&request, answer).await,
    }
}

/// An audio file of the configuration. Only its name, which cannot be guessed, leads to it.
async fn sound(voice: &Voice, request: &Request) -> Reply {
    let last = request.path().rsplit('/').next().unwrap_or_default();
    let Some(name) = SoundName::parse(last) else {
        return no_such_path(request);
    };
    match voice.store.sound(&name).await {
        Ok(Some(content)) => Reply::named_sound(name.format().content_type(), content.to_vec()),
        Ok(None) => no_such_path(request),
        Err(error) => {
            tracing::error!(%name, %error, "audio file not read");
            Reply::error(503, "the file cannot be read at the moment")
        }
    }
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let waiting = WaitMusic::parse(&webhook.parameters)?;
    let wait = match waiting.task_sid {
        Some(task_sid) => find(voice, task_sid)
            .await
            .unwrap_or_else(|failure| webhook.tolerate(&failure, Wait::Unknown)),
        // Hosted TaskRouter: all callers of a Workflow share one queue of the carrier.
        None => Wait::InLine {
            position: waiting.queue_position,
            expected: None,
        },
    };
    // The sample Task of a preview does not exist.
    let wait = if webhook.is_preview() && wait == Wait::Over {
        Wait::Unknown
    } else {
        wait
    };
    if let Some(document) = in_flow(voice, webhook, &waiting, wait).await {
        return Ok(document);
    }
    let menu = voice.menu(webhook).await;
    let round = if waiting.queue_time_secs == Some(0) {
        Round::First
    } else {
        Round::Later
    };
    Ok(document(
        language(&menu, waiting.selected_language.as_deref())?,
        round,
        wait,
    ))
}

/// The wait document of a caller in a flow. `None`: the caller is in none, has to leave the queue,
/// or the flow cannot be read. Then the document of the menu is heard, so there is music in any
/// case.
async fn in_flow(
    voice: &Voice,
    webhook: &Webhook,
    waiting: &WaitMusic,
    wait: Wait,
) -> Option<Response> {
    let (position, expected) = match wait {
        Wait::InLine { position, expected } => (position, expected),
        Wait::Unknown => (None, None),
        Wait::Over => return None,
    };
    let state = State::parse(&webhook.parameters).ok().flatten()?;
    let flows = voice.flows_of(&state.version).await;
    let flows = flows
        .map(Some)
        .unwrap_or_else(|failure| webhook.tolerate(&failure, None))?;
    let place = Place {
        waited: Millis::from_secs(waiting.queue_time_secs.unwrap_or_default().into()),
        position,
        expected,
    };
    let switches = voice.switches(webhook, &flows).await;
    let answered = voice_flows::Webhook {
        call: &waiting.call,
        parameters: &webhook.parameters,
        switches: &switches,
        now: voice.now(),
    };
    voice_flows::wait(&flows, &state, answered, waiting.task_sid?, place)
}

async fn find(voice: &Voice, task_sid: TaskSid) -> Result<Wait, Failure> {
    let Some(task) = voice.store.task(task_sid).await? else {
        return Ok(Wait::Over);
    };
    match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved => in_line(voice, &task).await,
        AssignmentStatus::Assigned | AssignmentStatus::Wrapping => Ok(Wait::Unknown),
        AssignmentStatus::Completed | AssignmentStatus::Canceled => Ok(Wait::Over),
    }
}

async fn in_line(voice: &Voice, task: &Task) -> Result<Wait, Failure> {
    let now = voice.now();
    let workspace = voice
        .store
        .workspace(task.workspace_sid, now)
        .await?
        .ok_or(Failure::NotSetUp("Workspace"))?;
    let ahead = voice
        .store
        .waiting_ahead(task, &workspace, COUNTED_MAX)
        .await?;
    let usual = voice.store.expected_wait(task.task_queue_sid, now).await?;
    let expected = match still_expected(usual, now.since(task.date_created)) {
        Some(left) if is_staffed(voice, &workspace, task).await? => Some(left),
        Some(_) | None => None,
    };
    Ok(Wait::InLine {
        position: position(ahead),
        expected,
    })
}

/// Whether a Worker is available for the Task's queue. With none, no wait is announced.
async fn is_staffed(voice: &Voice, workspace: &Workspace, task: &Task) -> Result<bool, Failure> {
    let queue = task.task_queue_sid;
    Ok(voice
        .store
        .is_staffed(workspace, queue, voice.now())
        .await?)
}

/// The position after `ahead` other callers; `None` when the count stopped at its limit.
fn position(ahead: u16) -> Option<u32> {
    (ahead < COUNTED_MAX).then(|| u32::from(ahead) + 1)
}

/// The remaining part of the usual wait. `None` once the caller has waited longer, because any
/// number would be wrong.
fn still_expected(usual: Option<Millis>, waited: Millis) -> Option<Millis> {
    let left = usual?.as_millis().checked_sub(waited.as_millis())?;
    Some(Millis::from_millis(left))
}

fn document(language: &Language, round: Round, wait: Wait) -> Response {
    match wait {
        Wait::InLine { position, expected } => documents::wait(language, round, position, expected),
        Wait::Unknown => documents::wait(language, round, None, None),
        Wait::Over => documents::leave(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_needs_a_complete_count() {
        for (ahead, expected) in [
            (0, Some(1)),
            (COUNTED_MAX - 1, Some(100)),
            (COUNTED_MAX, None),
        ] {
            assert_eq!(position(ahead), expected, "{ahead}");
        }
    }

    #[test]
    fn waited_time_reduces_the_expected_wait() {
        let secs = Millis::from_secs;
        for (usual, waited, expected) in [
            (None, 10, None),
            (Some(secs(60)), 0, Some(secs(60))),
            (Some(secs(60)), 45, Some(secs(15))),
            (Some(secs(60)), 60, Some(secs(0))),
            (Some(secs(60)), 61, None),
        ] {
            assert_eq!(
                still_expected(usual, secs(waited)),
                expected,
                "{usual:?} after {waited} s"
            );
        }
    }
}
