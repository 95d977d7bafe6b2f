//! The REST API's requests about conferences and participants
//! (`/docs/voice/api/conference-resource`,
//! `/docs/voice/api/conference-participant-resource`).

use ids::time::Millis;
use ids::{CallSid, ConferenceSid};

use super::{ConferenceEnd, Departure, EndReason, Participant};
use crate::network::call::Phase;
use crate::network::requests::Params;
use crate::network::rest::check_target;
use crate::network::turn::Turn;
use crate::network::{
    CallRecording, CallStatus, Direction, Event, Output, Refusal, Start, StatusCallback, Target,
};
use crate::twiml::{ConferenceEvent, ConferenceNoun, Dial, DialTo, ErrorCode, Fault, Link, Wait};

/// Time limit in seconds of an added participant whose call has no limit of its own: a day.
const STAY_SECS: u32 = 86_400;

/// A participant to be added to a conference by calling a phone.
#[derive(Debug, Clone, PartialEq)]
pub struct NewParticipant {
    /// The conference, by SID or name, and the participant's options. The links are absolute.
    pub noun: ConferenceNoun,
    /// The address to call.
    pub to: String,
    /// The number that the phone shows.
    pub from: String,
    /// The status callback of the call.
    pub status_callback: Option<StatusCallback>,
    /// Longest ringing time.
    pub ring_for: Millis,
    /// Time limit of the call.
    pub time_limit: Option<Millis>,
    /// The recording of the call, if it is recorded.
    pub recording: Option<CallRecording>,
    /// Whether the participants of the conference hear the phone ring.
    pub early_media: bool,
}

/// A change of a participant; a field that is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParticipantUpdate {
    /// Whether the others do not hear the participant.
    pub muted: Option<bool>,
    /// Whether the participant is on hold.
    pub hold: Option<bool>,
    /// The document heard on hold.
    pub hold_music: Option<Target>,
    /// Whether the participant speaks to one other participant alone.
    pub coaching: Option<bool>,
    /// The call that is coached.
    pub call_to_coach: Option<CallSid>,
    /// Whether the conference ends when the participant leaves.
    pub end_on_exit: Option<bool>,
    /// Whether the others hear a beep when the participant leaves.
    pub beep_on_exit: Option<bool>,
    /// The document heard before the conference starts.
    pub wait: Option<Target>,
}

