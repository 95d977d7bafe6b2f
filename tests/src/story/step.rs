//! The steps of a story: what happens at a moment.

use super::words::words;

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `c1 dials`, `c1 dials and presses 2`
    Dial {
        caller: String,
        digits: Option<String>,
    },
    /// `c1 dials, presses 1 and hangs up`: during the announcement after the key.
    DialAndHangUp { caller: String, digits: String },
    /// `c1 presses 9`, `Asha presses 1`: at the telephone that was picked up.
    Press { caller: String, digits: String },
    /// `c1 hangs up`, `Asha answers`, `Asha declines`
    AtPhone { name: String, action: &'static str },
    /// `Asha picks up and hangs up`: before the call is connected.
    HangUpAtOnce(String),
    /// `c1 is called at +17075550191 with /document`: placed by the carrier's REST API.
    Call {
        caller: String,
        number: String,
        document: String,
    },
    /// `the carrier is asked to send c1 to /document`
    Update { caller: String, document: String },
    /// `Asha becomes Available`, `Asha becomes Break and rejects what is offered`
    Become {
        worker: String,
        activity: String,
        reject_pending: bool,
    },
    /// `task t1 {"type":"support"} priority 3 timeout 5s channel chat for A`: a POST of a Task.
    Task {
        name: String,
        form: Vec<(String, String)>,
    },
    /// `A accepts t1`, `A rejects t1`, `A rejects t1 and becomes Break`, `A wraps up t1`, `A
    /// completes t1`
    Answer {
        workers: Vec<String>,
        task: String,
        form: Vec<(String, String)>,
    },
    /// `POST Workers FriendlyName=ALICE`, `POST Tasks/{t1} Priority=5 If-Match=0`, `GET Tasks/{t1}`
    Request {
        method: String,
        path: String,
        form: Vec<(String, String)>,
        if_match: Option<String>,
    },
    /// `A takes 3 chat tasks at once`
    Capacity {
        worker: String,
        channel: String,
        capacity: u16,
    },
    /// `the set-up changes`, with the sections below.
    SetUp,
    /// `the customer's server answers /assignment with {"instruction":"accept"}`, `… with HTTP
    /// 503`, `… after 6s`; the body may also be indented below.
    Script {
        path: String,
        answer: ScriptedAnswer,
    },
    /// `a request to https://… with A=1 is signed`, with the token 12345; a body that is no form is
    /// indented below.
    Sign {
        url: String,
        form: Vec<(String, String)>,
    },
    /// `a byte of its body is changed`
    Forge,
    /// `the centre is restarted`
    Restart,
    /// `time passes`
    Nothing,
}

/// A scripted answer of the customer's server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScriptedAnswer {
    /// The body; `None`: `{}`.
    pub body: Option<String>,
    /// The HTTP status; `None`: 200.
    pub status: Option<u16>,
    /// The delay of the answer, seconds.
    pub after_secs: u64,
}

impl Step {
    /// Parses a step; panics at `location` if the sentence is unknown.
    pub fn parse(text: &str, location: &str) -> Self {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let step = at_phones(&words)
            .or_else(|| through_the_api(&words))
            .or_else(|| around(&words));
        step.unwrap_or_else(|| panic!("{location}\nunknown step: {text}"))
    }
}

fn owned(text: &str) -> String {
    text.to_owned()
}

fn at_phones(words: &[&str]) -> Option<Step> {
    Some(match words {
        [caller, "dials"] => Step::Dial {
            caller: owned(caller),
            digits: None,
        },
        [caller, "dials", "and", "presses", digits] => Step::Dial {
            caller: owned(caller),
            digits: Some(owned(digits)),
        },
        [caller, "dials,", "presses", digits, "and", "hangs", "up"] => Step::DialAndHangUp {
            caller: owned(caller),
            digits: owned(digits),
        },
        [caller, "presses", digits] => Step::Press {
            caller: owned(caller),
            digits: owned(digits),
        },
        [name, "hangs", "up"] => Step::AtPhone {
            name: owned(name),
            action: "hangup",
        },
        [name, "answers"] => Step::AtPhone {
            name: owned(name),
            action: "answer",
        },
        [name, "declines"] => Step::AtPhone {
            name: owned(name),
            action: "decline",
        },
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
            let pair = |word: &&&str| {
                word.split_once('=')
                    .map(|(name, value)| (owned(name), owned(value)))
            };
            let form = form.iter().map(pair).collect::<Option<_>>()?;
            Step::Request {
                method: owned(method),
                path: owned(path),
                form,
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
        ["a", "request", "to", url, "with", form @ .., "is", "signed"] => {
            let pair = |word: &&str| {
                word.split_once('=')
                    .map(|(name, value)| (owned(name), owned(value)))
            };
            Step::Sign {
                url: owned(url),
                form: form.iter().map(pair).collect::<Option<_>>()?,
            }
        }
        [worker, "takes", capacity, channel, "tasks", "at", "once"] => Step::Capacity {
            worker: owned(worker),
            channel: owned(channel),
            capacity: capacity.parse().ok()?,
        },
        ["the", "customer's", "server", "answers", path, rest @ ..] => Step::Script {
            path: owned(path),
            answer: scripted(rest)?,
        },
        _ => return None,
    })
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
            "timeout" => ("Timeout", owned(value.strip_suffix('s')?)),
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
                answer.status = Some(status.parse().ok()?);
                after
            }
            ["with", body, after @ ..] => {
                answer.body = Some(owned(body));
                after
            }
            ["after", secs, after @ ..] => {
                answer.after_secs = secs.strip_suffix('s')?.parse().ok()?;
                after
            }
            _ => return None,
        };
    }
    Some(answer)
}
