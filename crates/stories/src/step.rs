//! The steps of a story: what happens at a moment.

use crate::problem::Problem;
use crate::when::span_of;
use crate::words::{Part, Word};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `c1 dials`, `c1 dials from +17075550142 to +17075550183 and presses 2`
    Dial {
        /// The caller's name in the story.
        caller: String,
        /// The caller's number; `None`: one that no other caller of the story has.
        from: Option<String>,
        /// The number that is dialed; `None`: the centre's.
        to: Option<String>,
        /// Keys that are pressed at once.
        digits: Option<String>,
    },
    /// `c1 dials, presses 1 and hangs up`: during the announcement after the key.
    DialAndHangUp {
        /// The caller's name in the story.
        caller: String,
        /// The keys.
        digits: String,
    },
    /// `c1 presses 9`, `Maya presses 1`
    Press {
        /// A caller or a Worker.
        name: String,
        /// The keys.
        digits: String,
    },
    /// `c1 says "my bill"`
    Say {
        /// A caller or a Worker.
        name: String,
        /// The words, as a speech recognition writes them.
        words: String,
    },
    /// `c1 hangs up`, `Maya answers`, `Maya declines`
    AtPhone {
        /// A caller or a Worker.
        name: String,
        /// What is done.
        action: PhoneAction,
    },
    /// `Maya picks up and hangs up`: before the call is connected.
    HangUpAtOnce(String),
    /// `c1 is called at +17075550191 with /document`: placed by the carrier's REST API.
    Call {
        /// The name of the called person in the story.
        caller: String,
        /// The number.
        number: String,
        /// The path of the document.
        document: String,
    },
    /// `the carrier is asked to send c1 to /document`
    Update {
        /// The caller, who waits in a queue.
        caller: String,
        /// The path of the document.
        document: String,
    },
    /// `Maya becomes Available`, `Maya becomes Break and rejects what is offered`
    Become {
        /// The Worker.
        worker: String,
        /// The Activity.
        activity: String,
        /// Whether pending Reservations are rejected.
        reject_pending: bool,
    },
    /// `no Worker is available`: all Workers become unavailable.
    NobodyAvailable,
    /// `task t1 {"type":"support"} priority 3 timeout 5s channel chat for A`: a POST of a Task.
    Task {
        /// The Task's name in the story.
        name: String,
        /// The parameters.
        form: Vec<(String, String)>,
    },
    /// `A accepts t1`, `A rejects t1`, `A rejects t1 and becomes Break`, `A wraps up t1`, `A
    /// completes t1`
    Answer {
        /// The Workers, at the same time.
        workers: Vec<String>,
        /// The Task.
        task: String,
        /// The parameters.
        form: Vec<(String, String)>,
    },
    /// `POST Workers FriendlyName=ALICE`, `POST Tasks/{t1} Priority=5 If-Match=0`, `GET Tasks/{t1}`
    Request {
        /// The method.
        method: String,
        /// The path below the Workspace.
        path: String,
        /// The parameters.
        form: Vec<(String, String)>,
        /// The version that the request expects.
        if_match: Option<String>,
    },
    /// `A takes 3 chat tasks at once`
    Capacity {
        /// The Worker.
        worker: String,
        /// The TaskChannel.
        channel: String,
        /// The capacity.
        capacity: u16,
    },
    /// `the set-up changes`, with the sections below.
    SetUp,
    /// `https://crm.example/customers answers {"vip": true}`, `/assignment answers with HTTP 503`,
    /// `… after 6s`; the body may also be indented below. `the customer's server answers /path with
    /// …` is the same.
    Script {
        /// A URL, or a path of the customer's server.
        url: String,
        /// The answer from now on.
        answer: ScriptedAnswer,
    },
    /// `a request to https://… with A=1 is signed`, with the token 12345; a body that is no form is
    /// indented below.
    Sign {
        /// The URL.
        url: String,
        /// The form.
        form: Vec<(String, String)>,
    },
    /// `a byte of its body is changed`
    Forge,
    /// `the centre is restarted`
    Restart,
    /// `time passes`
    Nothing,
}

/// What a person does at a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneAction {
    /// Picks up.
    Answer,
    /// Declines the call.
    Decline,
    /// Hangs up.
    HangUp,
}

