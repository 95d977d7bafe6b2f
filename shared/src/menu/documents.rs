//! The TwiML documents of the call flow, in the order in which a call meets them. Pure: the same
//! arguments yield the same document.

use serde_json::json;

use super::texts::fill;
use super::{Language, Menu, Texts, Voicemail};
use crate::twiml::{
    Dial, DialNoun, Enqueue, EnqueueTarget, Gather, Hangup, Leave, Pause, Play, Prompt, Record,
    Redirect, Response, Verb,
};
use crate::webhook::path;
use ids::time::Millis;
use ids::{ReservationSid, TaskSid, WorkflowSid};

/// Timeout of the Worker's `<Dial>` to the queued caller, in seconds. The caller is in the queue
/// already, or has hung up.
const BRIDGE_TIMEOUT_SECS: u16 = 10;

/// Pause between an apology and the retry, in seconds: time for the failed part to recover.
const RETRY_PAUSE_SECS: u16 = 3;

/// Silence that ends a voicemail, in seconds.
const VOICEMAIL_SILENCE_SECS: u16 = 5;

/// Up to this expected wait, the announcement names no number of minutes.
const SHORT_WAIT: Millis = Millis::from_secs(60);

/// The language menu, heard for the `attempt`-th time: one sentence for each language, then the
/// verbs that run if no key is pressed.
pub fn menu(menu: &Menu, attempt: u8) -> Response {
    let prompt = |language: &Language| {
        language
            .say(&fill(&language.texts.prompt, "key", language.key))
            .map(Prompt::Say)
    };
    let gather = Gather {
        num_digits: Some(1),
        timeout_secs: menu.gather_timeout_secs,
        action: path::enqueue_call(attempt),
        nested: menu.languages.iter().filter_map(prompt).collect(),
        ..Gather::default()
    };
    let mut document = Response::new().then(gather);
    if attempt < menu.attempts_max {
        document.extend(in_every_language(menu, |texts| &texts.no_input));
        return document.then(Redirect::new(path::incoming_call(attempt + 1)));
    }
    match menu.chosen_by(&menu.on_no_input) {
        Some(language) => document.then(Redirect::new(path::enqueue_call_with(
            language.key.as_char(),
            attempt,
        ))),
        None => {
            document.extend(no_input_at_last(menu).verbs().iter().cloned());
            document
        }
    }
}

/// Response to a key that is not in the menu: the menu again, for the `attempt`-th time.
pub fn wrong_key(menu: &Menu, attempt: u8) -> Response {
    let mut document = Response::new();
    document.extend(in_every_language(menu, |texts| &texts.wrong_key));
    document.extend(self::menu(menu, attempt).verbs().iter().cloned());
    document
}

/// Response to a key that is not in the menu, after the last attempt.
pub fn wrong_key_at_last(menu: &Menu) -> Response {
    goodbye_after(menu, |texts| &texts.wrong_key)
}

/// Response to an empty input, after the last attempt.
pub fn no_input_at_last(menu: &Menu) -> Response {
    goodbye_after(menu, |texts| &texts.no_input)
}

/// Puts the caller into a carrier queue of their own, named after the Task, so that a Worker
/// reaches exactly this caller.
pub fn enqueue(language: &Language, task_sid: TaskSid) -> Response {
    enqueue_into(
        language,
        EnqueueTarget::Queue(task_sid.to_string()),
        Some(task_sid),
    )
}

/// Puts the caller into hosted TaskRouter, which creates the Task (`ROUTER=twilio`).
pub fn enqueue_hosted(language: &Language, workflow_sid: WorkflowSid) -> Response {
    let task_attributes = json!({ "selected_language": language.selected_language });
    enqueue_into(
        language,
        EnqueueTarget::Workflow {
            workflow_sid,
            task_attributes,
        },
        None,
    )
}

/// Position of a round in the wait of one caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The first round, which begins with a greeting.
    First,
    /// Any later round.
    Later,
}

