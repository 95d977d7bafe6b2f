//! Into a conference.

use ids::time::Millis;
use ids::{CallSid, ConferenceSid};

use super::{
    Conference, ConferenceRecording, ConferenceReporter, ConferenceStatus, NAME_CHARS_MAX,
    Participant,
};
use crate::network::call::{Conferring, Phase};
use crate::network::turn::Turn;
use crate::network::{CONFERENCES_MAX, Event, Target};
use crate::twiml::{ConferenceNoun, Dial, ErrorCode, Fault, LABEL_CHARS_MAX, Link, Wait};

/// The links of a `<Conference>`, made absolute.
#[derive(Default)]
pub(super) struct Links {
    wait: Option<Target>,
    status: Option<Target>,
    recording: Option<Target>,
}

impl Turn<'_> {
    /// `<Dial><Conference>`: the call is in the conference, or the Dial failed.
    pub fn join_conference(&mut self, sid: CallSid, dial: Dial, noun: &ConferenceNoun) {
        let entered = self.conference_links(sid, noun).and_then(|links| {
            let room = self.room_for(sid, noun, &links)?;
            Ok((room, links))
        });
        match entered {
            Ok((room, links)) => self.enter(sid, room, dial, noun, links),
            Err(fault) => {
                self.note_fault(sid, &fault);
                self.dial_failed(sid, &dial);
            }
        }
    }

    pub(super) fn conference_links(
        &self,
        sid: CallSid,
        noun: &ConferenceNoun,
    ) -> Result<Links, Fault> {
        let wait = match &noun.wait {
            Wait::Document(link) => Some(self.resolve(sid, link).map_err(wait_url_fault)?),
            Wait::Music | Wait::Silence => None,
        };
        let resolve = |link: &Option<Link>| {
            link.as_ref()
                .map(|link| self.resolve(sid, link))
                .transpose()
        };
        Ok(Links {
            wait,
            status: resolve(&noun.status_callback)?,
            recording: resolve(&noun.recording_callback)?,
        })
    }

    /// The conference that the noun means, with room for this call; made when there is none of that name.
    pub(super) fn room_for(
        &mut self,
        sid: CallSid,
        noun: &ConferenceNoun,
        links: &Links,
    ) -> Result<ConferenceSid, Fault> {
        check_label(noun.label.as_deref())?;
        let found = self.find_room(&noun.room)?;
        self.check_coach(found, noun.coach.as_deref())?;
        let Some(room) = found else {
            return self.make_conference(sid, noun, links);
        };
        if let Some(conference) = self.network.conferences.get(&room) {
            check_admission(conference, sid, noun.label.as_deref())?;
        }
        Ok(room)
    }

    /// A conference that goes on: by its SID, which must exist, or by its name.
    fn find_room(&self, room: &str) -> Result<Option<ConferenceSid>, Fault> {
        if let Ok(sid) = room.parse::<ConferenceSid>() {
            let goes_on = self
                .network
                .conferences
                .get(&sid)
                .is_some_and(|conference| !conference.is_over());
            let over = || {
                Fault::new(
                    ErrorCode::ConferenceSid,
                    format!("no conference {sid} is going on"),
                )
            };
            return goes_on.then_some(Some(sid)).ok_or_else(over);
        }
        let chars = room.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX {
            let text =
                format!("a conference's name has 1 to {NAME_CHARS_MAX} characters, not {chars}");
            return Err(Fault::new(ErrorCode::ConferenceName, text));
        }
        let mut going_on = self
            .network
            .conferences
            .values()
            .filter(|conference| !conference.is_over());
        Ok(going_on
            .find(|conference| conference.name == room)
            .map(|conference| conference.sid))
    }

    /// The call to be coached must be in the conference, and the conference must have begun (13240).
    fn check_coach(&self, room: Option<ConferenceSid>, coach: Option<&str>) -> Result<(), Fault> {
        let Some(coach) = coach else { return Ok(()) };
        let conference = room.and_then(|room| self.network.conferences.get(&room));
        let begun =
            conference.filter(|conference| conference.status == ConferenceStatus::InProgress);
        let coached = begun.zip(coach.parse::<CallSid>().ok());
        let is_in = coached
            .is_some_and(|(conference, call)| conference.joined().any(|other| other.call == call));
        let text = "coach: expected a call that is in this conference, which must have begun";
        is_in
            .then_some(())
            .ok_or_else(|| Fault::new(ErrorCode::Coach, text))
    }

    fn make_conference(
        &mut self,
        maker: CallSid,
        noun: &ConferenceNoun,
        links: &Links,
    ) -> Result<ConferenceSid, Fault> {
        if self.network.conferences.len() >= CONFERENCES_MAX {
            self.forget_one_conference()?;
        }
        let serial = self.network.next_serial();
        let sid =
            ConferenceSid::derive(&[&self.network.setup.seed, "conference", &serial.to_string()]);
        let events = noun.status_events.clone();
        let conference = Conference {
            sid,
            serial,
            name: noun.room.clone(),
            status: ConferenceStatus::Init,
            created: self.now,
            updated: self.now,
            max_participants: noun.max_participants,
            region: noun.region.clone(),
            participants: Vec::new(),
            end: None,
            maker,
            reporter: links.status.clone().map(|target| ConferenceReporter {
                target,
                events,
                sent: 0,
            }),
            recording: noun.record.then(|| ConferenceRecording {
                callback: links.recording.clone(),
                since: None,
            }),
        };
        self.network.conferences.insert(sid, conference);
        Ok(sid)
    }

    fn forget_one_conference(&mut self) -> Result<(), Fault> {
        let over = self
            .network
            .conferences
            .values()
            .filter(|conference| conference.is_over());
        let oldest = over
            .min_by_key(|conference| conference.serial)
            .map(|conference| conference.sid);
        let Some(oldest) = oldest else {
            let text = format!("at most {CONFERENCES_MAX} conferences at once are simulated");
            return Err(Fault::new(ErrorCode::ConferenceFull, text));
        };
        self.network.conferences.remove(&oldest);
        Ok(())
    }

    fn enter(
        &mut self,
        sid: CallSid,
        room: ConferenceSid,
        dial: Dial,
        noun: &ConferenceNoun,
        links: Links,
    ) {
        let (now, until) = (
            self.now,
            self.now + Millis::from_secs(dial.time_limit_secs.into()),
        );
        if let Some(call) = self.call_mut(sid) {
            call.invited = None;
            call.conferring = Some(Conferring {
                conference: room,
                dial,
                since: now,
                until,
            });
            call.phase = Phase::Conferring;
        }
        let participant = Participant {
            joined: Some(now),
            ..self.participant(sid, noun, links)
        };
        self.put_participant(room, participant.clone());
        let conference = self.network.conferences.get(&room);
        let (name, others) = conference.map_or_else(Default::default, |row| {
            (row.name.clone(), row.joined().count().saturating_sub(1))
        });
        self.note(
            sid,
            Event::JoinedConference,
            format!("{name}, with {others} others"),
        );
        if participant.beep.on_enter() {
            self.beep(room, sid);
        }
        self.report_join(room, &participant);
        match self
            .network
            .conferences
            .get(&room)
            .is_some_and(Conference::may_start)
        {
            true => self.start_conference(room),
            false => self.tune(sid),
        }
    }

    pub(super) fn participant(
        &self,
        call: CallSid,
        noun: &ConferenceNoun,
        links: Links,
    ) -> Participant {
        Participant {
            call,
            label: noun.label.clone(),
            muted: noun.muted,
            hold: false,
            coaches: noun.coach.as_deref().and_then(|coach| coach.parse().ok()),
            start_on_enter: noun.start_on_enter,
            end_on_exit: noun.end_on_exit,
            created: self.now,
            updated: self.now,
            joined: None,
            beep: noun.beep,
            wait: links.wait,
            hold_music: None,
        }
    }

    /// Adds a participant, or replaces the entry it had while it was called.
    pub(super) fn put_participant(&mut self, room: ConferenceSid, participant: Participant) {
        let Some(conference) = self.network.conferences.get_mut(&room) else {
            return;
        };
        match conference.participant_mut(participant.call) {
            Some(invited) => {
                *invited = Participant {
                    created: invited.created,
                    ..participant
                }
            }
            None => conference.participants.push(participant),
        }
    }

    fn start_conference(&mut self, room: ConferenceSid) {
        let now = self.now;
        let Some(conference) = self.network.conferences.get_mut(&room) else {
            return;
        };
        conference.status = ConferenceStatus::InProgress;
        conference.updated = now;
        if let Some(recording) = &mut conference.recording {
            recording.since = Some(now);
        }
        let joined: Vec<CallSid> = conference
            .joined()
            .map(|participant| participant.call)
            .collect();
        self.report_start(room);
        for call in joined {
            self.note(call, Event::Conference, "it began");
            self.tune(call);
        }
    }
}