impl PhoneAction {
    /// The name of the action in the carrier's control API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Decline => "decline",
            Self::HangUp => "hangup",
        }
    }
}

/// An answer of another server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScriptedAnswer {
    /// The body; `None`: what is indented below the line, or `{}`.
    pub body: Option<String>,
    /// The HTTP status; `None`: 200.
    pub status: Option<u16>,
    /// The delay of the answer, seconds.
    pub after_secs: u64,
}

/// The sentences, for messages and for the documentation.
pub const SENTENCES: &[&str] = &[
    "CALLER dials",
    "CALLER dials from NUMBER to NUMBER and presses KEYS",
    "CALLER dials, presses KEYS and hangs up",
    "NAME presses KEYS",
    "NAME says \"WORDS\"",
    "NAME hangs up",
    "WORKER answers",
    "WORKER declines",
    "WORKER picks up and hangs up",
    "WORKER becomes ACTIVITY",
    "WORKER becomes ACTIVITY and rejects what is offered",
    "no Worker is available",
    "WORKER takes NUMBER CHANNEL tasks at once",
    "task TASK {\"name\": \"value\"} priority N timeout 60s channel CHANNEL for WORKER workflow WORKFLOW",
    "WORKER accepts TASK",
    "WORKER and WORKER accept TASK",
    "WORKER rejects TASK",
    "WORKER rejects TASK and becomes ACTIVITY",
    "WORKER wraps up TASK",
    "WORKER completes TASK",
    "URL answers {\"name\": \"value\"}",
    "URL answers with HTTP STATUS after 6s",
    "CALLER is called at NUMBER with /PATH",
    "the carrier is asked to send CALLER to /PATH",
    "the set-up changes",
    "the centre is restarted",
    "GET PATH",
    "POST PATH Name=value",
    "DELETE PATH",
    "time passes",
];

impl Step {
    /// Parses a step.
    pub(crate) fn parse(part: Part<'_>) -> Result<Self, Problem> {
        let part = part.trimmed();
        let words = part.words();
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let step = at_phones(&texts)
            .or_else(|| through_the_api(&texts))
            .or_else(|| around(&texts));
        step.ok_or_else(|| unknown("step", part, &words, SENTENCES))
    }
}

/// The problem of a sentence that is unknown, with those that are most like it.
pub(crate) fn unknown(kind: &str, part: Part<'_>, words: &[Word], sentences: &[&str]) -> Problem {
    let shared = |sentence: &&&str| {
        let of_sentence: Vec<&str> = sentence.split(' ').collect();
        let same = words
            .iter()
            .filter(|word| of_sentence.contains(&word.text.trim_end_matches(',')));
        same.count()
    };
    let most = sentences.iter().map(|one| shared(&one)).max().unwrap_or(0);
    let alike: Vec<String> = sentences
        .iter()
        .filter(|one| most > 0 && shared(one) == most)
        .take(3)
        .map(|one| format!("`{one}`"))
        .collect();
    let hint = if alike.is_empty() {
        "docs/guide/test.md lists the sentences".to_owned()
    } else {
        format!("the nearest: {}", alike.join(", "))
    };
    Problem::new(part.place(), format!("unknown {kind}; {hint}"))
}

fn owned(text: &str) -> String {
    text.to_owned()
}

fn at_phones(words: &[&str]) -> Option<Step> {
    Some(match words {
        [caller, "dials", rest @ ..] => dial(caller, rest)?,
        [caller, "dials,", "presses", digits, "and", "hangs", "up"] => Step::DialAndHangUp {
            caller: owned(caller),
            digits: owned(digits),
        },
        [name, "presses", digits] => Step::Press {
            name: owned(name),
            digits: owned(digits),
        },
        [name, "says", words @ ..] if !words.is_empty() => Step::Say {
            name: owned(name),
            words: words.join(" "),
        },
        [name, "hangs", "up"] => at_phone(name, PhoneAction::HangUp),
        [name, "answers"] => at_phone(name, PhoneAction::Answer),
        [name, "declines"] => at_phone(name, PhoneAction::Decline),
        [worker, "picks", "up", "and", "hangs", "up"] => Step::HangUpAtOnce(owned(worker)),
        [caller, "is", "called", "at", number, "with", document] => Step::Call {
            caller: owned(caller),
            number: owned(number),
            document: owned(document),
        },
        [
            "the",
            "carrier",
            "is",
            "asked",
            "to",
            "send",
            caller,
            "to",
            document,
        ] => Step::Update {
            caller: owned(caller),
            document: owned(document),
        },
        _ => return None,
    })
}

