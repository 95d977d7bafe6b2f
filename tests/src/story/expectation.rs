//! The expectations of a story: what must hold after a step.

use super::words::words;

/// One expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Expectation {
    /// About calls and phones.
    Phone(PhoneExpectation),
    /// About a Worker, by name.
    Worker(String, WorkerExpectation),
    /// About a Task: one created through the API, or a caller's.
    Task(String, TaskExpectation),
    /// About the API's answers.
    Reply(ReplyExpectation),
    /// About the signed request.
    Signature(SignatureExpectation),
    /// About the requests to a path of the customer's server.
    Customer(String, CustomerExpectation),
}

/// An expectation about calls and phones.
#[derive(Debug, Clone, PartialEq)]
pub enum PhoneExpectation {
    /// `c1 waits`: in the queue, not connected.
    Waits(String),
    /// `c1 talks to Asha`
    Talks(String, String),
    /// `c1 is gone`: the call has ended.
    Gone(String),
    /// `c1 ended as busy`: the call's last status.
    Ended(String, String),
    /// `Asha rings`; `c1 rings`: a caller is called back.
    Rings(String),
    /// `nobody rings`
    NobodyRings,
    /// `c1 hears You are number 2`, `Asha hears A call`: the Worker's leg, once it is picked up.
    Hears(String, String),
    /// `c1 does not hear Goodbye`
    Silent(String, String),
}

/// An expectation about a Worker.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerExpectation {
    /// `Asha is Wrap-Up`
    Activity(String),
    /// `A has 3 tasks`: Reservations that are pending, accepted or wrapping.
    Holds(usize),
}

/// An expectation about a Task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskExpectation {
    /// `t1 is pending`, `t1 is pending in Q2`, `t1 is canceled because hangup`; for a caller's
    /// Task: `task c1 is canceled`.
    Is {
        status: String,
        queue: Option<String>,
        reason: Option<String>,
    },
    /// `t1 is gone`: the API answers 404.
    Gone,
    /// `c1 has no task`
    NeverMade,
    /// `t1 has priority 7`
    Priority(u32),
    /// `t1 is offered to A and B`, `t1 is offered to nobody`
    Offered(Vec<String>),
    /// `t1 belongs to A`: A has accepted it.
    Belongs(String),
    /// `A's reservation of t1 is timeout`
    Reservation { worker: String, status: String },
}

/// An expectation about the API's answers.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyExpectation {
    /// `HTTP 400 code 20001 "Cannot complete task"`: the code and the message are optional.
    Http {
        status: u16,
        code: Option<u64>,
        message: String,
    },
    /// `one HTTP 200 and one HTTP 410`: for two requests at the same time.
    HttpEach(u16, u16),
    /// `its available is true`: a field of the last answer.
    Shown(String, String),
    /// `its attributes contains recording_url`: the text of such a field.
    Contains(String, String),
}

/// An expectation about the signed request.
#[derive(Debug, Clone, PartialEq)]
pub enum SignatureExpectation {
    /// `its signature is RSOYDt4T1cUTdK1PDd93/VVr8B8=`
    Is(String),
    /// `its URL has bodySHA256=…`
    Url(String),
    /// `it is genuine`, `it is forged`: whether verification succeeds.
    Genuine(bool),
}

/// An expectation about the requests to the customer's server.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerExpectation {
    /// `/assignment was asked 3 times`
    Times(usize),
    /// `/assignment was asked with one idempotency token`
    OneToken,
    /// `/assignment was asked with a genuine signature`: every request.
    Genuinely,
    /// `/after was asked with QueueResult=bridged`: the last request.
    With(String, String),
}

impl Expectation {
    /// Parses an expectation; panics at `location` if the sentence is unknown.
    pub fn parse(text: &str, location: &str) -> Self {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let expectation = of_http(&words)
            .or_else(|| of_routing(&words))
            .or_else(|| of_phones(&words));
        expectation.unwrap_or_else(|| panic!("{location}\nunknown expectation: {text}"))
    }
}

fn owned(text: &str) -> String {
    text.to_owned()
}

fn of_http(words: &[&str]) -> Option<Expectation> {
    Some(match words {
        ["HTTP", status] => http(status, None, "")?,
        ["HTTP", status, "code", code] => http(status, Some(code), "")?,
        ["HTTP", status, "code", code, message] => http(status, Some(code), message)?,
        ["one", "HTTP", one, "and", "one", "HTTP", other] => Expectation::Reply(
            ReplyExpectation::HttpEach(one.parse().ok()?, other.parse().ok()?),
        ),
        ["its", "signature", "is", signature] => {
            Expectation::Signature(SignatureExpectation::Is(owned(signature)))
        }
        ["its", "URL", "has", part] => {
            Expectation::Signature(SignatureExpectation::Url(owned(part)))
        }
        ["it", "is", "genuine"] => Expectation::Signature(SignatureExpectation::Genuine(true)),
        ["it", "is", "forged"] => Expectation::Signature(SignatureExpectation::Genuine(false)),
        [path, "was", "asked", "with", "a", "genuine", "signature"] => {
            Expectation::Customer(owned(path), CustomerExpectation::Genuinely)
        }
        ["its", field, "is", value] => {
            Expectation::Reply(ReplyExpectation::Shown(owned(field), owned(value)))
        }
        ["its", field, "contains", text] => {
            Expectation::Reply(ReplyExpectation::Contains(owned(field), owned(text)))
        }
        [path, "was", "asked", times, "times"] => {
            Expectation::Customer(owned(path), CustomerExpectation::Times(times.parse().ok()?))
        }
        [path, "was", "asked", "once"] => {
            Expectation::Customer(owned(path), CustomerExpectation::Times(1))
        }
        [path, "was", "not", "asked"] => {
            Expectation::Customer(owned(path), CustomerExpectation::Times(0))
        }
        [path, "was", "asked", "with", "one", "idempotency", "token"] => {
            Expectation::Customer(owned(path), CustomerExpectation::OneToken)
        }
        [path, "was", "asked", "with", parameter] => {
            let (name, value) = parameter.split_once('=')?;
            Expectation::Customer(
                owned(path),
                CustomerExpectation::With(owned(name), owned(value)),
            )
        }
        _ => return None,
    })
}

