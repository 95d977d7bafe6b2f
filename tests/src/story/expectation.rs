//! What must be so.

use super::words::words;

/// Something that must be so.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// Of calls and phones.
    Phone(PhoneFact),
    /// Of a Worker, by name.
    Worker(String, WorkerFact),
    /// Of a Task: one made by hand, or a caller's.
    Task(String, TaskFact),
    /// Of what the API answered.
    Reply(ReplyFact),
    /// Of what was signed.
    Signature(SignatureFact),
    /// Of what the customer's server was asked under a path.
    Customer(String, CustomerFact),
}

/// Something about calls and phones.
#[derive(Debug, Clone, PartialEq)]
pub enum PhoneFact {
    /// `c1 waits`: in the queue, with nobody.
    WaitTimes(String),
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
pub enum WorkerFact {
    /// `Asha is Wrap-Up`
    Activity(String),
    /// `A has 3 tasks`: offered, accepted or being wrapped up.
    Holds(usize),
}

/// Something about a Task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskFact {
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
pub enum ReplyFact {
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
pub enum SignatureFact {
    /// `its signature is RSOYDt4T1cUTdK1PDd93/VVr8B8=`
    Is(String),
    /// `its URL has bodySHA256=…`
    Url(String),
    /// `it is genuine`, `it is forged`: to whoever verifies it.
    Genuine(bool),
}

/// Something about what the customer's server was asked.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerFact {
    /// `/assignment was asked 3 times`
    Times(usize),
    /// `/assignment was asked with one idempotency token`
    OneToken,
    /// `/assignment was asked with a genuine signature`, each time.
    Genuinely,
    /// `/after was asked with QueueResult=bridged`, last.
    With(String, String),
}

impl Fact {
    /// Reads a fact; panics at `place` if there is none such.
    pub fn parse(text: &str, place: &str) -> Self {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let fact = of_http(&words)
            .or_else(|| of_routing(&words))
            .or_else(|| of_phones(&words));
        fact.unwrap_or_else(|| panic!("{place}\nno such fact: {text}"))
    }
}

fn own(text: &str) -> String {
    text.to_owned()
}

fn of_http(words: &[&str]) -> Option<Fact> {
    Some(match words {
        ["HTTP", status] => http(status, None, "")?,
        ["HTTP", status, "code", code] => http(status, Some(code), "")?,
        ["HTTP", status, "code", code, message] => http(status, Some(code), message)?,
        ["one", "HTTP", one, "and", "one", "HTTP", other] => {
            Fact::Reply(ReplyFact::HttpEach(one.parse().ok()?, other.parse().ok()?))
        }
        ["its", "signature", "is", signature] => Fact::Signature(SignatureFact::Is(own(signature))),
        ["its", "URL", "has", part] => Fact::Signature(SignatureFact::Url(own(part))),
        ["it", "is", "genuine"] => Fact::Signature(SignatureFact::Genuine(true)),
        ["it", "is", "forged"] => Fact::Signature(SignatureFact::Genuine(false)),
        [path, "was", "asked", "with", "a", "genuine", "signature"] => {
            Fact::Customer(own(path), CustomerFact::Genuinely)
        }
        ["its", field, "is", value] => Fact::Reply(ReplyFact::Shown(own(field), own(value))),
        [path, "was", "asked", times, "times"] => {
            Fact::Customer(own(path), CustomerFact::Times(times.parse().ok()?))
        }
        [path, "was", "asked", "once"] => Fact::Customer(own(path), CustomerFact::Times(1)),
        [path, "was", "not", "asked"] => Fact::Customer(own(path), CustomerFact::Times(0)),
        [path, "was", "asked", "with", "one", "idempotency", "token"] => {
            Fact::Customer(own(path), CustomerFact::OneToken)
        }
        [path, "was", "asked", "with", parameter] => {
            let (name, value) = parameter.split_once('=')?;
            Fact::Customer(own(path), CustomerFact::With(own(name), own(value)))
        }
        _ => return None,
    })
}

fn http(status: &str, code: Option<&str>, message: &str) -> Option<Fact> {
    let code = code.map(str::parse).transpose().ok()?;
    Some(Fact::Reply(ReplyFact::Http {
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

fn of_routing(words: &[&str]) -> Option<Fact> {
    Some(match words {
        ["task", task, "is", rest @ ..] => task_is(task, rest)?,
        [task, "is", "gone"] if is_task(task) => Fact::Task(own(task), TaskFact::Gone),
        [task, "is", "offered", "to", "nobody"] => {
            Fact::Task(own(task), TaskFact::Offered(Vec::new()))
        }
        [task, "is", "offered", "to", names @ ..] => {
            let names = names
                .iter()
                .filter(|name| **name != "and")
                .map(|name| own(name))
                .collect();
            Fact::Task(own(task), TaskFact::Offered(names))
        }
        [task, "is", rest @ ..] if is_task(task) => task_is(task, rest)?,
        [task, "belongs", "to", worker] => Fact::Task(own(task), TaskFact::Belongs(own(worker))),
        [task, "has", "priority", priority] => {
            Fact::Task(own(task), TaskFact::Priority(priority.parse().ok()?))
        }
        [worker, "has", "no", "tasks"] => Fact::Worker(own(worker), WorkerFact::Holds(0)),
        [worker, "has", tasks, "tasks"] => {
            Fact::Worker(own(worker), WorkerFact::Holds(tasks.parse().ok()?))
        }
        [worker, "reservation", "of", task, "is", status] => {
            let worker = own(worker.strip_suffix("'s")?);
            Fact::Task(
                own(task),
                TaskFact::Reservation {
                    worker,
                    status: own(status),
                },
            )
        }
        _ => return None,
    })
}

fn task_is(task: &str, words: &[&str]) -> Option<Fact> {
    let (status, queue, reason) = match words {
        [status] => (status, None, None),
        [status, "in", queue] => (status, Some(own(queue)), None),
        [status, "because", reason @ ..] => (status, None, Some(reason.join(" "))),
        _ => return None,
    };
    Some(Fact::Task(
        own(task),
        TaskFact::Is {
            status: own(status),
            queue,
            reason,
        },
    ))
}

fn of_phones(words: &[&str]) -> Option<Fact> {
    Some(match words {
        ["nobody", "rings"] => Fact::Phone(PhoneFact::NobodyRings),
        [caller, "has", "no", "task"] => Fact::Task(own(caller), TaskFact::NeverMade),
        [caller, "hears", heard @ ..] if !heard.is_empty() => {
            Fact::Phone(PhoneFact::Hears(own(caller), heard.join(" ")))
        }
        [caller, "does", "not", "hear", heard @ ..] => {
            Fact::Phone(PhoneFact::Silent(own(caller), heard.join(" ")))
        }
        [caller, "talks", "to", worker] => Fact::Phone(PhoneFact::Talks(own(caller), own(worker))),
        [caller, "waits"] => Fact::Phone(PhoneFact::WaitTimes(own(caller))),
        [who, "is", "gone"] => Fact::Phone(PhoneFact::Gone(own(who))),
        [caller, "ended", "as", status] => Fact::Phone(PhoneFact::Ended(own(caller), own(status))),
        [worker, "rings"] => Fact::Phone(PhoneFact::Rings(own(worker))),
        [worker, "is", activity] => Fact::Worker(own(worker), WorkerFact::Activity(own(activity))),
        _ => return None,
    })
}
