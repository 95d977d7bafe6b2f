//! What a participant hears: the others, what is played before the beginning, what is played on hold, and beeps.

use ids::{CallSid, ConferenceSid};

use super::ConferenceStatus;
use crate::network::call::{Phase, Role, Transfer};
use crate::network::requests::Params;
use crate::network::turn::Turn;
use crate::network::{Event, Target};

impl Turn<'_> {
    /// Lets a participant hear what belongs to its place from now on.
    pub(super) fn tune(&mut self, sid: CallSid) {
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

    /// The role of the document that belongs to a participant's place; none while it hears the others.
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

    /// The others hear that somebody came or went.
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
