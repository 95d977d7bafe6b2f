//! What somebody does.

use super::words::words;

/// Something somebody does.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `c1 dials`, `c1 dials and presses 2`
    Dial {
        caller: String,
        digits: Option<String>,
    },
    /// `c1 dials, presses 1 and hangs up`: while being thanked.
    DialAndHangUp { caller: String, digits: String },
    /// `c1 presses 9`
    Press { caller: String, digits: String },
    /// `c1 hangs up`, `Asha answers`, `Asha declines`
    AtPhone { who: String, what: &'static str },
    /// `Asha picks up and hangs up`: before anybody is connected.
    HangUpAtOnce(String),
    /// `c1 is called at +17075550191 with /document`: by the carrier's REST API.
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
    /// `task t1 {"type":"support"} priority 3 timeout 5s channel chat for A`: POST of a Task.
    Task {
        name: String,
        form: Vec<(String, String)>,
    },
    /// `A accepts t1`, `A rejects t1`, `A rejects t1 and becomes Break`, `A wraps up t1`, `A completes t1`
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
    /// `the customer's server answers /assignment with {"instruction":"accept"}`, `… with HTTP 503`, `… after 6s`; what it
    /// answers may also stand below.
    Script {
        path: String,
        answer: ScriptedAnswer,
    },
    /// `a request to https://… with A=1 is signed`, with the token 12345; a body that is no form stands below.
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

/// What the customer's server is to answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScriptedAnswer {
    /// The body, if it is not `{}`.
    pub body: Option<String>,
    /// The HTTP status, if it is not 200.
    pub status: Option<u16>,
    /// Seconds it takes.
    pub after_secs: u64,
}

impl Step {
    /// Reads a step; panics at `place` if there is none such.
    pub fn parse(text: &str, place: &str) -> Self {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let step = at_phones(&words)
            .or_else(|| through_the_api(&words))
            .or_else(|| around(&words));
        step.unwrap_or_else(|| panic!("{place}\nno such step: {text}"))
    }
}

fn own(text: &str) -> String {
    text.to_owned()
}

fn at_phones(words: &[&str]) -> Option<Step> {
    Some(match words {
        [caller, "dials"] => Step::Dial {
            caller: own(caller),
            digits: None,
        },
        [caller, "dials", "and", "presses", digits] => Step::Dial {
            caller: own(caller),
            digits: Some(own(digits)),
        },
        [caller, "dials,", "presses", digits, "and", "hangs", "up"] => Step::DialAndHangUp {
            caller: own(caller),
            digits: own(digits),
        },
        [caller, "presses", digits] => Step::Press {
            caller: own(caller),
            digits: own(digits),
        },
        [who, "hangs", "up"] => Step::AtPhone {
            who: own(who),
            what: "hangup",
        },
        [who, "answers"] => Step::AtPhone {
            who: own(who),
            what: "answer",
        },
        [who, "declines"] => Step::AtPhone {
            who: own(who),
            what: "decline",
        },
        [worker, "picks", "up", "and", "hangs", "up"] => Step::HangUpAtOnce(own(worker)),
        [caller, "is", "called", "at", number, "with", document] => Step::Call {
            caller: own(caller),
            number: own(number),
            document: own(document),
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
            caller: own(caller),
            document: own(document),
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
            name: own(name),
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
                    .map(|(name, value)| (own(name), own(value)))
            };
            let form = form.iter().map(pair).collect::<Option<_>>()?;
            Step::Request {
                method: own(method),
                path: own(path),
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
            url: own(url),
            form: Vec::new(),
        },
        ["a", "request", "to", url, "with", form @ .., "is", "signed"] => {
            let pair = |word: &&str| {
                word.split_once('=')
                    .map(|(name, value)| (own(name), own(value)))
            };
            Step::Sign {
                url: own(url),
                form: form.iter().map(pair).collect::<Option<_>>()?,
            }
        }
        [worker, "takes", capacity, channel, "tasks", "at", "once"] => Step::Capacity {
            worker: own(worker),
            channel: own(channel),
            capacity: capacity.parse().ok()?,
        },
        ["the", "customer's", "server", "answers", path, rest @ ..] => Step::Script {
            path: own(path),
            answer: scripted(rest)?,
        },
        _ => return None,
    })
}

fn become_(worker: &str, activity: &str, reject_pending: bool) -> Step {
    Step::Become {
        worker: own(worker),
        activity: own(activity),
        reject_pending,
    }
}

fn answer(workers: &[&str], task: &str, status: &str, activity: Option<&str>) -> Step {
    let mut form = vec![(own("ReservationStatus"), own(status))];
    form.extend(activity.map(|activity| (own("WorkerActivitySid"), format!("{{{activity}}}"))));
    Step::Answer {
        workers: workers.iter().map(|worker| own(worker)).collect(),
        task: own(task),
        form,
    }
}

/// The parameters of a Task, by their words here.
fn task_form(words: &[&str]) -> Option<Vec<(String, String)>> {
    let mut form = Vec::new();
    let mut rest = words;
    while let [first, behind @ ..] = rest {
        if first.starts_with('{') {
            form.push((own("Attributes"), own(first)));
            rest = behind;
            continue;
        }
        let [value, behind @ ..] = behind else {
            return None;
        };
        let (name, value) = match *first {
            "priority" => ("Priority", own(value)),
            "timeout" => ("Timeout", own(value.strip_suffix('s')?)),
            "channel" => ("TaskChannel", own(value)),
            "since" => ("VirtualStartTime", own(value)),
            "for" => ("RoutingTarget", format!("{{{value}}}")),
            "workflow" => ("WorkflowSid", format!("{{{value}}}")),
            "ignoring-capacity" => ("IgnoreCapacity", own(value)),
            _ => return None,
        };
        form.push((own(name), value));
        rest = behind;
    }
    Some(form)
}

fn scripted(words: &[&str]) -> Option<ScriptedAnswer> {
    let mut answer = ScriptedAnswer::default();
    let mut rest = words;
    while !rest.is_empty() {
        rest = match rest {
            ["with", "HTTP", status, behind @ ..] => {
                answer.status = Some(status.parse().ok()?);
                behind
            }
            ["with", body, behind @ ..] => {
                answer.body = Some(own(body));
                behind
            }
            ["after", secs, behind @ ..] => {
                answer.after_secs = secs.strip_suffix('s')?.parse().ok()?;
                behind
            }
            _ => return None,
        };
    }
    Some(answer)
}