fn at_phone(name: &str, action: PhoneAction) -> Step {
    Step::AtPhone {
        name: owned(name),
        action,
    }
}

fn dial(caller: &str, words: &[&str]) -> Option<Step> {
    let (mut from, mut to, mut digits) = (None, None, None);
    let mut rest = words;
    while !rest.is_empty() {
        rest = match rest {
            ["from", number, after @ ..] => {
                from = Some(owned(number));
                after
            }
            ["to", number, after @ ..] => {
                to = Some(owned(number));
                after
            }
            ["and", "presses", keys] => {
                digits = Some(owned(keys));
                &[]
            }
            _ => return None,
        };
    }
    Some(Step::Dial {
        caller: owned(caller),
        from,
        to,
        digits,
    })
}

fn through_the_api(words: &[&str]) -> Option<Step> {
    Some(match words {
        [worker, "becomes", activity] => become_(worker, activity, false),
        [
            worker,
            "becomes",
            activity,
            "and",
            "rejects",
            "what",
            "is",
            "offered",
        ] => become_(worker, activity, true),
        ["no", "Worker", "is", "available"] => Step::NobodyAvailable,
        ["task", name, rest @ ..] => Step::Task {
            name: owned(name),
            form: task_form(rest)?,
        },
        [worker, "accepts", task] => answer(&[worker], task, "accepted", None),
        [one, "and", other, "accept", task] => answer(&[one, other], task, "accepted", None),
        [worker, "rejects", task] => answer(&[worker], task, "rejected", None),
        [worker, "rejects", task, "and", "becomes", activity] => {
            answer(&[worker], task, "rejected", Some(activity))
        }
        [worker, "wraps", "up", task] => answer(&[worker], task, "wrapping", None),
        [worker, "completes", task] => answer(&[worker], task, "completed", None),
        [method @ ("GET" | "POST" | "DELETE"), path, rest @ ..] => {
            let (tags, form): (Vec<&&str>, Vec<&&str>) =
                rest.iter().partition(|word| word.starts_with("If-Match="));
            let if_match = tags
                .first()
                .map(|tag| format!("\"{}\"", tag.trim_start_matches("If-Match=")));
            Step::Request {
                method: owned(method),
                path: owned(path),
                form: form.iter().map(|word| pair(word)).collect::<Option<_>>()?,
                if_match,
            }
        }
        _ => return None,
    })
}

fn around(words: &[&str]) -> Option<Step> {
    Some(match words {
        ["time", "passes"] => Step::Nothing,
        ["the", "centre", "is", "restarted"] => Step::Restart,
        ["the", "set-up", "changes"] => Step::SetUp,
        ["a", "byte", "of", "its", "body", "is", "changed"] => Step::Forge,
        ["a", "request", "to", url, "is", "signed"] => Step::Sign {
            url: owned(url),
            form: Vec::new(),
        },
        ["a", "request", "to", url, "with", form @ .., "is", "signed"] => Step::Sign {
            url: owned(url),
            form: form.iter().map(|word| pair(word)).collect::<Option<_>>()?,
        },
        [worker, "takes", capacity, channel, "tasks", "at", "once"] => Step::Capacity {
            worker: owned(worker),
            channel: owned(channel),
            capacity: capacity.parse().ok()?,
        },
        ["the", "customer's", "server", "answers", path, rest @ ..] => Step::Script {
            url: owned(path),
            answer: scripted(rest)?,
        },
        [url, "answers", rest @ ..] if is_address(url) => Step::Script {
            url: owned(url),
            answer: scripted(rest)?,
        },
        _ => return None,
    })
}

/// Whether a word is a URL or a path.
fn is_address(word: &str) -> bool {
    word.starts_with('/') || word.starts_with("https://") || word.starts_with("http://")
}

fn pair(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    Some((owned(name), owned(value)))
}