fn check_label(label: Option<&str>) -> Result<(), Fault> {
    let Some(label) = label else { return Ok(()) };
    let chars = label.chars().count();
    let is_usable = (1..=LABEL_CHARS_MAX).contains(&chars)
        && !label.contains('/')
        && label.parse::<CallSid>().is_err();
    let text = format!(
        "participantLabel: expected 1 to {LABEL_CHARS_MAX} characters without /, and no call's SID"
    );
    is_usable
        .then_some(())
        .ok_or_else(|| Fault::new(ErrorCode::ParticipantLabel, text))
}

/// Whether a conference takes one more, of that label; who was called into it has a place already.
fn check_admission(
    conference: &Conference,
    call: CallSid,
    label: Option<&str>,
) -> Result<(), Fault> {
    let mut others = conference
        .participants
        .iter()
        .filter(|participant| participant.call != call);
    if others.clone().count() >= conference.max_participants as usize {
        let text = format!(
            "conference {} has {} participants",
            conference.name, conference.max_participants
        );
        return Err(Fault::new(ErrorCode::ConferenceFull, text));
    }
    if label.is_some() && others.any(|participant| participant.label.as_deref() == label) {
        let text = format!(
            "another participant of conference {} has that label",
            conference.name
        );
        return Err(Fault::new(ErrorCode::ParticipantLabelTaken, text));
    }
    Ok(())
}

fn wait_url_fault(fault: Fault) -> Fault {
    if fault.code == ErrorCode::InvalidUrl {
        Fault {
            code: ErrorCode::ConferenceWaitUrl,
            ..fault
        }
    } else {
        fault
    }
}
