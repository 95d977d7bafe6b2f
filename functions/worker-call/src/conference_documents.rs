//! The documents of a conference instruction: for the Worker, the caller and a supervisor
//! (taskrouter.md section 11.3).

use ids::{CallSid, ReservationSid, TaskSid};
use shared::twiml::{self, Dial, DialNoun, Response};
use shared::webhook::path;
use task_router::model::instruction::{Conference, MaxParticipants};
use vocabulary::{Beep, ConferenceEvent, ConferenceRecord, SupervisorMode, Trim};

/// Events that Cordboard itself needs to follow the conference.
pub const OWN_EVENTS: [ConferenceEvent; 3] = [
    ConferenceEvent::End,
    ConferenceEvent::Join,
    ConferenceEvent::Leave,
];

/// The Worker joins the conference, which is named after the Task.
pub fn worker(
    conference: &Conference,
    task_sid: TaskSid,
    reservation_sid: ReservationSid,
) -> Response {
    let room = twiml::Conference {
        muted: conference.muted,
        beep: Some(conference.beep),
        waits_for_start: !conference.start_conference_on_enter,
        end_on_exit: conference.end_conference_on_exit,
        ..room(conference, task_sid, reservation_sid)
    };
    dial(room, path::worker_call_ended(task_sid, reservation_sid))
}

/// The caller joins the same conference. The attributes are repeated, because the carrier uses
/// those of the first participant, and the Worker's may have been lost.
pub fn customer(
    conference: &Conference,
    task_sid: TaskSid,
    reservation_sid: ReservationSid,
) -> Response {
    let room = twiml::Conference {
        beep: Some(conference.customer_beep()),
        end_on_exit: conference.end_conference_on_customer_exit,
        ..room(conference, task_sid, reservation_sid)
    };
    dial(room, path::customer_left(task_sid, reservation_sid))
}

/// A supervisor joins the conference: with `monitor` no participant hears the supervisor, with
/// `whisper` only the Worker, with `barge` all.
pub fn supervisor(
    mode: SupervisorMode,
    worker_call: Option<CallSid>,
    task_sid: TaskSid,
) -> Response {
    let coach = match mode {
        SupervisorMode::Whisper => worker_call,
        SupervisorMode::Monitor | SupervisorMode::Barge => None,
    };
    let room = twiml::Conference {
        muted: mode == SupervisorMode::Monitor,
        coach,
        beep: Some(Beep::Never),
        waits_for_start: true,
        ..twiml::Conference::new(task_sid.to_string())
    };
    Response::new().then(Dial::new(DialNoun::Conference(Box::new(room))))
}

fn dial(room: twiml::Conference, action: String) -> Response {
    Response::new().then(Dial {
        action: Some(action),
        ..Dial::new(DialNoun::Conference(Box::new(room)))
    })
}

