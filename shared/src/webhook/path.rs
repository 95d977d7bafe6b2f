//! Paths of our own webhooks, and the queries we put into their URLs. Documents contain them
//! relative to the server.

use form_urlencoded::Serializer;

use super::{ParameterError, Parameters, QueueResult};
use ids::{ReservationSid, TaskSid};
use vocabulary::SupervisorMode;

/// A caller dialed our number.
pub const INCOMING_CALL: &str = "/incoming-call";
/// The caller pressed a key of the menu.
pub const ENQUEUE_CALL: &str = "/enqueue-call";
/// The wait document of a caller in a queue.
pub const WAIT_MUSIC: &str = "/wait-music";
/// The music file.
pub const MUSIC: &str = "/wait-music/music.wav";
/// The audio files of the configuration: `/sounds/NAME`.
pub const SOUNDS: &str = "/sounds";
/// The caller left the queue.
pub const QUEUE_EXIT: &str = "/queue-exit";
/// The caller's Task timed out; the `callbacks` function redirects the call to this path.
pub const TIMED_OUT: &str = "/queue-exit/timed-out";
/// The caller left a message.
pub const RECORDED: &str = "/queue-exit/recorded";
/// A call begins a flow that a TwiML application names: `/flows/NAME`.
pub const FLOWS: &str = "/flows";

/// A call continues in its flow.
pub const FLOW_STEP: &str = "/flow-step";

/// The recording of a call in a flow is ready.
pub const CALL_RECORDED: &str = "/flow-step/recorded";

/// The assignment callback.
pub const ASSIGNMENT: &str = "/assignment";
/// The Worker answered the phone.
pub const WORKER_CALL: &str = "/worker-call";
/// Status callback of the Worker's leg.
pub const WORKER_CALL_STATUS: &str = "/worker-call/status";
/// Caller and Worker are about to be connected.
pub const WORKER_CALL_CONNECTING: &str = "/worker-call/connecting";
/// The Worker pressed a key after the greeting of a flow, or none.
pub const WORKER_CALL_ACCEPT: &str = "/worker-call/accept";
/// The Worker's conversation ended.
pub const WORKER_CALL_ENDED: &str = "/worker-call/ended";

/// Status callback of the conference of Worker and caller.
pub const CONFERENCE_STATUS: &str = "/worker-call/conference";
/// The caller is being moved into the conference.
pub const CUSTOMER: &str = "/worker-call/customer";
/// The caller left the conference.
pub const CUSTOMER_LEFT: &str = "/worker-call/customer/left";
/// A supervisor answered the phone.
pub const SUPERVISOR: &str = "/worker-call/supervisor";
/// A call asks for the caller of a Reservation. Only a carrier that is coupled with our TaskRouter
/// sends this request.
pub const DIAL_QUEUE: &str = "/worker-call/dial-queue";

/// Most retries of a failed request while the caller waits. With an apology and a pause each, three
/// retries take about half a minute.
pub const RETRIES_MAX: u8 = 3;

/// Query parameter: language chosen in the menu (`selected_language` of the Task).
pub const LANGUAGE: &str = "language";
/// The state of a call in its flow: the version of the flows. Its presence tells a caller in a flow
/// from a caller of the menu.
pub const FLOW: &str = "flow";

/// The step.
pub const FLOW_AT: &str = "at";

/// Why the webhook comes.
pub const FLOW_ON: &str = "on";

/// Number of times the question of the step was asked.
pub const FLOW_ATTEMPT: &str = "try";

/// Number of webhooks of the call in its flow.
pub const FLOW_WEBHOOKS: &str = "n";

/// Number of Tasks of the call.
pub const FLOW_TASKS: &str = "tasks";

/// When the call began to wait.
pub const FLOW_SINCE: &str = "since";

/// Where flows that are in use return.
pub const FLOW_RETURNS: &str = "back";

/// The steps through which the call came.
pub const FLOW_PATH: &str = "via";

/// The values of the call.
pub const FLOW_VALUES: &str = "values";

/// The URL at which the application that handed the call over gets it back.
pub const FLOW_RETURN: &str = "return";

const SPEECH_RESULT: &str = "SpeechResult";
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
const RECORDING_SID: &str = "RecordingSid";
const RECORDING_DURATION: &str = "RecordingDuration";

/// Parameters that a retried request repeats. `<Redirect>` sends the parameters of the call, but
/// not those of the verb that led to the failed request.
const KEPT_ON_RETRY: [&str; 23] = [
    ATTEMPT,
    DIGITS,
    SPEECH_RESULT,
    FLOW,
    FLOW_AT,
    FLOW_ON,
    FLOW_ATTEMPT,
    FLOW_WEBHOOKS,
    FLOW_TASKS,
    FLOW_SINCE,
    FLOW_RETURNS,
    FLOW_PATH,
    FLOW_VALUES,
    TASK_SID,
    RESERVATION_SID,
    SUPERVISOR_MODE,
    LANGUAGE,
    QUEUE_RESULT,
    QUEUE_SID,
    DIAL_CALL_STATUS,
    RECORDING_URL,
    RECORDING_SID,
    RECORDING_DURATION,
];

