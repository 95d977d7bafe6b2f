//! What a participant hears: the others, the wait document, the hold music, and beeps.

use ids::{CallSid, ConferenceSid};

use super::{ConferenceStatus, Participant};
use crate::network::call::{Phase, Role, Transfer};
use crate::network::requests::Params;
use crate::network::turn::Turn;
use crate::network::{Event, Target};

impl Turn<'_> {
    /// Starts what a participant hears in its present state, and stops what it heard before.
    pub(super) fn start_audio(&mut self, sid: CallSid) {
        self.abandon_document(sid);
        if let Some(call) = self.call_mut(sid) {
            call.stack.truncate(1);
            call.phase = Phase::Conferring;
        }
        let Some((role, target)) = self.music(sid) else {
            return;
        };
        if let Some(target) = target {
            self.request(
                sid,
                Transfer {
                    role,
                    target,
                    extra: Params::new(),
                },
            );
        }
    }

    /// The role of the document that a participant hears; `None` while it hears the others.
    pub fn conference_role(&self, sid: CallSid) -> Option<Role> {
        self.music(sid).map(|(role, _)| role)
    }

    fn music(&self, sid: CallSid) -> Option<(Role, Option<Target>)> {
        let room = self.call(sid)?.conference()?;
        let conference = self.network.conferences.get(&room)?;
        let participant = conference.participant(sid)?;
        match (conference.status, participant.hold) {
            (_, true) => Some((Role::ConferenceHold, participant.hold_music.clone())),
            (ConferenceStatus::Init, false) => {
                Some((Role::ConferenceWait, participant.wait.clone()))
            }
            (ConferenceStatus::InProgress | ConferenceStatus::Completed, false) => None,
        }
    }

    /// The calls that hear what a participant says: the others, only the coached call of a coach,
    /// and none while the participant is muted. `None` outside a conversation.
    pub fn conference_hearers(&self, sid: CallSid) -> Option<Vec<CallSid>> {
        let room = self.call(sid)?.conference()?;
        if self.music(sid).is_some() {
            return None;
        }
        let conference = self.network.conferences.get(&room)?;
        let speaker = conference.participant(sid)?;
        let hears = |other: &Participant| {
            let is_addressed = speaker.coaches.is_none_or(|coached| coached == other.call);
            other.call != sid && !other.hold && !speaker.muted && is_addressed
        };
        let hearers = conference.joined().filter(|other| hears(other));
        Some(hearers.map(|other| other.call).collect())
    }

    /// Plays a beep to the other participants because `about` joined or left.
    pub(super) fn beep(&mut self, room: ConferenceSid, about: CallSid) {
        let Some(conference) = self.network.conferences.get(&room) else {
            return;
        };
        let hearers: Vec<CallSid> = conference
            .joined()
            .filter(|p| p.call != about && !p.hold)
            .map(|participant| participant.call)
            .collect();
        for hearer in hearers {
            self.note(hearer, Event::Playing, "a beep");
        }
    }
}
