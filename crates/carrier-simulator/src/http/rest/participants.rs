//! Participants of conferences (`/docs/voice/api/conference-participant-resource`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use ids::{AccountSid, CallSid, ConferenceSid};
use serde_json::Value;

use super::fields::{
    CALL_FIELDS, flag, recording, refuse_unknown, ring_time, status_callback, target, time_limit,
    to_and_from,
};
use super::{Body, PAGING, Reply, RestError, read_form, read_query, sid};
use crate::Carrier;
use crate::http::form::Form;
use crate::http::page::page;
use crate::http::{accept, created_call, resources};
use crate::network::{
    Conference, Input, Network, NewParticipant, Participant, ParticipantUpdate, Refusal, Target,
};
use crate::twiml::{Beep, ConferenceEvent, ConferenceNoun, Link, PARTICIPANTS_MAX, Wait};

/// Fields of a new participant in addition to [`CALL_FIELDS`].
const CONFERENCE_FIELDS: [&str; 23] = [
    "Label",
    "EarlyMedia",
    "Muted",
    "Beep",
    "StartConferenceOnEnter",
    "EndConferenceOnExit",
    "WaitUrl",
    "WaitMethod",
    "MaxParticipants",
    "Coaching",
    "CallSidToCoach",
    "Region",
    "JitterBufferSize",
    "ConferenceRecord",
    "ConferenceTrim",
    "ConferenceStatusCallback",
    "ConferenceStatusCallbackMethod",
    "ConferenceStatusCallbackEvent",
    "ConferenceRecordingStatusCallback",
    "ConferenceRecordingStatusCallbackMethod",
    "ConferenceRecordingStatusCallbackEvent",
    "EventCallbackUrl",
    "EventCallbackMethod",
];

/// Fields that an update may change.
const UPDATE_FIELDS: [&str; 10] = [
    "Muted",
    "Hold",
    "HoldUrl",
    "HoldMethod",
    "Coaching",
    "CallSidToCoach",
    "EndConferenceOnExit",
    "BeepOnExit",
    "WaitUrl",
    "WaitMethod",
];

