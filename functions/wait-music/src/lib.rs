//! `/wait-music`: what a waiting caller hears, and the music itself.
//!
//! The carrier asks again whenever the document has been heard, so each answer is one round: place in line, expected
//! wait, music. Whatever fails, there is music. A caller whose Task has ended is sent on to `/queue-exit`: whoever was to
//! do that may have failed, and nobody would ever come for this caller.

pub mod music;

use std::sync::Arc;

use ids::TaskSid;
use ids::time::Millis;
use runtime::voice::{Failure, Voice, Webhook, language};
use shared::menu::{Language, documents};
use shared::twiml::Response;
use shared::webhook::{Reply, Request, WaitMusic, path};
use task_router::model::{AssignmentStatus, Task};

/// Callers counted to tell one their place. Further back no number is said: it would be discouraging, and a long count.
const COUNTED_MAX: u16 = 100;

/// How the waiting of one caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// In line: place from 1, and the time still expected, as far as they are known.
    InLine {
        position: Option<u32>,
        expected: Option<Millis>,
    },
    /// Nothing is known, or a Worker has answered and the two are being connected.
    Unknown,
    /// The Task has ended, or is gone.
    Over,
}

/// Answers a caller who waits, and serves the music. The request for a sound carries no signature, and needs none.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        path::MUSIC => Reply::sound(music::CONTENT_TYPE, music::wav()),
        _ => voice.document(&request, answer).await,
    }
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let waiting = WaitMusic::parse(&webhook.parameters)?;
    let wait = match waiting.task_sid {
        Some(task_sid) => find(voice, task_sid)
            .await
            .unwrap_or_else(|failure| webhook.tolerate(&failure, Wait::Unknown)),
        // Hosted TaskRouter: all callers of a Workflow are in one queue of the carrier's.
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
    let menu = voice.menu(webhook).await;
    let is_first = waiting.queue_time_secs == Some(0);
    Ok(document(
        language(&menu, waiting.selected_language.as_deref())?,
        is_first,
        wait,
    ))
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
    let expected = voice.store.expected_wait(task.task_queue_sid, now).await?;
    Ok(Wait::InLine {
        position: position(ahead),
        expected: still_expected(expected, now.since(task.date_created)),
    })
}

/// The place behind `ahead` others; none when the count was broken off.
fn position(ahead: u16) -> Option<u32> {
    (ahead < COUNTED_MAX).then(|| u32::from(ahead) + 1)
}

/// What is left of the usual wait. Who has waited longer than usual is told nothing: it could only be wrong.
fn still_expected(usual: Option<Millis>, waited: Millis) -> Option<Millis> {
    let left = usual?.as_millis().checked_sub(waited.as_millis())?;
    Some(Millis::from_millis(left))
}

fn document(language: &Language, is_first: bool, wait: Wait) -> Response {
    match wait {
        Wait::InLine { position, expected } => {
            documents::wait(language, is_first, position, expected)
        }
        Wait::Unknown => documents::wait(language, is_first, None, None),
        Wait::Over => documents::leave(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_only_when_it_was_counted_to_the_end() {
        for (ahead, expected) in [
            (0, Some(1)),
            (COUNTED_MAX - 1, Some(100)),
            (COUNTED_MAX, None),
        ] {
            assert_eq!(position(ahead), expected, "{ahead}");
        }
    }

    #[test]
    fn the_time_waited_counts_against_the_usual_wait() {
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
