//! What must be so.

use super::words::words;

/// Something that must be so.
#[derive(Debug, Clone, PartialEq)]
pub enum Expectation {
    /// Of calls and phones.
    Phone(PhoneExpectation),
    /// Of a Worker, by name.
    Worker(String, WorkerExpectation),
    /// Of a Task: one made by hand, or a caller's.
    Task(String, TaskExpectation),
    /// Of what the API answered.
    Reply(ReplyExpectation),
    /// Of what was signed.
    Signature(SignatureExpectation),
    /// Of what the customer's server was asked under a path.
    Customer(String, CustomerExpectation),
}

/// Something about calls and phones.
#[derive(Debug, Clone, PartialEq)]
pub enum PhoneExpectation {
    /// `c1 waits`: in the queue, with nobody.
    Waits(String),
    /// `c1 talks to Asha`
    Talks(String, String),
    /// `c1 is gone`: the call is over.
    Gone(String),
    /// `c1 ended as busy`: the call's last status.
    Ended(String, String),
    /// `Asha rings`
    Rings(String),
    /// `nobody rings`
    NobodyRings,
    /// `c1 hears You are number 2`
    Hears(String, String),
    /// `c1 does not hear Goodbye`
    Silent(String, String),
}

/// Something about a Worker.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerExpectation {
    /// `Asha is Wrap-Up`
    Activity(String),
    /// `A has 3 tasks`: offered, accepted or being wrapped up.
    Holds(usize),
}

/// Something about a Task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskExpectation {
    /// `t1 is pending`, `t1 is pending in Q2`, `t1 is canceled because hangup`; of a caller's: `task c1 is canceled`.
    Is {
        status: String,
        queue: Option<String>,
        reason: Option<String>,
    },
    /// `t1 is gone`: it can no longer be read.
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

/// Something about what the API answered.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyExpectation {
    /// `HTTP 400 code 20001 "Cannot complete task"`: every part but the first may be missing.
    Http {
        status: u16,
        code: Option<u64>,
        message: String,
    },
    /// `one HTTP 200 and one HTTP 410`: of two requests at the same time.
    HttpEach(u16, u16),
    /// `its available is true`: of the last answer.
    Shown(String, String),
}

/// Something about what was signed last.
#[derive(Debug, Clone, PartialEq)]
pub enum SignatureExpectation {
    /// `its signature is RSOYDt4T1cUTdK1PDd93/VVr8B8=`
    Is(String),
    /// `its URL has bodySHA256=…`
    Url(String),
    /// `it is genuine`, `it is forged`: to whoever verifies it.
    Genuine(bool),
}

/// Something about what the customer's server was asked.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerExpectation {
    /// `/assignment was asked 3 times`
    Times(usize),
    /// `/assignment was asked with one idempotency token`
    OneToken,
    /// `/assignment was asked with a genuine signature`, each time.
    Genuinely,
    /// `/after was asked with QueueResult=bridged`, last.
    With(String, String),
}

impl Expectation {
    /// Reads a expectation; panics at `place` if there is none such.
    pub fn parse(text: &str, place: &str) -> Self {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let expectation = of_http(&words)
            .or_else(|| of_routing(&words))
            .or_else(|| of_phones(&words));
        expectation.unwrap_or_else(|| panic!("{place}\nno such expectation: {text}"))
    }
}

fn own(text: &str) -> String {
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
            Expectation::Signature(SignatureExpectation::Is(own(signature)))
        }
        ["its", "URL", "has", part] => Expectation::Signature(SignatureExpectation::Url(own(part))),
        ["it", "is", "genuine"] => Expectation::Signature(SignatureExpectation::Genuine(true)),
        ["it", "is", "forged"] => Expectation::Signature(SignatureExpectation::Genuine(false)),
        [path, "was", "asked", "with", "a", "genuine", "signature"] => {
            Expectation::Customer(own(path), CustomerExpectation::Genuinely)
        }
        ["its", field, "is", value] => {
            Expectation::Reply(ReplyExpectation::Shown(own(field), own(value)))
        }
        [path, "was", "asked", times, "times"] => {
            Expectation::Customer(own(path), CustomerExpectation::Times(times.parse().ok()?))
        }
        [path, "was", "asked", "once"] => {
            Expectation::Customer(own(path), CustomerExpectation::Times(1))
        }
        [path, "was", "not", "asked"] => {
            Expectation::Customer(own(path), CustomerExpectation::Times(0))
        }
        [path, "was", "asked", "with", "one", "idempotency", "token"] => {
            Expectation::Customer(own(path), CustomerExpectation::OneToken)
        }
        [path, "was", "asked", "with", parameter] => {
            let (name, value) = parameter.split_once('=')?;
            Expectation::Customer(own(path), CustomerExpectation::With(own(name), own(value)))
        }
        _ => return None,
    })
}

