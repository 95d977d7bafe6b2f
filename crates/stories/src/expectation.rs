//! The expectations of a story: what must hold after a step.

use ids::time::Millis;

use crate::problem::{Place, Problem};
use crate::step::unknown;
use crate::when::span_of;
use crate::words::{Part, Word};

/// An expectation and its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Its place.
    pub place: Place,
    /// Its words.
    pub text: String,
    /// What is expected.
    pub expectation: Expectation,
}

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
    /// About the requests to a URL, or to a path of the customer's server.
    Customer(String, CustomerExpectation),
}

/// An expectation about calls and phones.
#[derive(Debug, Clone, PartialEq)]
pub enum PhoneExpectation {
    /// `c1 waits`, `c1 waits in Support`: in the queue, not connected.
    Waits(String, Option<String>),
    /// `c1 talks to Maya`
    Talks(String, String),
    /// `c1 is gone`: the call has ended.
    Gone(String),
    /// `c1 ended as busy`: the call's last status.
    Ended(String, String),
    /// `Maya rings`, `+17075550101 rings`; `c1 rings`: a caller is called back.
    Rings(String),
    /// `nobody rings`, `no phone rings`
    NobodyRings,
    /// `c1 hears You are number 2`, `c1 hears "Guten Tag" in de-DE`
    Hears {
        /// A caller or a Worker.
        name: String,
        /// A part of what was said or played.
        words: String,
        /// The language of the voice.
        language: Option<String>,
    },
    /// `c1 does not hear Goodbye`
    Silent(String, String),
}

/// An expectation about a Worker.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerExpectation {
    /// `Maya is Wrap-Up`
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
        /// The status.
        status: String,
        /// The TaskQueue.
        queue: Option<String>,
        /// The reason of its end.
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
    Reservation {
        /// The Worker.
        worker: String,
        /// The status.
        status: String,
    },
    /// `c1 waited 20s`, `c1 waited at most 20s`, `c1 waited at least 20s`: until now, or until a
    /// Worker had the Task.
    Waited(Bound, Millis),
    /// `c1 has attribute account "49123456"`: a JSON value, or a text.
    Attribute {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// `c1 has event reservation.created`, `c1 has no event task.canceled`
    Event {
        /// The type.
        kind: String,
        /// Whether there is one.
        is_there: bool,
    },
}

/// How a length is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The same, within a second.
    Exactly,
    /// Not more.
    AtMost,
    /// Not less.
    AtLeast,
}

/// An expectation about the API's answers.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyExpectation {
    /// `HTTP 400 code 20001 "Cannot complete task"`: the code and the message are optional.
    Http {
        /// The status.
        status: u16,
        /// TaskRouter's code.
        code: Option<u64>,
        /// Parts of the message, with `…` between them.
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

/// An expectation about the requests to another server.
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

/// The sentences, for messages and for the documentation.
pub const SENTENCES: &[&str] = &[
    "CALLER waits",
    "CALLER waits in QUEUE",
    "CALLER talks to WORKER",
    "CALLER hears WORDS",
    "CALLER hears \"WORDS\" in LANGUAGE",
    "CALLER does not hear WORDS",
    "CALLER is gone",
    "CALLER ended as STATUS",
    "WORKER rings",
    "no phone rings",
    "WORKER is ACTIVITY",
    "WORKER has NUMBER tasks",
    "WORKER has no tasks",
    "task CALLER is STATUS",
    "task CALLER is STATUS in QUEUE",
    "task CALLER is STATUS because REASON",
    "CALLER has no task",
    "CALLER has priority NUMBER",
    "CALLER has attribute NAME VALUE",
    "CALLER waited 20s",
    "CALLER waited at most 20s",
    "CALLER waited at least 20s",
    "CALLER has event TYPE",
    "CALLER has no event TYPE",
    "TASK is offered to WORKER and WORKER",
    "TASK is offered to nobody",
    "TASK belongs to WORKER",
    "TASK is gone",
    "WORKER's reservation of TASK is STATUS",
    "URL was asked once",
    "URL was asked NUMBER times",
    "URL was not asked",
    "URL was asked with Name=value",
    "URL was asked with a genuine signature",
    "URL was asked with one idempotency token",
    "HTTP STATUS",
    "HTTP STATUS code CODE \"MESSAGE\"",
    "its FIELD is VALUE",
    "its FIELD contains WORD",
];

impl Placed {
    /// Parses the expectations of a line, which are separated by commas.
    pub(crate) fn parse_all(part: Part<'_>) -> Result<Vec<Self>, Problem> {
        part.clauses().into_iter().map(Self::parse).collect()
    }

    fn parse(part: Part<'_>) -> Result<Self, Problem> {
        let words = part.words();
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let expectation = of_http(&texts)
            .or_else(|| of_routing(&texts))
            .or_else(|| of_phones(&texts, &words));
        Ok(Self {
            place: part.place(),
            text: part.text.to_owned(),
            expectation: expectation
                .ok_or_else(|| unknown("expectation", part, &words, SENTENCES))?,
        })
    }
}

impl Expectation {
    /// Whether it is about the HTTP status of the API's answers: a request may then fail.
    pub(crate) fn is_of_status(&self) -> bool {
        matches!(
            self,
            Self::Reply(ReplyExpectation::Http { .. } | ReplyExpectation::HttpEach(..))
        )
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
        ["its", field, "is", value] => {
            Expectation::Reply(ReplyExpectation::Shown(owned(field), owned(value)))
        }
        ["its", field, "contains", text] => {
            Expectation::Reply(ReplyExpectation::Contains(owned(field), owned(text)))
        }
        [url, "was", "asked", rest @ ..] => Expectation::Customer(owned(url), asked(rest)?),
        [url, "was", "not", "asked"] => {
            Expectation::Customer(owned(url), CustomerExpectation::Times(0))
        }
        _ => return None,
    })
}

