//! Our own webhooks' paths, and what we put into their queries. Documents hold them relative to the server.

use form_urlencoded::Serializer;

use super::{ParameterError, Parameters, QueueResult};
use ids::{ReservationSid, TaskSid};
use vocabulary::SupervisorMode;

/// Somebody dialed our number.
pub const INCOMING_CALL: &str = "/incoming-call";
/// A key of the menu was pressed.
pub const ENQUEUE_CALL: &str = "/enqueue-call";
/// What a waiting caller hears.
pub const WAIT_MUSIC: &str = "/wait-music";
/// The music itself.
pub const MUSIC: &str = "/wait-music/music.wav";
/// The caller left the queue.
pub const QUEUE_EXIT: &str = "/queue-exit";
/// The caller waited too long; whoever ends the Task sends the call here.
pub const TIMED_OUT: &str = "/queue-exit/timed-out";
/// The caller left a message.
pub const RECORDED: &str = "/queue-exit/recorded";
/// The assignment callback.
pub const ASSIGNMENT: &str = "/assignment";
/// The worker's phone was answered.
pub const WORKER_CALL: &str = "/worker-call";
/// How far the worker's leg is.
pub const WORKER_CALL_STATUS: &str = "/worker-call/status";
/// Caller and worker are about to be connected.
pub const WORKER_CALL_CONNECTING: &str = "/worker-call/connecting";
/// The worker's conversation ended.
pub const WORKER_CALL_ENDED: &str = "/worker-call/ended";

/// What happens in the conference of worker and caller.
pub const CONFERENCE_STATUS: &str = "/worker-call/conference";
/// The caller is on the way into the conference.
pub const CUSTOMER: &str = "/worker-call/customer";
/// The caller is no longer in the conference.
pub const CUSTOMER_LEFT: &str = "/worker-call/customer/left";
/// A supervisor's phone was answered.
pub const SUPERVISOR: &str = "/worker-call/supervisor";
/// A call asks for the caller of a Reservation; the carrier asks for it, below the TaskRouter it is coupled with.
pub const DIAL_QUEUE: &str = "/worker-call/dial-queue";

/// How often a caller whose request failed on our side is asked to hold while we try again. With the apology and a
/// pause each, three times bridge about half a minute.
pub const RETRIES_MAX: u8 = 3;

/// Query parameter: the language chosen in the menu (`selected_language` of the Task).
pub const LANGUAGE: &str = "language";
const ATTEMPT: &str = "attempt";
const RETRY: &str = "retry";
const DIGITS: &str = "Digits";
const TASK_SID: &str = "TaskSid";
const RESERVATION_SID: &str = "ReservationSid";
const SUPERVISOR_MODE: &str = "SupervisorMode";
const QUEUE_RESULT: &str = "QueueResult";
const QUEUE_SID: &str = "QueueSid";
const DIAL_CALL_STATUS: &str = "DialCallStatus";
const RECORDING_URL: &str = "RecordingUrl";

/// Parameters a repeated request needs again. `<Redirect>` sends those of the call, but not those of the verb that led
/// to the request.
const KEPT_ON_RETRY: [&str; 10] = [
    ATTEMPT,
    DIGITS,
    TASK_SID,
    RESERVATION_SID,
    SUPERVISOR_MODE,
    LANGUAGE,
    QUEUE_RESULT,
    QUEUE_SID,
    DIAL_CALL_STATUS,
    RECORDING_URL,
];

/// The menu, heard for the `attempt`-th time.
pub fn incoming_call(attempt: u8) -> String {
    with_query(INCOMING_CALL, &[(ATTEMPT, &attempt.to_string())])
}

/// Where the keys pressed in the `attempt`-th menu are sent.
pub fn enqueue_call(attempt: u8) -> String {
    with_query(ENQUEUE_CALL, &[(ATTEMPT, &attempt.to_string())])
}

/// As if the caller had pressed `digit`.
pub fn enqueue_call_with(digit: char, attempt: u8) -> String {
    with_query(
        ENQUEUE_CALL,
        &[
            (ATTEMPT, &attempt.to_string()),
            (DIGITS, &digit.to_string()),
        ],
    )
}

/// What the caller hears while waiting for `task_sid`; for no known Task with hosted TaskRouter.
pub fn wait_music(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(WAIT_MUSIC, task_sid, selected_language)
}

/// Asked when the caller no longer waits for `task_sid`.
pub fn queue_exit(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(QUEUE_EXIT, task_sid, selected_language)
}

/// Where a waiting call is sent when its Task ended without a worker.
pub fn timed_out(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(TIMED_OUT, task_sid, selected_language)
}

/// Where a call is sent that found its TaskQueue full: what the carrier would ask of a full queue of its own.
pub fn queue_full(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    let result = QueueResult::QueueFull;
    format!(
        "{}&QueueResult={result}",
        queue_exit(task_sid, selected_language)
    )
}

/// Asked when the caller has left a message.
pub fn recorded(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(RECORDED, task_sid, selected_language)
}

/// What the worker hears on answering.
pub fn worker_call(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL, task_sid, reservation_sid)
}

/// Told how far the worker's leg is.
pub fn worker_call_status(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL_STATUS, task_sid, reservation_sid)
}

/// Asked, for the caller, in the moment before caller and worker are connected.
pub fn worker_call_connecting(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL_CONNECTING, task_sid, reservation_sid)
}