/// The attributes that Worker and caller share.
fn room(
    conference: &Conference,
    task_sid: TaskSid,
    reservation_sid: ReservationSid,
) -> twiml::Conference {
    let subscribed = conference
        .conference_status_callback
        .iter()
        .flat_map(|callback| callback.events.iter().copied());
    let mut events: Vec<ConferenceEvent> = subscribed.chain(OWN_EVENTS).collect();
    events.sort_unstable();
    events.dedup();
    let recorded = conference.conference_record != ConferenceRecord::DoNotRecord;
    twiml::Conference {
        wait: conference.wait.clone(),
        max_participants: Some(conference.max_participants)
            .filter(|most| *most != MaxParticipants::default())
            .map(MaxParticipants::get),
        record: recorded.then_some(conference.conference_record),
        trim: Some(conference.conference_trim).filter(|trim| *trim != Trim::default()),
        region: conference.region,
        jitter_buffer_size: conference.jitter_buffer_size,
        status_callback: Some(path::conference_status(task_sid, reservation_sid)),
        status_callback_events: events,
        recording_status_callback: conference.conference_recording_status_callback.clone(),
        ..twiml::Conference::new(task_sid.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use task_router::model::instruction::Instruction;

    const TASK: TaskSid = TaskSid::from_bytes([0x11; 16]);
    const RESERVATION: ReservationSid = ReservationSid::from_bytes([0x22; 16]);
    const EVENTS: &str =
        "statusCallback=\"/worker-call/conference?IDS\" statusCallbackEvent=\"end join leave\"";

    fn conference(json: &str) -> Conference {
        match Instruction::from_json("application/json", json.as_bytes()) {
            Ok(Some(Instruction::Conference(conference))) => *conference,
            other => unreachable!("{other:?}"),
        }
    }

    fn check(document: &Response, dial: &str, room: &str) {
        let xml = document.to_xml().unwrap().replace(
            &format!("TaskSid={TASK}&amp;ReservationSid={RESERVATION}"),
            "IDS",
        );
        let lines: Vec<&str> = xml.lines().map(str::trim).collect();
        assert_eq!(
            lines[2..4],
            [
                dial,
                format!("<Conference {room}>{TASK}</Conference>").as_str()
            ]
        );
    }

    #[test]
    fn bare_instruction_keeps_carrier_defaults() {
        let bare = conference(r#"{"instruction":"conference"}"#);
        check(
            &worker(&bare, TASK, RESERVATION),
            "<Dial action=\"/worker-call/ended?IDS\">",
            &format!("beep=\"true\" {EVENTS}"),
        );
        check(
            &customer(&bare, TASK, RESERVATION),
            "<Dial action=\"/worker-call/customer/left?IDS\">",
            &format!("beep=\"false\" {EVENTS}"),
        );
    }

    #[test]
    fn every_parameter_becomes_an_attribute() {
        let all = conference(
            r#"{"instruction":"conference","muted":true,"beep":"onExit","start_conference_on_enter":false,
            "end_conference_on_exit":true,"end_conference_on_customer_exit":true,"beep_on_customer_entrance":true,
            "wait_url":"https://a.example/wait","wait_method":"GET","max_participants":4,
            "conference_status_callback":"https://a.example/c","conference_status_callback_event":"start,mute",
            "conference_record":"true","conference_trim":"do-not-trim","region":"ie1","jitter_buffer_size":"small",
            "conference_recording_status_callback":"https://a.example/r",
            "conference_recording_status_callback_method":"GET"}"#,
        );
        let shared = "waitUrl=\"https://a.example/wait\" waitMethod=\"GET\" maxParticipants=\"4\" \
            record=\"record-from-start\" trim=\"do-not-trim\" region=\"ie1\" jitterBufferSize=\"small\" \
            statusCallback=\"/worker-call/conference?IDS\" statusCallbackEvent=\"start end join leave mute\" \
            recordingStatusCallback=\"https://a.example/r\" recordingStatusCallbackMethod=\"GET\"";
        check(
            &worker(&all, TASK, RESERVATION),
            "<Dial action=\"/worker-call/ended?IDS\">",
            &format!(
                "muted=\"true\" beep=\"onExit\" startConferenceOnEnter=\"false\" endConferenceOnExit=\"true\" {shared}"
            ),
        );
        check(
            &customer(&all, TASK, RESERVATION),
            "<Dial action=\"/worker-call/customer/left?IDS\">",
            &format!("beep=\"onEnter\" endConferenceOnExit=\"true\" {shared}"),
        );
    }

    #[test]
    fn supervisor_mode_sets_mute_and_coach() {
        let worker_call = CallSid::from_bytes([0x33; 16]);
        for (mode, heard) in [
            (
                SupervisorMode::Monitor,
                "muted=\"true\" beep=\"false\" startConferenceOnEnter=\"false\"".to_owned(),
            ),
            (
                SupervisorMode::Whisper,
                format!("beep=\"false\" startConferenceOnEnter=\"false\" coach=\"{worker_call}\""),
            ),
            (
                SupervisorMode::Barge,
                "beep=\"false\" startConferenceOnEnter=\"false\"".to_owned(),
            ),
        ] {
            check(&supervisor(mode, Some(worker_call), TASK), "<Dial>", &heard);
        }
    }
}