/// One round of the wait document: a greeting in the first round, position and expected wait as far
/// as they are known, then music.
pub fn wait(
    language: &Language,
    round: Round,
    position: Option<u32>,
    expected_wait: Option<Millis>,
) -> Response {
    let texts = &language.texts;
    let please_wait = match round {
        Round::First => Some(texts.please_wait.clone()),
        Round::Later => None,
    };
    let mut document = Response::new();
    document.extend(please_wait.and_then(|text| said(language, &text)));
    let place = place(language, position, expected_wait);
    document.extend(place.into_iter().map(Verb::from));
    document.then(Play::new(path::MUSIC))
}

/// The position and the expected wait of a caller, as far as they are known.
pub fn place(
    language: &Language,
    position: Option<u32>,
    expected_wait: Option<Millis>,
) -> Vec<Prompt> {
    let texts = &language.texts;
    let position = position.map(|position| fill(&texts.position, "position", position));
    let expected_wait = expected_wait.map(|wait| {
        if wait <= SHORT_WAIT {
            texts.expected_wait_short.clone()
        } else {
            fill(
                &texts.expected_wait,
                "minutes",
                wait.as_secs_ceil().div_ceil(60),
            )
        }
    });
    let texts = [position, expected_wait].into_iter().flatten();
    texts
        .filter_map(|text| language.say(&text).map(Prompt::Say))
        .collect()
}

/// Ends the waiting of a caller whose Task has ended; the carrier then requests `/queue-exit`.
pub fn leave() -> Response {
    Response::new().then(Leave)
}

/// Document for the Worker who answers: a greeting, then the caller.
pub fn worker(language: &Language, task_sid: TaskSid, reservation_sid: ReservationSid) -> Response {
    say(language, |texts| &texts.worker_greeting).then(dial_caller(task_sid, reservation_sid))
}

/// Connects another application's call to the caller of a Reservation, `<Dial><Queue
/// reservationSid>`.
pub fn dial_queue(task_sid: TaskSid, reservation_sid: ReservationSid) -> Response {
    Response::new().then(dial_caller(task_sid, reservation_sid))
}

/// Document for a Worker who answered too late, or whose caller has hung up.
pub fn caller_gone(language: &Language) -> Response {
    say(language, |texts| &texts.caller_gone).then(Hangup)
}

/// Document for a caller whose Task timed out: an apology, and voicemail if the menu offers it.
pub fn timed_out(
    language: &Language,
    voicemail: Option<Voicemail>,
    task_sid: Option<TaskSid>,
) -> Response {
    let mut document = say(language, |texts| &texts.timed_out);
    if let Some(voicemail) = voicemail {
        document.extend(said(language, &language.texts.voicemail_prompt));
        document = document.then(Record {
            action: path::recorded(task_sid, &language.selected_language),
            max_length_secs: voicemail.max_length_secs,
            timeout_secs: VOICEMAIL_SILENCE_SECS,
        });
    }
    // With voicemail these verbs run only when nothing was recorded.
    document.extend(said(language, &language.texts.goodbye));
    document.then(Hangup)
}

/// Response to a recorded voicemail.
pub fn voicemail_thanks(language: &Language) -> Response {
    let mut document = say(language, |texts| &texts.voicemail_thanks);
    document.extend(said(language, &language.texts.goodbye));
    document.then(Hangup)
}

/// Document for a caller who is still on the line after the conversation.
pub fn goodbye(language: &Language) -> Response {
    say(language, |texts| &texts.goodbye).then(Hangup)
}

/// An empty document: the call ends, or continues as another document says.
pub fn nothing() -> Response {
    Response::new()
}