fn asked(words: &[&str]) -> Option<CustomerExpectation> {
    Some(match words {
        ["once"] => CustomerExpectation::Times(1),
        [times, "times"] => CustomerExpectation::Times(times.parse().ok()?),
        ["with", "a", "genuine", "signature"] => CustomerExpectation::Genuinely,
        ["with", "one", "idempotency", "token"] => CustomerExpectation::OneToken,
        ["with", parameter] => {
            let (name, value) = parameter.split_once('=')?;
            CustomerExpectation::With(owned(name), owned(value))
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

/// Whether a name is that of a Task created through the API: `t` and a number.
fn is_task(name: &str) -> bool {
    let number = name.strip_prefix('t').unwrap_or_default();
    !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit())
}

fn of_routing(words: &[&str]) -> Option<Expectation> {
    let about = |task: &str, expectation| Some(Expectation::Task(owned(task), expectation));
    match words {
        ["task", task, "is", rest @ ..] => about(task, task_is(rest)?),
        [task, "is", "gone"] if is_task(task) => about(task, TaskExpectation::Gone),
        [task, "is", "offered", "to", "nobody"] => {
            about(task, TaskExpectation::Offered(Vec::new()))
        }
        [task, "is", "offered", "to", names @ ..] => {
            let names = names.iter().filter(|name| **name != "and");
            let names = names.map(|name| owned(name)).collect();
            about(task, TaskExpectation::Offered(names))
        }
        [task, "is", rest @ ..] if is_task(task) => about(task, task_is(rest)?),
        [task, "belongs", "to", worker] => about(task, TaskExpectation::Belongs(owned(worker))),
        [task, "has", "priority", priority] => {
            about(task, TaskExpectation::Priority(priority.parse().ok()?))
        }
        [task, "has", "attribute", name, value] => about(
            task,
            TaskExpectation::Attribute {
                name: owned(name),
                value: owned(value),
            },
        ),
        [task, "has", "event", kind] => about(task, event(kind, true)),
        [task, "has", "no", "event", kind] => about(task, event(kind, false)),
        [task, "waited", rest @ ..] => about(task, waited(rest)?),
        [worker, "has", "no", "tasks"] => Some(Expectation::Worker(
            owned(worker),
            WorkerExpectation::Holds(0),
        )),
        [worker, "has", tasks, "tasks"] => Some(Expectation::Worker(
            owned(worker),
            WorkerExpectation::Holds(tasks.parse().ok()?),
        )),
        [worker, "reservation", "of", task, "is", status] => about(
            task,
            TaskExpectation::Reservation {
                worker: owned(worker.strip_suffix("'s")?),
                status: owned(status),
            },
        ),
        _ => None,
    }
}

fn event(kind: &str, is_there: bool) -> TaskExpectation {
    TaskExpectation::Event {
        kind: owned(kind),
        is_there,
    }
}

fn waited(words: &[&str]) -> Option<TaskExpectation> {
    let (bound, span) = match words {
        [span] => (Bound::Exactly, span),
        ["at", "most", span] => (Bound::AtMost, span),
        ["at", "least", span] => (Bound::AtLeast, span),
        _ => return None,
    };
    Some(TaskExpectation::Waited(bound, span_of(span)?))
}

fn task_is(words: &[&str]) -> Option<TaskExpectation> {
    let (status, queue, reason) = match words {
        [status] => (status, None, None),
        [status, "in", queue @ ..] if !queue.is_empty() => (status, Some(queue.join(" ")), None),
        [status, "because", reason @ ..] => (status, None, Some(reason.join(" "))),
        _ => return None,
    };
    Some(TaskExpectation::Is {
        status: owned(status),
        queue,
        reason,
    })
}

fn of_phones(texts: &[&str], words: &[Word]) -> Option<Expectation> {
    Some(match texts {
        ["nobody" | "no-one", "rings"] | ["no", "phone", "rings"] => {
            Expectation::Phone(PhoneExpectation::NobodyRings)
        }
        [caller, "has", "no", "task"] => {
            Expectation::Task(owned(caller), TaskExpectation::NeverMade)
        }
        [name, "hears", heard, "in", language]
            if words.get(2).is_some_and(|word| word.is_quoted) =>
        {
            Expectation::Phone(PhoneExpectation::Hears {
                name: owned(name),
                words: owned(heard),
                language: Some(owned(language)),
            })
        }
        [name, "hears", heard @ ..] if !heard.is_empty() => {
            Expectation::Phone(PhoneExpectation::Hears {
                name: owned(name),
                words: heard.join(" "),
                language: None,
            })
        }
        [name, "does", "not", "hear", heard @ ..] if !heard.is_empty() => {
            Expectation::Phone(PhoneExpectation::Silent(owned(name), heard.join(" ")))
        }
        [caller, "talks", "to", worker] => {
            Expectation::Phone(PhoneExpectation::Talks(owned(caller), owned(worker)))
        }
        [caller, "waits"] => Expectation::Phone(PhoneExpectation::Waits(owned(caller), None)),
        [caller, "waits", "in", queue @ ..] if !queue.is_empty() => Expectation::Phone(
            PhoneExpectation::Waits(owned(caller), Some(queue.join(" "))),
        ),
        [caller, "is", "gone"] => Expectation::Phone(PhoneExpectation::Gone(owned(caller))),
        [caller, "ended", "as", status] => {
            Expectation::Phone(PhoneExpectation::Ended(owned(caller), owned(status)))
        }
        [worker, "rings"] => Expectation::Phone(PhoneExpectation::Rings(owned(worker))),
        [worker, "is", activity @ ..] if !activity.is_empty() => Expectation::Worker(
            owned(worker),
            WorkerExpectation::Activity(activity.join(" ")),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Placed>, Problem> {
        Placed::parse_all(Part {
            text,
            line: 1,
            column: 20,
        })
    }

    #[test]
    fn every_sentence_is_parsed() {
        for sentence in SENTENCES {
            let written = sentence
                .replace("HTTP STATUS", "HTTP 400")
                .replace("code CODE", "code 20001")
                .replace("NUMBER", "3");
            assert!(parse(&written).is_ok(), "{written}");
        }
    }

    #[test]
    fn language_follows_quoted_words() {
        let heard = |text: &str| {
            let parsed = parse(text).unwrap().remove(0).expectation;
            let Expectation::Phone(PhoneExpectation::Hears {
                words, language, ..
            }) = parsed
            else {
                panic!("{parsed:?}");
            };
            (words, language)
        };
        let german = heard(r#"c1 hears "Guten Tag" in de-DE"#);
        assert_eq!(german, (owned("Guten Tag"), Some(owned("de-DE"))));
        assert_eq!(heard("c1 hears pay in cash"), (owned("pay in cash"), None));
    }

    #[test]
    fn expectations_know_their_places() {
        let found = parse(r#" c1 waits, c1 hears "a, b""#).unwrap();
        let places: Vec<_> = found
            .iter()
            .map(|one| (one.place.column, one.text.as_str()))
            .collect();
        assert_eq!(places, [(21, "c1 waits"), (31, r#"c1 hears "a, b""#)]);
        let problem = parse(" c1 waits, c1 sings").unwrap_err();
        assert_eq!((problem.place.column, problem.place.width), (31, 8));
    }
}
