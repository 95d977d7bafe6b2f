//! Joining a conference, and creating it.

use ids::time::Millis;
use ids::{CallSid, ConferenceSid};

use super::{
    Conference, ConferenceRecording, ConferenceStatus, ConferenceStatusCallback, NAME_CHARS_MAX,
    Participant,
};
use crate::network::call::{Conferring, Phase};
use crate::network::turn::Turn;
use crate::network::{CONFERENCES_MAX, Event, Target};
use crate::twiml::{ConferenceNoun, Dial, ErrorCode, Fault, LABEL_CHARS_MAX, Link, Wait};

/// The links of a `<Conference>`, resolved to absolute URLs.
#[derive(Default)]
pub(super) struct Links {
    wait: Option<Target>,
    status: Option<Target>,
    recording: Option<Target>,
}

impl Turn<'_> {
    /// Executes `<Dial><Conference>`: the call joins the conference, or the Dial fails.
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
            Wait::Document(link) => Some(
                self.resolve(sid, link)
                    .map_err(|fault| fault.with_url_code(ErrorCode::ConferenceWaitUrl))?,
            ),
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

    /// The conference that the noun names, with room for this call. A name without a conference
    /// creates one.
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

    /// A conference that is not over: by its SID, which must exist, or by its name.
    fn find_room(&self, room: &str) -> Result<Option<ConferenceSid>, Fault> {
        if let Ok(sid) = room.parse::<ConferenceSid>() {
            let goes_on = self
                .network
                .conferences
                .get(&sid)
                .is_some_and(|conference| !conference.is_over());
            if !goes_on {
                let text = format!("no conference {sid} is going on");
                return Err(Fault::new(ErrorCode::ConferenceSid, text));
            }
            return Ok(Some(sid));
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

    /// The coached call must be in the conference, which must have started (13240).
    fn check_coach(&self, room: Option<ConferenceSid>, coach: Option<&str>) -> Result<(), Fault> {
        let Some(coach) = coach else { return Ok(()) };
        let is_in = room
            .and_then(|room| self.network.conferences.get(&room))
            .filter(|conference| conference.status == ConferenceStatus::InProgress)
            .zip(coach.parse::<CallSid>().ok())
            .is_some_and(|(conference, call)| conference.joined().any(|other| other.call == call));
        if !is_in {
            let text = "coach: expected a call that is in this conference, which must have begun";
            return Err(Fault::new(ErrorCode::Coach, text));
        }
        Ok(())
    }

    fn make_conference(
        &mut self,
        maker: CallSid,
        noun: &ConferenceNoun,
        links: &Links,
    ) -> Result<ConferenceSid, Fault> {
        if self.network.conferences.len() >= CONFERENCES_MAX {
            self.remove_oldest_conference()?;
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
            status_callback: links.status.clone().map(|target| ConferenceStatusCallback {
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

    /// Makes room for a new conference: removes the oldest one that is over.
    fn remove_oldest_conference(&mut self) -> Result<(), Fault> {
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
        let now = self.now;
        let until = now + Millis::from_secs(dial.time_limit_secs.into());
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
        let may_start = self
            .network
            .conferences
            .get(&room)
            .is_some_and(Conference::may_start);
        if may_start {
            self.start_conference(room);
        } else {
            self.start_audio(sid);
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

    /// Adds a participant, or replaces the entry that the call has had since it was invited.
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
            self.start_audio(call);
        }
    }
}

fn check_label(label: Option<&str>) -> Result<(), Fault> {
    let Some(label) = label else { return Ok(()) };
    let chars = label.chars().count();
    let is_usable = (1..=LABEL_CHARS_MAX).contains(&chars)
        && !label.contains('/')
        && label.parse::<CallSid>().is_err();
    if !is_usable {
        let text = format!(
            "participantLabel: expected 1 to {LABEL_CHARS_MAX} characters without /, and no call's SID"
        );
        return Err(Fault::new(ErrorCode::ParticipantLabel, text));
    }
    Ok(())
}

/// Checks that a conference has room for one more participant with this label. A call that was
/// invited has its entry already, and is not counted.
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