/// Asked when the worker's conversation has ended.
pub fn worker_call_ended(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL_ENDED, task_sid, reservation_sid)
}

/// Told what happens in the conference.
pub fn conference_status(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(CONFERENCE_STATUS, task_sid, reservation_sid)
}

/// Where a waiting call is sent when the worker is in the conference.
pub fn customer(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(CUSTOMER, task_sid, reservation_sid)
}

/// Asked when the caller is no longer in the conference.
pub fn customer_left(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(CUSTOMER_LEFT, task_sid, reservation_sid)
}

/// What a supervisor is led to on answering.
pub fn supervisor(
    task_sid: TaskSid,
    reservation_sid: ReservationSid,
    mode: SupervisorMode,
) -> String {
    let (task, reservation) = (task_sid.to_string(), reservation_sid.to_string());
    with_query(
        SUPERVISOR,
        &[
            (TASK_SID, &task),
            (RESERVATION_SID, &reservation),
            (SUPERVISOR_MODE, mode.as_str()),
        ],
    )
}

/// Parameters of a request without those we put into its query: what the carrier itself said.
pub fn without_our_own(parameters: &Parameters) -> Vec<(String, String)> {
    let ours = [TASK_SID, RESERVATION_SID, SUPERVISOR_MODE, RETRY];
    parameters
        .pairs()
        .filter(|(name, _)| !ours.contains(&name.as_str()))
        .cloned()
        .collect()
}

/// The request to `path` with these parameters once more; none after [`RETRIES_MAX`] times.
pub fn retry(path: &str, parameters: &Parameters) -> Option<String> {
    let retries = match parameters.optional::<u8>(RETRY) {
        Ok(retries) => retries.unwrap_or(0),
        // Not a number we wrote: trying again could go on for ever.
        Err(_) => RETRIES_MAX,
    };
    if retries >= RETRIES_MAX {
        return None;
    }
    let next = (retries + 1).to_string();
    let mut query: Vec<(&str, &str)> = KEPT_ON_RETRY
        .iter()
        .filter_map(|name| Some((*name, parameters.get(name)?)))
        .collect();
    query.push((RETRY, &next));
    Some(with_query(path, &query))
}

/// How often the menu has been heard; the first time if the URL says nothing.
pub(super) fn attempt(parameters: &Parameters) -> Result<u8, ParameterError> {
    Ok(parameters.optional(ATTEMPT)?.unwrap_or(1))
}

fn of_caller(path: &str, task_sid: Option<TaskSid>, selected_language: &str) -> String {
    let task_sid = task_sid.map(|sid| sid.to_string());
    let task_sid = task_sid.iter().map(|sid| (TASK_SID, sid.as_str()));
    with_query(
        path,
        &task_sid
            .chain([(LANGUAGE, selected_language)])
            .collect::<Vec<_>>(),
    )
}

fn of_worker(path: &str, task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    with_query(
        path,
        &[
            (TASK_SID, &task_sid.to_string()),
            (RESERVATION_SID, &reservation_sid.to_string()),
        ],
    )
}

fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    format!(
        "{path}?{}",
        Serializer::new(String::new()).extend_pairs(query).finish()
    )
}

#[cfg(test)]
mod tests {
    use super::super::parameters::tests::parameters;
    use super::*;

    #[test]
    fn every_url_has_its_own_words_in_the_query() {
        let task = TaskSid::from_bytes([0x11; 16]);
        let reservation = ReservationSid::from_bytes([0x22; 16]);
        for (url, expected) in [
            (incoming_call(2), "/incoming-call?attempt=2"),
            (enqueue_call(1), "/enqueue-call?attempt=1"),
            (
                enqueue_call_with('#', 3),
                "/enqueue-call?attempt=3&Digits=%23",
            ),
            (
                wait_music(Some(task), "en"),
                "/wait-music?TaskSid=WT11111111111111111111111111111111&language=en",
            ),
            (wait_music(None, "a b"), "/wait-music?language=a+b"),
            (
                queue_exit(Some(task), "hi"),
                "/queue-exit?TaskSid=WT11111111111111111111111111111111&language=hi",
            ),
            (
                timed_out(Some(task), "hi"),
                "/queue-exit/timed-out?TaskSid=WT11111111111111111111111111111111&language=hi",
            ),
            (recorded(None, "hi"), "/queue-exit/recorded?language=hi"),
            (
                worker_call_ended(task, reservation),
                "/worker-call/ended?TaskSid=WT11111111111111111111111111111111\
                 &ReservationSid=WR22222222222222222222222222222222",
            ),
        ] {
            assert_eq!(url, expected);
        }
    }

    #[test]
    fn a_failed_request_is_repeated_with_what_it_needs_and_not_for_ever() {
        let first = parameters(&[
            ("attempt", "1"),
            ("CallSid", "CA1"),
            ("From", "+17075550101"),
            ("Digits", "2"),
        ]);
        assert_eq!(
            retry(ENQUEUE_CALL, &first).as_deref(),
            Some("/enqueue-call?attempt=1&Digits=2&retry=1")
        );
        for (count, expected) in [
            ("1", Some("/a?retry=2")),
            ("2", Some("/a?retry=3")),
            ("3", None),
            ("200", None),
            ("x", None),
        ] {
            assert_eq!(
                retry("/a", &parameters(&[("retry", count)])).as_deref(),
                expected,
                "{count}"
            );
        }
    }
}
