//! What must be so.

use super::words::words;

/// Something that must be so.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// `c1 waits`: in the queue, with nobody.
    Waits(String),
    /// `c1 talks to Asha`
    Talks(String, String),
    /// `c1 is gone`: the call is over.
    Gone(String),
    /// `Asha rings`
    Rings(String),
    /// `nobody rings`
    NobodyRings,
    /// `Asha is Wrap-Up`
    Activity(String, String),
    /// `t1 is pending`, `t1 is pending in Q2`, `t1 is canceled because hangup`; of a caller's: `task c1 is canceled`.
    Task { task: String, status: String, queue: Option<String>, reason: Option<String> },
    /// `t1 is gone`: it can no longer be read.
    TaskGone(String),
    /// `t1 has priority 7`
    Priority(String, u32),
    /// `t1 is offered to A and B`, `t1 is offered to nobody`
    Offered(String, Vec<String>),
    /// `t1 belongs to A`: A has accepted it.
    Belongs(String, String),
    /// `A's reservation of t1 is timeout`
    Reservation { worker: String, task: String, status: String },
    /// `A has 3 tasks`: offered, accepted or being wrapped up.
    Holds(String, usize),
    /// `c1 has no task`
    NoTask(String),
    /// `c1 hears You are number 2`
    Hears(String, String),
    /// `c1 does not hear Goodbye`
    Silent(String, String),
    /// `HTTP 400 code 20001 "Cannot complete task"`: every part but the first may be missing.
    Http { status: u16, code: Option<u64>, message: String },
    /// `one HTTP 200 and one HTTP 410`: of two requests at the same time.
    HttpEach(u16, u16),
    /// `its available is true`: of what the API answered last.
    Shown(String, String),
    /// `/assignment was asked 3 times`
    Asked(String, usize),
    /// `/assignment was asked with one idempotency token`
    OneToken(String),
    /// `/after was asked with QueueResult=bridged`, last.
    AskedWith(String, String, String),
}

impl Fact {
    /// Reads a fact; panics at `place` if there is none such.
    pub fn parse(text: &str, place: &str) -> Self {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let fact = of_http(&words).or_else(|| of_routing(&words)).or_else(|| of_phones(&words));
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
        ["one", "HTTP", one, "and", "one", "HTTP", other] => Fact::HttpEach(one.parse().ok()?, other.parse().ok()?),
        ["its", field, "is", value] => Fact::Shown(own(field), own(value)),
        [path, "was", "asked", times, "times"] => Fact::Asked(own(path), times.parse().ok()?),
        [path, "was", "asked", "once"] => Fact::Asked(own(path), 1),
        [path, "was", "not", "asked"] => Fact::Asked(own(path), 0),
        [path, "was", "asked", "with", "one", "idempotency", "token"] => Fact::OneToken(own(path)),
        [path, "was", "asked", "with", parameter] => {
            let (name, value) = parameter.split_once('=')?;
            Fact::AskedWith(own(path), own(name), own(value))
        }
        _ => return None,
    })
}

fn http(status: &str, code: Option<&str>, message: &str) -> Option<Fact> {
    let code = code.map(str::parse).transpose().ok()?;
    Some(Fact::Http { status: status.parse().ok()?, code, message: own(message) })
}

/// Tasks made by hand are called t and a number.
pub fn is_task(name: &str) -> bool {
    let number = name.strip_prefix('t').unwrap_or_default();
    !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit())
}

fn of_routing(words: &[&str]) -> Option<Fact> {
    Some(match words {
        ["task", task, "is", rest @ ..] => task_is(task, rest)?,
        [task, "is", "gone"] if is_task(task) => Fact::TaskGone(own(task)),
        [task, "is", "offered", "to", "nobody"] => Fact::Offered(own(task), Vec::new()),
        [task, "is", "offered", "to", names @ ..] => {
            let names = names.iter().filter(|name| **name != "and").map(|name| own(name)).collect();
            Fact::Offered(own(task), names)
        }
        [task, "is", rest @ ..] if is_task(task) => task_is(task, rest)?,
        [task, "belongs", "to", worker] => Fact::Belongs(own(task), own(worker)),
        [task, "has", "priority", priority] => Fact::Priority(own(task), priority.parse().ok()?),
        [worker, "has", "no", "tasks"] => Fact::Holds(own(worker), 0),
        [worker, "has", tasks, "tasks"] => Fact::Holds(own(worker), tasks.parse().ok()?),
        [worker, "reservation", "of", task, "is", status] => {
            let worker = own(worker.strip_suffix("'s")?);
            Fact::Reservation { worker, task: own(task), status: own(status) }
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
    Some(Fact::Task { task: own(task), status: own(status), queue, reason })
}

fn of_phones(words: &[&str]) -> Option<Fact> {
    Some(match words {
        ["nobody", "rings"] => Fact::NobodyRings,
        [caller, "has", "no", "task"] => Fact::NoTask(own(caller)),
        [caller, "hears", heard @ ..] if !heard.is_empty() => Fact::Hears(own(caller), heard.join(" ")),
        [caller, "does", "not", "hear", heard @ ..] => Fact::Silent(own(caller), heard.join(" ")),
        [caller, "talks", "to", worker] => Fact::Talks(own(caller), own(worker)),
        [caller, "waits"] => Fact::Waits(own(caller)),
        [who, "is", "gone"] => Fact::Gone(own(who)),
        [worker, "rings"] => Fact::Rings(own(worker)),
        [worker, "is", activity] => Fact::Activity(own(worker), own(activity)),
        _ => return None,
    })
}