impl Turn<'_> {
    pub fn add_participant(&mut self, new: NewParticipant) -> Result<(), Refusal> {
        self.check_reachable(&new.to, &new.from)?;
        check_target(
            "RecordingStatusCallback",
            new.recording
                .as_ref()
                .and_then(|wanted| wanted.callback.as_ref()),
        )?;
        check_target(
            "StatusCallback",
            new.status_callback
                .as_ref()
                .map(|status_callback| &status_callback.target),
        )?;
        for (field, link) in links(&new.noun) {
            check_target(
                field,
                Some(&Target {
                    url: link.url.clone(),
                    method: link.method,
                }),
            )?;
        }
        let sid = self.make_call(
            &new.from,
            &new.to,
            Direction::OutboundApi,
            CallStatus::Queued,
            Phase::Queued,
        )?;
        match self.invite(sid, &new.noun) {
            Ok(room) => self.prepare(sid, room, new),
            Err(fault) => {
                self.network.live.remove(&sid);
                self.network.calls.remove(&sid);
                return Err(if fault.code == ErrorCode::ConferenceSid {
                    Refusal::UnknownConference(new.noun.room)
                } else {
                    Refusal::Conference(fault)
                });
            }
        }
        self.emit(Output::CallCreated(sid));
        Ok(())
    }

    /// Adds an entry to the conference for a call that is about to be dialled.
    fn invite(&mut self, sid: CallSid, noun: &ConferenceNoun) -> Result<ConferenceSid, Fault> {
        let links = self.conference_links(sid, noun)?;
        let room = self.room_for(sid, noun, &links)?;
        let participant = self.participant(sid, noun, links);
        self.put_participant(room, participant);
        Ok(room)
    }

    fn prepare(&mut self, sid: CallSid, room: ConferenceSid, new: NewParticipant) {
        // From here on the SID names the conference: a later conference of the same name must not
        // be joined.
        let noun = ConferenceNoun {
            room: room.to_string(),
            ..new.noun
        };
        let dial = Dial {
            to: DialTo::Conference(Box::new(noun)),
            action: None,
            timeout_secs: 0,
            time_limit_secs: STAY_SECS,
            caller_id: None,
            hangup_on_star: false,
            sequential: false,
            answer_on_bridge: false,
            recording: None,
        };
        if let Some(call) = self.call_mut(sid) {
            call.invited = Some(room);
            call.early_media = new.early_media;
            call.start = Some(Start::Conference(Box::new(dial)));
            call.status_callback = new.status_callback;
            call.ring_for = new.ring_for;
            call.time_limit = new.time_limit;
            call.recording = new.recording;
        }
    }

    /// The phone of an invited participant rings: with early media, the participants of the
    /// conference hear it.
    pub fn announce_ringing(&mut self, sid: CallSid) {
        let Some(call) = self.call(sid) else {
            return;
        };
        if !call.early_media {
            return;
        }
        let to = call.to.clone();
        let room = call.invited;
        let Some(conference) = room.and_then(|room| self.network.conferences.get(&room)) else {
            return;
        };
        let listeners: Vec<CallSid> = conference
            .joined()
            .filter(|one| !one.hold)
            .map(|one| one.call)
            .collect();
        for listener in listeners {
            self.note(listener, Event::Playing, format!("{to} rings"));
        }
    }

    pub fn update_participant(
        &mut self,
        room: ConferenceSid,
        call: CallSid,
        update: ParticipantUpdate,
    ) -> Result<(), Refusal> {
        check_target("HoldUrl", update.hold_music.as_ref())?;
        check_target("WaitUrl", update.wait.as_ref())?;
        let before = self.known_participant(room, call)?.clone();
        let coaches = self.coaching_after(room, &before, &update)?;
        let after = Participant {
            muted: update.muted.unwrap_or(before.muted),
            hold: update.hold.unwrap_or(before.hold),
            hold_music: update.hold_music.or(before.hold_music.clone()),
            coaches,
            end_on_exit: update.end_on_exit.unwrap_or(before.end_on_exit),
            beep: update
                .beep_on_exit
                .map_or(before.beep, |on_exit| before.beep.with_exit(on_exit)),
            wait: update.wait.or(before.wait.clone()),
            updated: self.now,
            ..before.clone()
        };
        self.put_participant(room, after.clone());
        self.announce_change(room, &before, &after);
        if after.joined.is_some() && before.hold != after.hold {
            self.start_audio(call);
        }
        Ok(())
    }

    /// The call that a participant coaches after an update: it must be in the conference.
    fn coaching_after(
        &self,
        room: ConferenceSid,
        before: &Participant,
        update: &ParticipantUpdate,
    ) -> Result<Option<CallSid>, Refusal> {
        let wanted = update.call_to_coach.or(before.coaches);
        match (update.coaching, update.call_to_coach) {
            (Some(false), _) => return Ok(None),
            (None, None) => return Ok(before.coaches),
            (Some(true), _) | (None, Some(_)) => {}
        }
        let wanted = wanted
            .filter(|call| *call != before.call)
            .ok_or(Refusal::NoCallToCoach)?;
        self.known_participant(room, wanted)
            .map_err(|_| Refusal::NoCallToCoach)?;
        Ok(Some(wanted))
    }

    fn announce_change(&mut self, room: ConferenceSid, before: &Participant, after: &Participant) {
        use ConferenceEvent::{Hold, Modify, Mute};
        let mut changes = Vec::new();
        if before.muted != after.muted {
            changes.push((
                Mute,
                if after.muted {
                    "participant-mute"
                } else {
                    "participant-unmute"
                },
            ));
        }
        if before.hold != after.hold {
            changes.push((
                Hold,
                if after.hold {
                    "participant-hold"
                } else {
                    "participant-unhold"
                },
            ));
        }
        let other_fields = |p: &Participant| (p.coaches, p.end_on_exit, p.beep, p.wait.clone());
        if other_fields(before) != other_fields(after) {
            changes.push((Modify, "participant-modify"));
        }
        for (event, name) in changes {
            self.note(after.call, Event::Conference, name);
            self.report_participant(room, after, event, name, Params::new());
        }
    }

    pub fn remove_participant(
        &mut self,
        room: ConferenceSid,
        call: CallSid,
    ) -> Result<(), Refusal> {
        match self.known_participant(room, call)?.joined {
            Some(_) => self.leave_conference(call, Departure::UpdatedViaApi),
            None => self.end(
                call,
                CallStatus::Canceled,
                "the application canceled the call",
            ),
        }
        Ok(())
    }

    /// Ends a conference for a program. A conference that is over stays as it is.
    pub fn end_conference_for(&mut self, room: ConferenceSid) -> Result<(), Refusal> {
        let conference = self.network.conferences.get(&room);
        let conference = conference.ok_or_else(|| Refusal::UnknownConference(room.to_string()))?;
        if !conference.is_over() {
            let end = ConferenceEnd {
                reason: EndReason::ConferenceEndedViaApi,
                by: None,
                by_label: None,
            };
            self.end_conference(room, end);
        }
        Ok(())
    }

    fn known_participant(
        &self,
        room: ConferenceSid,
        call: CallSid,
    ) -> Result<&Participant, Refusal> {
        let conference = self.network.conferences.get(&room);
        let conference = conference.ok_or_else(|| Refusal::UnknownConference(room.to_string()))?;
        conference
            .participant(call)
            .ok_or(Refusal::NotAParticipant(room))
    }
}

/// The links of a new participant, each with the name of its request parameter.
fn links(noun: &ConferenceNoun) -> impl Iterator<Item = (&'static str, &Link)> {
    let wait = match &noun.wait {
        Wait::Document(link) => Some(link),
        Wait::Music | Wait::Silence => None,
    };
    let all = [
        ("WaitUrl", wait),
        ("ConferenceStatusCallback", noun.status_callback.as_ref()),
        (
            "ConferenceRecordingStatusCallback",
            noun.recording_callback.as_ref(),
        ),
    ];
    all.into_iter()
        .filter_map(|(field, link)| link.map(|link| (field, link)))
}
