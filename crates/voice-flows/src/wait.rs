//! The document for a caller who waits in a queue step: one round of announcements and music.
//!
//! The carrier requests the document again whenever it has been played. A round has no memory, so
//! the time in the queue decides which announcement is due.

use ids::TaskSid;
use ids::time::Millis;
use shared::menu::documents as menu_documents;
use shared::twiml::{Gather, Play, Prompt as Heard, Response};
use shared::webhook::path;

use crate::documents::Speaker;
use crate::scope::{FlowScope, HoursNow, Parties};
use crate::{Action, Leave, Queue, Resume, State, VoiceFlows, Wait, Webhook};

/// The length of a round whose music has no known length, because it is on another server: the
/// length of the built-in music.
const ROUND: Millis = Millis::from_secs(20);

/// Silence after the music of a round with a key, in seconds: the shortest that carriers accept.
const KEY_TIMEOUT_SECS: u16 = 1;

/// What is known of a waiting caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Time in the carrier's queue.
    pub waited: Millis,
    /// Position, from 1, if it is known.
    pub position: Option<u32>,
    /// The remaining expected wait, if it is known and a Worker is available.
    pub expected: Option<Millis>,
}

/// One round of the wait of the webhook's call for `task`. `None` if the state is at no queue step.
pub fn wait(
    flows: &VoiceFlows,
    state: &State,
    webhook: Webhook<'_>,
    task: TaskSid,
    place: Place,
) -> Option<Response> {
    let Action::Queue(queue) = &flows.step(state.at)?.action else {
        return None;
    };
    let hours = HoursNow::of(flows, webhook.switches, webhook.now);
    let speaker = Speaker {
        language: flows.language(state.language.as_deref()),
        scope: FlowScope::new(flows, state, Parties::of(webhook.call), &hours, None),
    };
    let mut heard = announcements(queue, &speaker, place);
    heard.push(Heard::Play(music(&queue.wait, &speaker)));
    Some(match &queue.leave {
        Some(_) => Response::new().then(Gather {
            num_digits: Some(1),
            timeout_secs: KEY_TIMEOUT_SECS,
            action: path::flow_of_task(
                path::FLOW_STEP,
                task,
                &state.resumed(Resume::Leave).query(),
            ),
            nested: heard,
            ..Gather::default()
        }),
        None => {
            let mut document = Response::new();
            document.extend(heard.into_iter().map(Into::into));
            document
        }
    })
}

fn announcements(queue: &Queue, speaker: &Speaker<'_>, place: Place) -> Vec<Heard> {
    let wait = &queue.wait;
    let mut heard = Vec::new();
    if place.waited == Millis::default() {
        heard.extend(speaker.prompt_or(&wait.welcome, |texts| &texts.please_wait));
    }
    let Some(turn) = due(wait, place.waited) else {
        return heard;
    };
    if wait.has_position || wait.has_expected_wait {
        let position = place.position.filter(|_| wait.has_position);
        let expected = place.expected.filter(|_| wait.has_expected_wait);
        heard.extend(menu_documents::place(speaker.language, position, expected));
    }
    let count = wait.announcements.len().max(1);
    if let Some(prompt) = wait.announcements.get(turn % count) {
        heard.extend(speaker.prompt(prompt));
    }
    if let Some(Leave { prompt, .. }) = &queue.leave {
        heard.extend(speaker.prompt(prompt));
    }
    heard
}

/// The number of the announcement that is due in the round that begins after `waited`, from 0.
fn due(wait: &Wait, waited: Millis) -> Option<usize> {
    let every = wait.announce_every.as_millis().max(1);
    let since_due = waited.as_millis() % every;
    let turn = usize::try_from(waited.as_millis() / every).unwrap_or_default();
    let round = wait.music_length.unwrap_or(ROUND);
    (since_due < round.as_millis()).then_some(turn)
}

fn music(wait: &Wait, speaker: &Speaker<'_>) -> Play {
    let language = &speaker.language.selected_language;
    let own = wait
        .music
        .as_ref()
        .and_then(|music| music.in_language(language));
    Play::new(own.unwrap_or(path::MUSIC))
}