/// Response to a failure on our side. With a `retry` URL (see [`path::retry`]) the caller waits and
/// the request is retried; without one the call ends. Spoken in each of `languages`: all languages
/// of the menu while the caller's is unknown.
pub fn apology<'a>(
    languages: impl IntoIterator<Item = &'a Language>,
    retry: Option<String>,
) -> Response {
    let text = |texts: &'a Texts| {
        if retry.is_some() {
            &texts.apology
        } else {
            &texts.give_up
        }
    };
    let mut document = Response::new();
    document.extend(
        languages
            .into_iter()
            .filter_map(|language| said(language, text(&language.texts))),
    );
    match retry {
        Some(url) => document
            .then(Pause {
                length_secs: RETRY_PAUSE_SECS,
            })
            .then(Redirect::new(url)),
        None => document.then(Hangup),
    }
}

fn dial_caller(task_sid: TaskSid, reservation_sid: ReservationSid) -> Dial {
    Dial {
        action: Some(path::worker_call_ended(task_sid, reservation_sid)),
        timeout_secs: Some(BRIDGE_TIMEOUT_SECS),
        ..Dial::new(DialNoun::Queue {
            name: task_sid.to_string(),
            url: Some(path::worker_call_connecting(task_sid, reservation_sid)),
        })
    }
}

/// `<Enqueue>` comes first, and `please_wait` is spoken in the queue. A caller who hangs up during
/// it has therefore left the queue, and the carrier sends `/queue-exit`.
fn enqueue_into(language: &Language, target: EnqueueTarget, task_sid: Option<TaskSid>) -> Response {
    Response::new().then(Enqueue {
        target,
        wait_url: Some(path::wait_music(task_sid, &language.selected_language)),
        action: Some(path::queue_exit(task_sid, &language.selected_language)),
    })
}

fn goodbye_after(menu: &Menu, text: impl Fn(&Texts) -> &String) -> Response {
    let mut document = Response::new();
    document.extend(in_every_language(menu, text));
    document.extend(in_every_language(menu, |texts| &texts.goodbye));
    document.then(Hangup)
}

fn in_every_language<'a>(
    menu: &'a Menu,
    text: impl Fn(&'a Texts) -> &'a String,
) -> impl Iterator<Item = Verb> {
    menu.languages
        .iter()
        .filter_map(move |language| said(language, text(&language.texts)))
}

fn say(language: &Language, text: impl FnOnce(&Texts) -> &String) -> Response {
    let mut document = Response::new();
    document.extend(said(language, text(&language.texts)));
    document
}