fn http(status: &str, code: Option<&str>, message: &str) -> Option<Expectation> {
    let code = code.map(str::parse).transpose().ok()?;
    Some(Expectation::Reply(ReplyExpectation::Http {
        status: status.parse().ok()?,
        code,
        message: own(message),
    }))
}

/// Tasks made by hand are called t and a number.
fn is_task(name: &str) -> bool {
    let number = name.strip_prefix('t').unwrap_or_default();
    !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit())
}

fn of_routing(words: &[&str]) -> Option<Expectation> {
    Some(match words {
        ["task", task, "is", rest @ ..] => task_is(task, rest)?,
        [task, "is", "gone"] if is_task(task) => {
            Expectation::Task(own(task), TaskExpectation::Gone)
        }
        [task, "is", "offered", "to", "nobody"] => {
            Expectation::Task(own(task), TaskExpectation::Offered(Vec::new()))
        }
        [task, "is", "offered", "to", names @ ..] => {
            let names = names
                .iter()
                .filter(|name| **name != "and")
                .map(|name| own(name))
                .collect();
            Expectation::Task(own(task), TaskExpectation::Offered(names))
        }
        [task, "is", rest @ ..] if is_task(task) => task_is(task, rest)?,
        [task, "belongs", "to", worker] => {
            Expectation::Task(own(task), TaskExpectation::Belongs(own(worker)))
        }
        [task, "has", "priority", priority] => {
            Expectation::Task(own(task), TaskExpectation::Priority(priority.parse().ok()?))
        }
        [worker, "has", "no", "tasks"] => {
            Expectation::Worker(own(worker), WorkerExpectation::Holds(0))
        }
        [worker, "has", tasks, "tasks"] => {
            Expectation::Worker(own(worker), WorkerExpectation::Holds(tasks.parse().ok()?))
        }
        [worker, "reservation", "of", task, "is", status] => {
            let worker = own(worker.strip_suffix("'s")?);
            Expectation::Task(
                own(task),
                TaskExpectation::Reservation {
                    worker,
                    status: own(status),
                },
            )
        }
        _ => return None,
    })
}

fn task_is(task: &str, words: &[&str]) -> Option<Expectation> {
    let (status, queue, reason) = match words {
        [status] => (status, None, None),
        [status, "in", queue] => (status, Some(own(queue)), None),
        [status, "because", reason @ ..] => (status, None, Some(reason.join(" "))),
        _ => return None,
    };
    Some(Expectation::Task(
        own(task),
        TaskExpectation::Is {
            status: own(status),
            queue,
            reason,
        },
    ))
}

fn of_phones(words: &[&str]) -> Option<Expectation> {
    Some(match words {
        ["nobody", "rings"] => Expectation::Phone(PhoneExpectation::NobodyRings),
        [caller, "has", "no", "task"] => Expectation::Task(own(caller), TaskExpectation::NeverMade),
        [caller, "hears", heard @ ..] if !heard.is_empty() => {
            Expectation::Phone(PhoneExpectation::Hears(own(caller), heard.join(" ")))
        }
        [caller, "does", "not", "hear", heard @ ..] => {
            Expectation::Phone(PhoneExpectation::Silent(own(caller), heard.join(" ")))
        }
        [caller, "talks", "to", worker] => {
            Expectation::Phone(PhoneExpectation::Talks(own(caller), own(worker)))
        }
        [caller, "waits"] => Expectation::Phone(PhoneExpectation::Waits(own(caller))),
        [who, "is", "gone"] => Expectation::Phone(PhoneExpectation::Gone(own(who))),
        [caller, "ended", "as", status] => {
            Expectation::Phone(PhoneExpectation::Ended(own(caller), own(status)))
        }
        [worker, "rings"] => Expectation::Phone(PhoneExpectation::Rings(own(worker))),
        [worker, "is", activity] => {
            Expectation::Worker(own(worker), WorkerExpectation::Activity(own(activity)))
        }
        _ => return None,
    })
}