fn become_(worker: &str, activity: &str, reject_pending: bool) -> Step {
    Step::Become {
        worker: owned(worker),
        activity: owned(activity),
        reject_pending,
    }
}

fn answer(workers: &[&str], task: &str, status: &str, activity: Option<&str>) -> Step {
    let mut form = vec![(owned("ReservationStatus"), owned(status))];
    form.extend(activity.map(|activity| (owned("WorkerActivitySid"), format!("{{{activity}}}"))));
    Step::Answer {
        workers: workers.iter().map(|worker| owned(worker)).collect(),
        task: owned(task),
        form,
    }
}

/// The form of a Task, from the words of a `task` step.
fn task_form(words: &[&str]) -> Option<Vec<(String, String)>> {
    let mut form = Vec::new();
    let mut rest = words;
    while let [first, after @ ..] = rest {
        if first.starts_with('{') {
            form.push((owned("Attributes"), owned(first)));
            rest = after;
            continue;
        }
        let [value, after @ ..] = after else {
            return None;
        };
        let (name, value) = match *first {
            "priority" => ("Priority", owned(value)),
            "timeout" => ("Timeout", span_of(value)?.as_secs().to_string()),
            "channel" => ("TaskChannel", owned(value)),
            "since" => ("VirtualStartTime", owned(value)),
            "for" => ("RoutingTarget", format!("{{{value}}}")),
            "workflow" => ("WorkflowSid", format!("{{{value}}}")),
            "ignoring-capacity" => ("IgnoreCapacity", owned(value)),
            _ => return None,
        };
        form.push((owned(name), value));
        rest = after;
    }
    Some(form)
}

fn scripted(words: &[&str]) -> Option<ScriptedAnswer> {
    let mut answer = ScriptedAnswer::default();
    let mut rest = words;
    while !rest.is_empty() {
        rest = match rest {
            ["with", "HTTP", status, after @ ..] => {
                let status: u16 = status.parse().ok()?;
                answer.status = Some(status).filter(|status| (200..600).contains(status));
                answer.status?;
                after
            }
            ["after", span, after @ ..] => {
                answer.after_secs = span_of(span)?.as_secs();
                after
            }
            ["with", body, after @ ..] | [body, after @ ..] => {
                answer.body = Some(owned(body));
                after
            }
            [] => &[],
        };
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Step, Problem> {
        Step::parse(Part {
            text,
            line: 7,
            column: 10,
        })
    }

    #[test]
    fn every_sentence_is_parsed() {
        for sentence in SENTENCES {
            let written = sentence
                .replace("NUMBER CHANNEL", "3 chat")
                .replace("NUMBER", "+17075550142")
                .replace("priority N", "priority 3")
                .replace("STATUS", "503")
                .replace("URL", "https://crm.example/customers");
            assert!(parse(&written).is_ok(), "{written}");
        }
    }

    #[test]
    fn dial_takes_numbers_and_keys() {
        assert_eq!(
            parse("c1 dials from +17075550142 and presses 2"),
            Ok(Step::Dial {
                caller: owned("c1"),
                from: Some(owned("+17075550142")),
                to: None,
                digits: Some(owned("2")),
            })
        );
    }

    #[test]
    fn unknown_step_has_place_and_hint() {
        let problem = parse("Maya become Available").unwrap_err();
        assert_eq!((problem.place.line, problem.place.column), (7, 10));
        assert!(
            problem.message.starts_with("unknown step; "),
            "{}",
            problem.message
        );
        let problem = parse("c1 hangs").unwrap_err();
        assert!(
            problem.message.contains("`NAME hangs up`"),
            "{}",
            problem.message
        );
    }

    #[test]
    fn answers_have_body_status_and_delay() {
        let answer = |text: &str| match parse(text) {
            Ok(Step::Script { url, answer }) => (url, answer),
            other => panic!("{other:?}"),
        };
        let expected = ScriptedAnswer {
            body: Some(owned(r#"{"vip": true}"#)),
            status: Some(201),
            after_secs: 6,
        };
        let text = r#"https://crm.example/ answers {"vip": true} with HTTP 201 after 6s"#;
        assert_eq!(answer(text), (owned("https://crm.example/"), expected));
    }
}