fn said(language: &Language, text: &str) -> Option<Verb> {
    language.say(text).map(Verb::Say)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::{Digit, LANGUAGES_MAX, LastResort};

    const TASK: TaskSid = TaskSid::from_bytes([0x11; 16]);
    const TASK_SID: &str = "WT11111111111111111111111111111111";

    /// Compares the lines between `<Response>` and `</Response>`, without indentation. In
    /// `expected`, `TASK` is the Task's SID, and `English` and `Hindi` are the attributes of the
    /// two voices.
    fn check(document: &Response, expected: &[&str]) {
        let xml = document
            .to_xml()
            .unwrap()
            .replace(TASK_SID, "TASK")
            .replace(
                "<Say voice=\"Polly.Joanna\" language=\"en-US\">",
                "<Say English>",
            )
            .replace(
                "<Say voice=\"Polly.Aditi\" language=\"hi-IN\">",
                "<Say Hindi>",
            );
        let lines: Vec<&str> = xml
            .lines()
            .map(str::trim)
            .skip(2)
            .filter(|line| *line != "</Response>")
            .collect();
        assert_eq!(lines, expected);
    }

    fn english() -> Language {
        Language::built_in(Digit::new('1').unwrap(), "en").unwrap()
    }

    const GATHER: [&str; 3] = [
        "<Say English>Welcome. For English, press 1.</Say>",
        "<Say Hindi>नमस्ते। हिन्दी के लिए 2 दबाएँ।</Say>",
        "</Gather>",
    ];
    const NO_INPUT: [&str; 2] = [
        "<Say English>Sorry, we did not hear a key.</Say>",
        "<Say Hindi>क्षमा करें, आपने कोई बटन नहीं दबाया।</Say>",
    ];
    const GOODBYE: [&str; 3] = [
        "<Say English>Thank you for calling. Goodbye.</Say>",
        "<Say Hindi>कॉल करने के लिए धन्यवाद। नमस्कार।</Say>",
        "<Hangup/>",
    ];
    const WRONG_KEY: [&str; 2] = [
        "<Say English>Sorry, that key is not in the menu.</Say>",
        "<Say Hindi>क्षमा करें, यह विकल्प मेन्यू में नहीं है।</Say>",
    ];

    #[test]
    fn menu_repeats_until_last_attempt() {
        let defaults = Menu::default();
        let gather = |attempt: u8| {
            format!(
                "<Gather numDigits=\"1\" timeout=\"5\" action=\"/enqueue-call?attempt={attempt}\">"
            )
        };
        let first = gather(1);
        let second = gather(2);
        let third = gather(3);

        let again = ["<Redirect>/incoming-call?attempt=2</Redirect>"];
        check(
            &menu(&defaults, 1),
            &[&[first.as_str()][..], &GATHER, &NO_INPUT, &again].concat(),
        );

        check(
            &menu(&defaults, 3),
            &[&[third.as_str()][..], &GATHER, &NO_INPUT, &GOODBYE].concat(),
        );

        let choosing = Menu {
            on_no_input: LastResort::Choose("hi".into()),
            ..Menu::default()
        };
        let chosen = ["<Redirect>/enqueue-call?attempt=3&amp;Digits=2</Redirect>"];
        check(
            &menu(&choosing, 3),
            &[&[third.as_str()][..], &GATHER, &chosen].concat(),
        );

        let again = ["<Redirect>/incoming-call?attempt=3</Redirect>"];
        check(
            &wrong_key(&defaults, 2),
            &[
                &WRONG_KEY[..],
                &[second.as_str()],
                &GATHER,
                &NO_INPUT,
                &again,
            ]
            .concat(),
        );

        check(
            &wrong_key_at_last(&defaults),
            &[&WRONG_KEY[..], &GOODBYE].concat(),
        );
        check(
            &no_input_at_last(&defaults),
            &[&NO_INPUT[..], &GOODBYE].concat(),
        );
    }

    #[test]
    fn enqueue_names_task_or_workflow() {
        check(
            &enqueue(&english(), TASK),
            &[
                "<Enqueue waitUrl=\"/wait-music?TaskSid=TASK&amp;language=en\" \
                 action=\"/queue-exit?TaskSid=TASK&amp;language=en\">TASK</Enqueue>",
            ],
        );
        check(
            &enqueue_hosted(&english(), WorkflowSid::from_bytes([0x22; 16])),
            &[
                "<Enqueue workflowSid=\"WW22222222222222222222222222222222\" waitUrl=\"/wait-music?language=en\" \
                 action=\"/queue-exit?language=en\">",
                "<Task>{&quot;selected_language&quot;:&quot;en&quot;}</Task>",
                "</Enqueue>",
            ],
        );
    }

    #[test]
    fn wait_says_what_is_known_then_music() {
        let music = "<Play>/wait-music/music.wav</Play>";
        let second = "<Say English>You are number 2 in line.</Say>";
        let short = "<Say English>We expect to connect you within a minute.</Say>";
        let two = "<Say English>The expected wait is about 2 minutes.</Say>";
        let three = "<Say English>The expected wait is about 3 minutes.</Say>";
        for (position, wait_millis, expected) in [
            (None, None, &[music][..]),
            (Some(2), None, &[second, music]),
            (Some(2), Some(0), &[second, short, music]),
            (None, Some(60_000), &[short, music]),
            (None, Some(60_001), &[two, music]),
            (None, Some(120_000), &[two, music]),
            (None, Some(120_001), &[three, music]),
        ] {
            check(
                &wait(
                    &english(),
                    Round::Later,
                    position,
                    wait_millis.map(Millis::from_millis),
                ),
                expected,
            );
        }
        let silent = Language {
            texts: Texts {
                position: String::new(),
                ..english().texts
            },
            ..english()
        };
        check(&wait(&silent, Round::Later, Some(2), None), &[music]);
        let please_wait = "<Say English>Thank you. Please hold the line. We will connect you with the next person who is free.</Say>";
        check(
            &wait(&english(), Round::First, Some(2), None),
            &[please_wait, second, music],
        );
        check(&leave(), &["<Leave/>"]);
    }

    #[test]
    fn worker_is_greeted_and_connected() {
        check(
            &worker(&english(), TASK, ReservationSid::from_bytes([0x33; 16])),
            &[
                "<Say English>A caller is waiting. We are connecting you now.</Say>",
                "<Dial action=\"/worker-call/ended?TaskSid=TASK&amp;ReservationSid=WR33333333333333333333333333333333\" \
                 timeout=\"10\">",
                "<Queue url=\"/worker-call/connecting?TaskSid=TASK&amp;ReservationSid=WR33333333333333333333333333333333\">TASK</Queue>",
                "</Dial>",
            ],
        );
        check(
            &caller_gone(&english()),
            &[
                "<Say English>The caller is no longer waiting. Goodbye.</Say>",
                "<Hangup/>",
            ],
        );
    }

    #[test]
    fn timed_out_caller_may_leave_a_message() {
        let sorry = "<Say English>We are sorry, nobody is free to take your call.</Say>";
        let goodbye_then = [
            "<Say English>Thank you for calling. Goodbye.</Say>",
            "<Hangup/>",
        ];
        check(
            &timed_out(&english(), None, Some(TASK)),
            &[&[sorry][..], &goodbye_then].concat(),
        );
        let message = [
            sorry,
            "<Say English>Please leave a message after the tone. Press any key when you are done.</Say>",
            "<Record action=\"/queue-exit/recorded?TaskSid=TASK&amp;language=en\" maxLength=\"90\" timeout=\"5\"/>",
        ];
        let voicemail = Some(Voicemail {
            max_length_secs: 90,
        });
        check(
            &timed_out(&english(), voicemail, Some(TASK)),
            &[&message[..], &goodbye_then].concat(),
        );
        let thanks = ["<Say English>Thank you. We have your message.</Say>"];
        check(
            &voicemail_thanks(&english()),
            &[&thanks[..], &goodbye_then].concat(),
        );
        check(&goodbye(&english()), &goodbye_then);
        check(&nothing(), &[]);
    }

    #[test]
    fn failure_is_an_apology_then_a_goodbye() {
        check(
            &apology(
                [&english()],
                Some("/enqueue-call?attempt=1&Digits=1&retry=1".into()),
            ),
            &[
                "<Say English>We are sorry, something went wrong on our side. Please stay on the line.</Say>",
                "<Pause length=\"3\"/>",
                "<Redirect>/enqueue-call?attempt=1&amp;Digits=1&amp;retry=1</Redirect>",
            ],
        );
        check(
            &apology(&Menu::default().languages, None),
            &[
                "<Say English>We are sorry, we cannot take your call at the moment. Please call again later.</Say>",
                "<Say Hindi>क्षमा करें, हम इस समय आपकी कॉल नहीं ले सकते। कृपया थोड़ी देर बाद फिर कॉल करें।</Say>",
                "<Hangup/>",
            ],
        );
    }

    #[test]
    fn full_menu_fits_into_a_document() {
        let languages = vec![Menu::default().languages[1].clone(); LANGUAGES_MAX];
        assert!(
            wrong_key(
                &Menu {
                    languages,
                    ..Menu::default()
                },
                3
            )
            .to_xml()
            .is_ok()
        );
    }
}