/// URL of the menu, heard for the `attempt`-th time.
pub fn incoming_call(attempt: u8) -> String {
    with_query(INCOMING_CALL, &[(ATTEMPT, &attempt.to_string())])
}

/// `action` of the `attempt`-th menu, which receives the pressed keys.
pub fn enqueue_call(attempt: u8) -> String {
    with_query(ENQUEUE_CALL, &[(ATTEMPT, &attempt.to_string())])
}

/// URL that has the effect of pressing `digit`.
pub fn enqueue_call_with(digit: char, attempt: u8) -> String {
    with_query(
        ENQUEUE_CALL,
        &[
            (ATTEMPT, &attempt.to_string()),
            (DIGITS, &digit.to_string()),
        ],
    )
}

/// Wait document of a caller; `task_sid` is `None` with hosted TaskRouter.
pub fn wait_music(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(WAIT_MUSIC, task_sid, selected_language)
}

/// `action` of the `<Enqueue>`: the caller left the queue.
pub fn queue_exit(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(QUEUE_EXIT, task_sid, selected_language)
}

/// Target of the redirect of a waiting call whose Task ended without a Worker.
pub fn timed_out(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(TIMED_OUT, task_sid, selected_language)
}

/// Target of the redirect of a call whose TaskQueue is full. The URL equals the request that the
/// carrier sends when its own queue is full.
pub fn queue_full(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    let result = QueueResult::QueueFull;
    format!(
        "{}&QueueResult={result}",
        queue_exit(task_sid, selected_language)
    )
}

/// `action` of the `<Record>`: the caller left a message.
pub fn recorded(task_sid: Option<TaskSid>, selected_language: &str) -> String {
    of_caller(RECORDED, task_sid, selected_language)
}

/// Document for the Worker who answers.
pub fn worker_call(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL, task_sid, reservation_sid)
}

/// Status callback of the Worker's leg.
pub fn worker_call_status(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL_STATUS, task_sid, reservation_sid)
}

/// Requested for the caller immediately before caller and Worker are connected.
pub fn worker_call_connecting(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL_CONNECTING, task_sid, reservation_sid)
}

/// Receives the key with which the Worker accepts or declines a call.
pub fn worker_call_accept(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL_ACCEPT, task_sid, reservation_sid)
}

/// `action` of the Worker's `<Dial>`: the conversation ended.
pub fn worker_call_ended(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(WORKER_CALL_ENDED, task_sid, reservation_sid)
}

/// Status callback of the conference.
pub fn conference_status(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(CONFERENCE_STATUS, task_sid, reservation_sid)
}

/// Target of the redirect of a waiting caller once the Worker is in the conference.
pub fn customer(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(CUSTOMER, task_sid, reservation_sid)
}

/// `action` of the caller's `<Dial>`: the caller left the conference.
pub fn customer_left(task_sid: TaskSid, reservation_sid: ReservationSid) -> String {
    of_worker(CUSTOMER_LEFT, task_sid, reservation_sid)
}

/// Document for the supervisor who answers.
pub fn supervisor(
    task_sid: TaskSid,
    reservation_sid: ReservationSid,
    mode: SupervisorMode,
) -> String {
    let task = task_sid.to_string();
    let reservation = reservation_sid.to_string();
    with_query(
        SUPERVISOR,
        &[
            (TASK_SID, &task),
            (RESERVATION_SID, &reservation),
            (SUPERVISOR_MODE, mode.as_str()),
        ],
    )
}

/// The parameters that the carrier itself sent: all but those of our own query string.
pub fn without_our_own(parameters: &Parameters) -> Vec<(String, String)> {
    let ours = [TASK_SID, RESERVATION_SID, SUPERVISOR_MODE, RETRY];
    parameters
        .pairs()
        .filter(|(name, _)| !ours.contains(&name.as_str()))
        .cloned()
        .collect()
}

/// URL that retries the request to `path` with these parameters; `None` after [`RETRIES_MAX`]
/// retries.
pub fn retry(path: &str, parameters: &Parameters) -> Option<String> {
    let retries = match parameters.optional::<u8>(RETRY) {
        Ok(retries) => retries.unwrap_or(0),
        // Not a number we wrote. Retrying could loop forever.
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

/// Number of times the menu has been heard; 1 if the URL does not contain it.
pub(super) fn attempt(parameters: &Parameters) -> Result<u8, ParameterError> {
    Ok(parameters.optional(ATTEMPT)?.unwrap_or(1))
}

/// URL of a Task's webhook whose query continues with the state of a flow.
pub fn flow_of_task(path: &str, task_sid: TaskSid, state: &str) -> String {
    format!("{path}?{TASK_SID}={task_sid}&{state}")
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
    fn urls_carry_their_query() {
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
    fn retry_keeps_parameters_and_is_bounded() {
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