pub(super) async fn list_participants(
    State(carrier): State<Arc<Carrier>>,
    Path((_, conference)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Reply {
    let account = carrier.account_sid();
    let conference = sid::<ConferenceSid>(&conference)?;
    let query = read_query(query);
    refuse_unknown(&query, &[&["Muted", "Hold", "Coaching"], &PAGING])?;
    let wanted = [
        flag(&query, "Muted")?,
        flag(&query, "Hold")?,
        flag(&query, "Coaching")?,
    ];
    let matches = |participant: &Participant| {
        let has = [
            participant.muted,
            participant.hold,
            participant.coaches.is_some(),
        ];
        wanted
            .iter()
            .zip(has)
            .all(|(wanted, has)| wanted.is_none_or(|wanted| wanted == has))
    };
    let items = carrier.read(|network| {
        let row = network.conference(conference)?;
        let rows = row
            .participants
            .iter()
            .filter(|participant| matches(participant));
        Some(
            rows.filter_map(|participant| render(account, network, row, participant))
                .collect::<Vec<_>>(),
        )
    });
    let items = items.ok_or_else(|| Refusal::UnknownConference(conference.to_string()))?;
    let path = format!(
        "{}/Conferences/{conference}/Participants.json",
        resources::account_path(account)
    );
    Ok((
        StatusCode::OK,
        Json(page(&path, "participants", &query, items)?),
    ))
}

/// The path names a conference by its SID or by its name. A name without a conference creates one.
pub(super) async fn create_participant(
    State(carrier): State<Arc<Carrier>>,
    Path((_, conference)): Path<(String, String)>,
    body: Body,
) -> Reply {
    let new = read_new_participant(&conference, &read_form(body)?)?;
    let outputs = accept(&carrier, Input::AddParticipant(Box::new(new)))?;
    let account = carrier.account_sid();
    let shown = created_call(outputs).and_then(|call| {
        carrier.read(|network| {
            let row = network
                .conferences()
                .into_iter()
                .find(|row| row.participant(call).is_some())?;
            render(account, network, row, row.participant(call)?)
        })
    });
    shown
        .map(|(_, shown)| (StatusCode::CREATED, Json(shown)))
        .ok_or_else(|| RestError::not_found(&conference))
}

pub(super) async fn fetch_participant(
    State(carrier): State<Arc<Carrier>>,
    Path((_, conference, participant)): Path<(String, String, String)>,
) -> Reply {
    let conference = sid(&conference)?;
    show(
        &carrier,
        conference,
        find(&carrier, conference, &participant)?,
    )
}

pub(super) async fn update_participant(
    State(carrier): State<Arc<Carrier>>,
    Path((_, conference, participant)): Path<(String, String, String)>,
    body: Body,
) -> Reply {
    let conference = sid(&conference)?;
    let call = find(&carrier, conference, &participant)?;
    let update = read_update(&read_form(body)?)?;
    accept(
        &carrier,
        Input::UpdateParticipant {
            conference,
            call,
            update,
        },
    )?;
    show(&carrier, conference, call)
}

pub(super) async fn delete_participant(
    State(carrier): State<Arc<Carrier>>,
    Path((_, conference, participant)): Path<(String, String, String)>,
) -> Result<StatusCode, RestError> {
    let conference = sid(&conference)?;
    let call = find(&carrier, conference, &participant)?;
    accept(&carrier, Input::RemoveParticipant { conference, call })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finds a participant by the SID of its call or by its label.
fn find(carrier: &Carrier, conference: ConferenceSid, text: &str) -> Result<CallSid, Refusal> {
    let text = text.strip_suffix(".json").unwrap_or(text);
    carrier.read(|network| {
        let row = network
            .conference(conference)
            .ok_or_else(|| Refusal::UnknownConference(conference.to_string()))?;
        let matches = |participant: &&Participant| {
            participant.label.as_deref() == Some(text) || participant.call.to_string() == text
        };
        let found = row
            .participants
            .iter()
            .find(matches)
            .map(|participant| participant.call);
        found.ok_or(Refusal::NotAParticipant(conference))
    })
}

fn show(carrier: &Carrier, conference: ConferenceSid, call: CallSid) -> Reply {
    let account = carrier.account_sid();
    let shown = carrier.read(|network| {
        let row = network.conference(conference)?;
        render(account, network, row, row.participant(call)?)
    });
    let (_, shown) = shown.ok_or(Refusal::NotAParticipant(conference))?;
    Ok((StatusCode::OK, Json(shown)))
}

fn render(
    account: AccountSid,
    network: &Network,
    conference: &Conference,
    participant: &Participant,
) -> Option<(String, Value)> {
    let call = network.call(participant.call)?;
    Some((
        participant.call.to_string(),
        resources::participant(account, conference, participant, call),
    ))
}

fn read_new_participant(conference: &str, form: &Form) -> Result<NewParticipant, RestError> {
    refuse_unknown(form, &[&CALL_FIELDS, &CONFERENCE_FIELDS])?;
    let (to, from) = to_and_from(form)?;
    Ok(NewParticipant {
        noun: read_noun(conference, form)?,
        to,
        from,
        status_callback: status_callback(form)?,
        ring_for: ring_time(form)?,
        time_limit: time_limit(form)?,
        recording: recording(form)?,
        early_media: flag(form, "EarlyMedia")?.unwrap_or(true),
    })
}

fn read_noun(conference: &str, form: &Form) -> Result<ConferenceNoun, RestError> {
    let defaults = ConferenceNoun::new(conference);
    let (status_callback, status_events) = conference_status_callback(form)?;
    let is_coaching = flag(form, "Coaching")?.unwrap_or(true);
    let coach = form.text("CallSidToCoach").map(str::to_owned);
    if form.text("Coaching").is_some() && is_coaching && coach.is_none() {
        return Err(Refusal::NoCallToCoach.into());
    }
    Ok(ConferenceNoun {
        muted: flag(form, "Muted")?.unwrap_or(defaults.muted),
        beep: beep(form)?.unwrap_or(defaults.beep),
        start_on_enter: flag(form, "StartConferenceOnEnter")?.unwrap_or(defaults.start_on_enter),
        end_on_exit: flag(form, "EndConferenceOnExit")?.unwrap_or(defaults.end_on_exit),
        wait: target(form, "WaitUrl", "WaitMethod")?
            .map_or(defaults.wait, |target| Wait::Document(link(target))),
        max_participants: max_participants(form)?.unwrap_or(defaults.max_participants),
        record: conference_record(form)?,
        coach: if is_coaching { coach } else { None },
        label: form.text("Label").map(str::to_owned),
        status_callback,
        status_events,
        recording_callback: target(
            form,
            "ConferenceRecordingStatusCallback",
            "ConferenceRecordingStatusCallbackMethod",
        )?
        .map(link),
        region: form.text("Region").map(str::to_owned),
        room: defaults.room,
    })
}

/// The conference's status callback. Without a list of events it reports the start and the end.
fn conference_status_callback(
    form: &Form,
) -> Result<(Option<Link>, Vec<ConferenceEvent>), RestError> {
    let target = target(
        form,
        "ConferenceStatusCallback",
        "ConferenceStatusCallbackMethod",
    )?;
    let (mut events, unknown) =
        ConferenceEvent::read_list(form.all("ConferenceStatusCallbackEvent"));
    if !unknown.is_empty() {
        let message = format!(
            "ConferenceStatusCallbackEvent: expected {}",
            ConferenceEvent::EXPECTED
        );
        return Err(RestError::bad_request(20001, message));
    }
    if events.is_empty() {
        events = vec![ConferenceEvent::Start, ConferenceEvent::End];
    }
    Ok((target.map(link), events))
}

fn beep(form: &Form) -> Result<Option<Beep>, RestError> {
    let Some(text) = form.text("Beep") else {
        return Ok(None);
    };
    match Beep::read(text) {
        Some(beep) => Ok(Some(beep)),
        None => {
            let message = format!("Beep: expected {}", Beep::EXPECTED);
            Err(RestError::bad_request(20001, message))
        }
    }
}

fn max_participants(form: &Form) -> Result<Option<u32>, RestError> {
    let Some(text) = form.text("MaxParticipants") else {
        return Ok(None);
    };
    match text.parse::<u32>() {
        Ok(number) if (2..=PARTICIPANTS_MAX).contains(&number) => Ok(Some(number)),
        Ok(_) | Err(_) => {
            let message =
                format!("MaxParticipants: expected a whole number from 2 to {PARTICIPANTS_MAX}");
            Err(RestError::bad_request(20001, message))
        }
    }
}

fn conference_record(form: &Form) -> Result<bool, RestError> {
    match form.text("ConferenceRecord") {
        None | Some("false" | "do-not-record") => Ok(false),
        Some("true" | "record-from-start") => Ok(true),
        Some(_) => {
            let message =
                "ConferenceRecord: expected true, false, record-from-start or do-not-record";
            Err(RestError::bad_request(20001, message))
        }
    }
}

fn read_update(form: &Form) -> Result<ParticipantUpdate, RestError> {
    if form.text("AnnounceUrl").is_some() {
        return Err(RestError::bad_request(
            20001,
            "AnnounceUrl: announcements in conferences are not simulated",
        ));
    }
    refuse_unknown(form, &[&UPDATE_FIELDS])?;
    let coach = form
        .text("CallSidToCoach")
        .map(|text| text.parse().map_err(|_| Refusal::NoCallToCoach));
    Ok(ParticipantUpdate {
        muted: flag(form, "Muted")?,
        hold: flag(form, "Hold")?,
        hold_music: target(form, "HoldUrl", "HoldMethod")?.map(|target| hold_target(form, target)),
        coaching: flag(form, "Coaching")?,
        call_to_coach: coach.transpose()?,
        end_on_exit: flag(form, "EndConferenceOnExit")?,
        beep_on_exit: flag(form, "BeepOnExit")?,
        wait: target(form, "WaitUrl", "WaitMethod")?,
    })
}

/// `HoldUrl` is fetched with GET by default; every other document with POST.
fn hold_target(form: &Form, target: Target) -> Target {
    match form.text("HoldMethod") {
        Some(_) => target,
        None => Target {
            method: crate::twiml::Method::Get,
            ..target
        },
    }
}

fn link(target: Target) -> Link {
    Link {
        url: target.url,
        method: target.method,
    }
}
