//! Leaving a conference, and its end.

use ids::{CallSid, ConferenceSid};

use super::{ConferenceEnd, ConferenceStatus, Departure, EndReason, Participant};
use crate::network::call::{Conferring, Phase};
use crate::network::requests::{Params, param};
use crate::network::turn::Turn;
use crate::network::{CallStatus, Event};

impl Turn<'_> {
    /// A call leaves its conference and continues: with the action of its Dial, or with the next
    /// verb.
    pub fn leave_conference(&mut self, sid: CallSid, departure: Departure) {
        let Some((conferring, participant)) = self.remove_from_conference(sid, departure) else {
            return;
        };
        self.go_on_after_dial(sid, &conferring.dial, answered());
        self.settle_conference(conferring.conference, &participant, departure);
    }

    /// A call in a conference, or invited to it, is over or transferred. The Dial's action is
    /// notified.
    pub fn conference_abandoned(&mut self, sid: CallSid, departure: Departure) {
        if let Some((conferring, participant)) = self.remove_from_conference(sid, departure) {
            self.notify_dial_action(sid, &conferring.dial, answered());
            self.settle_conference(conferring.conference, &participant, departure);
        }
        let Some(room) = self.call_mut(sid).and_then(|call| call.invited.take()) else {
            return;
        };
        if let Some(participant) = self.remove_entry(room, sid) {
            self.report_leave(room, &participant, Departure::AddFailed);
            self.settle_conference(room, &participant, Departure::AddFailed);
        }
    }

    /// The wait document of the conference could not be fetched: the call has not joined.
    pub fn conference_not_entered(&mut self, sid: CallSid) {
        let Some((conferring, participant)) =
            self.remove_from_conference(sid, Departure::AddFailed)
        else {
            return;
        };
        self.dial_failed(sid, &conferring.dial);
        self.settle_conference(conferring.conference, &participant, Departure::AddFailed);
    }

    /// Removes the call from the conference, and reports it to the status callback and by a beep.
    fn remove_from_conference(
        &mut self,
        sid: CallSid,
        departure: Departure,
    ) -> Option<(Conferring, Participant)> {
        self.abandon_document(sid);
        let call = self.call_mut(sid)?;
        let conferring = call.conferring.take()?;
        call.stack.truncate(1);
        if call.phase != Phase::Ended {
            call.phase = Phase::Holding;
        }
        let stayed = self.now.since(conferring.since).as_secs();
        self.note(
            sid,
            Event::LeftConference,
            format!("after {stayed} s ({})", departure.as_str()),
        );
        let room = conferring.conference;
        let participant = self.remove_entry(room, sid)?;
        if participant.beep.on_exit() {
            self.beep(room, sid);
        }
        self.report_leave(room, &participant, departure);
        Some((conferring, participant))
    }

    /// Removes the participant's entry.
    fn remove_entry(&mut self, room: ConferenceSid, sid: CallSid) -> Option<Participant> {
        let conference = self.network.conferences.get_mut(&room)?;
        let index = conference
            .participants
            .iter()
            .position(|participant| participant.call == sid)?;
        Some(conference.participants.remove(index))
    }

    /// Ends the conference after a departure if it was the last participant, or one with
    /// `endConferenceOnExit`.
    fn settle_conference(&mut self, room: ConferenceSid, left: &Participant, departure: Departure) {
        let Some(conference) = self.network.conferences.get(&room) else {
            return;
        };
        if conference.is_over() {
            return;
        }
        let ends_it = left.end_on_exit && left.joined.is_some();
        if ends_it || conference.participants.is_empty() {
            let end = ConferenceEnd {
                reason: departure.end_reason(ends_it),
                by: Some(left.call),
                by_label: left.label.clone(),
            };
            self.end_conference(room, end);
        }
    }

    /// Ends a conference. Each participant's call continues after its Dial; invited calls are
    /// canceled.
    pub(super) fn end_conference(&mut self, room: ConferenceSid, end: ConferenceEnd) {
        let now = self.now;
        let departure = match end.reason {
            EndReason::ConferenceEndedViaApi => Departure::EndedViaApi,
            EndReason::ParticipantWithEndConferenceOnExitLeft
            | EndReason::ParticipantWithEndConferenceOnExitKicked
            | EndReason::LastParticipantKicked
            | EndReason::LastParticipantLeft => Departure::ModeratorEnded,
        };
        let Some(conference) = self.network.conferences.get_mut(&room) else {
            return;
        };
        conference.status = ConferenceStatus::Completed;
        conference.updated = now;
        conference.end = Some(end);
        let participants: Vec<(CallSid, bool)> = conference
            .participants
            .iter()
            .map(|participant| (participant.call, participant.joined.is_some()))
            .collect();
        for (call, is_in) in participants {
            if is_in {
                self.leave_conference(call, departure);
            } else {
                self.end(
                    call,
                    CallStatus::Canceled,
                    "the conference it was called into ended",
                );
            }
        }
        self.report_end(room);
        self.keep_conference_recording(room);
    }
}

/// The parameters for a Dial's action after a conference (voice-webhooks.md section 6.3).
fn answered() -> Params {
    vec![param("DialCallStatus", "answered")]
}