fn http(status: &str, code: Option<&str>, message: &str) -> Option<Expectation> {
    let code = code.map(str::parse).transpose().ok()?;
    Some(Expectation::Reply(ReplyExpectation::Http {
        status: status.parse().ok()?,
        code,
        message: owned(message),
    }))
}

/// Tasks created through the API are named `t` and a number.
fn is_task(name: &str) -> bool {
    let number = name.strip_prefix('t').unwrap_or_default();
    !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit())
}

fn of_routing(words: &[&str]) -> Option<Expectation> {
    Some(match words {
        ["task", task, "is", rest @ ..] => task_is(task, rest)?,
        [task, "is", "gone"] if is_task(task) => {
            Expectation::Task(owned(task), TaskExpectation::Gone)
        }
        [task, "is", "offered", "to", "nobody"] => {
            Expectation::Task(owned(task), TaskExpectation::Offered(Vec::new()))
        }
        [task, "is", "offered", "to", names @ ..] => {
            let names = names
                .iter()
                .filter(|name| **name != "and")
                .map(|name| owned(name))
                .collect();
            Expectation::Task(owned(task), TaskExpectation::Offered(names))
        }
        [task, "is", rest @ ..] if is_task(task) => task_is(task, rest)?,
        [task, "belongs", "to", worker] => {
            Expectation::Task(owned(task), TaskExpectation::Belongs(owned(worker)))
        }
        [task, "has", "priority", priority] => Expectation::Task(
            owned(task),
            TaskExpectation::Priority(priority.parse().ok()?),
        ),
        [worker, "has", "no", "tasks"] => {
            Expectation::Worker(owned(worker), WorkerExpectation::Holds(0))
        }
        [worker, "has", tasks, "tasks"] => {
            Expectation::Worker(owned(worker), WorkerExpectation::Holds(tasks.parse().ok()?))
        }
        [worker, "reservation", "of", task, "is", status] => {
            let worker = owned(worker.strip_suffix("'s")?);
            Expectation::Task(
                owned(task),
                TaskExpectation::Reservation {
                    worker,
                    status: owned(status),
                },
            )
        }
        _ => return None,
    })
}

fn task_is(task: &str, words: &[&str]) -> Option<Expectation> {
    let (status, queue, reason) = match words {
        [status] => (status, None, None),
        [status, "in", queue] => (status, Some(owned(queue)), None),
        [status, "because", reason @ ..] => (status, None, Some(reason.join(" "))),
        _ => return None,
    };
    Some(Expectation::Task(
        owned(task),
        TaskExpectation::Is {
            status: owned(status),
            queue,
            reason,
        },
    ))
}

fn of_phones(words: &[&str]) -> Option<Expectation> {
    Some(match words {
        ["nobody", "rings"] => Expectation::Phone(PhoneExpectation::NobodyRings),
        [caller, "has", "no", "task"] => {
            Expectation::Task(owned(caller), TaskExpectation::NeverMade)
        }
        [caller, "hears", heard @ ..] if !heard.is_empty() => {
            Expectation::Phone(PhoneExpectation::Hears(owned(caller), heard.join(" ")))
        }
        [caller, "does", "not", "hear", heard @ ..] => {
            Expectation::Phone(PhoneExpectation::Silent(owned(caller), heard.join(" ")))
        }
        [caller, "talks", "to", worker] => {
            Expectation::Phone(PhoneExpectation::Talks(owned(caller), owned(worker)))
        }
        [caller, "waits"] => Expectation::Phone(PhoneExpectation::Waits(owned(caller))),
        [caller, "is", "gone"] => Expectation::Phone(PhoneExpectation::Gone(owned(caller))),
        [caller, "ended", "as", status] => {
            Expectation::Phone(PhoneExpectation::Ended(owned(caller), owned(status)))
        }
        [worker, "rings"] => Expectation::Phone(PhoneExpectation::Rings(owned(worker))),
        [worker, "is", activity] => {
            Expectation::Worker(owned(worker), WorkerExpectation::Activity(owned(activity)))
        }
        _ => return None,
    })
}
