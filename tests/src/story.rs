//! Stories: a contact centre's day as a plain file, one moment a line.
//!
//! ```text
//! 00:00  c1 dials and presses 2     -> c1 waits, Asha rings
//! 00:10  Asha answers               -> c1 talks to Asha, task c1 is assigned
//! ```
//!
//! Before the arrow somebody does something; after it is what must be so [`SLACK`] later. Words in between are read by
//! [`Deed`] and [`Fact`]; whatever they do not know fails the story, with its line. Callers are made as they dial;
//! Workers are those of the set-up.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use shared::model::{CallSid, Clock, Millis, Timestamp};
use shared::router::Event;

use crate::laboratory::{EXAMPLE, Laboratory};

/// How long a deed may take to have its effect: a greeting is spoken, a webhook answered.
pub const SLACK: Millis = Millis::from_secs(6);

/// Plays the story in `file`; panics with the line and what was seen when a fact is not so.
pub async fn play(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let laboratory = Laboratory::open(EXAMPLE, Some(folder.path().to_owned())).await;
    let begun = laboratory.clock.now();
    let mut stage = Stage { laboratory, folder, begun, callers: BTreeMap::new() };
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let place = format!("{}:{}: {line}", file.display(), number + 1);
        stage = stage.moment(line, &place).await;
    }
    stage.laboratory.close().await;
}

/// Something somebody does.
#[derive(Debug, Clone, PartialEq)]
enum Deed {
    /// `c1 dials`, `c1 dials and presses 2`
    Dial { caller: String, digits: Option<String> },
    /// `c1 dials, presses 1 and hangs up`: while being thanked.
    DialAndHangUp { caller: String, digits: String },
    /// `c1 presses 9`
    Press { caller: String, digits: String },
    /// `c1 hangs up`, `Asha answers`, `Asha declines`
    AtPhone { who: String, what: &'static str },
    /// `Asha picks up and hangs up`: before anybody is connected.
    HangUpAtOnce(String),
    /// `Asha becomes Available`
    Become { worker: String, activity: String },
    /// `the centre is restarted`
    Restart,
    /// `time passes`
    Nothing,
}

impl Deed {
    fn parse(text: &str, place: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let own = |text: &str| text.to_owned();
        match words.as_slice() {
            ["time", "passes"] => Self::Nothing,
            ["the", "centre", "is", "restarted"] => Self::Restart,
            [caller, "dials"] => Self::Dial { caller: own(caller), digits: None },
            [caller, "dials", "and", "presses", digits] => {
                Self::Dial { caller: own(caller), digits: Some(own(digits)) }
            }
            [caller, "dials,", "presses", digits, "and", "hangs", "up"] => {
                Self::DialAndHangUp { caller: own(caller), digits: own(digits) }
            }
            [caller, "presses", digits] => Self::Press { caller: own(caller), digits: own(digits) },
            [who, "hangs", "up"] => Self::AtPhone { who: own(who), what: "hangup" },
            [who, "answers"] => Self::AtPhone { who: own(who), what: "answer" },
            [who, "declines"] => Self::AtPhone { who: own(who), what: "decline" },
            [worker, "picks", "up", "and", "hangs", "up"] => Self::HangUpAtOnce(own(worker)),
            [worker, "becomes", activity] => Self::Become { worker: own(worker), activity: own(activity) },
            _ => panic!("{place}\nno such deed: {text}"),
        }
    }
}

/// Something that must be so.
#[derive(Debug, Clone, PartialEq)]
enum Fact {
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
    /// `task c1 is canceled`
    Task(String, String),
    /// `task c1 is canceled because hangup`
    TaskBecause(String, String, String),
    /// `c1 has no task`
    NoTask(String),
    /// `c1 hears You are number 2`
    Hears(String, String),
}

impl Fact {
    fn parse(text: &str, place: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let own = |text: &str| text.to_owned();
        match words.as_slice() {
            ["nobody", "rings"] => Self::NobodyRings,
            [caller, "has", "no", "task"] => Self::NoTask(own(caller)),
            ["task", caller, "is", status] => Self::Task(own(caller), own(status)),
            ["task", caller, "is", status, "because", reason @ ..] => {
                Self::TaskBecause(own(caller), own(status), reason.join(" "))
            }
            [caller, "hears", heard @ ..] if !heard.is_empty() => Self::Hears(own(caller), heard.join(" ")),
            [caller, "talks", "to", worker] => Self::Talks(own(caller), own(worker)),
            [caller, "waits"] => Self::Waits(own(caller)),
            [who, "is", "gone"] => Self::Gone(own(who)),
            [worker, "rings"] => Self::Rings(own(worker)),
            [worker, "is", activity] => Self::Activity(own(worker), own(activity)),
            _ => panic!("{place}\nno such fact: {text}"),
        }
    }
}

struct Stage {
    laboratory: Laboratory,
    folder: tempfile::TempDir,
    begun: Timestamp,
    callers: BTreeMap<String, CallSid>,
}

impl Stage {
    async fn moment(self, line: &str, place: &str) -> Self {
        let (time, rest) =
            line.split_once(char::is_whitespace).unwrap_or_else(|| panic!("{place}\nexpected `mm:ss deed`"));
        let (deed, facts) = rest.split_once("->").unwrap_or((rest, ""));
        let at = self.begun + parse_time(time).unwrap_or_else(|| panic!("{place}\n`{time}` is not mm:ss"));
        let now = self.laboratory.clock.now();
        assert!(at >= now, "{place}\nthis moment has passed: lines must be {SLACK:?} apart");
        self.laboratory.advance(at.since(now)).await;
        let mut stage = self.carry_out(Deed::parse(deed.trim(), place)).await;
        stage.laboratory.advance(SLACK).await;
        for fact in facts.split(',').map(str::trim).filter(|fact| !fact.is_empty()) {
            let fact = Fact::parse(fact, place);
            if let Err(seen) = stage.check(&fact).await {
                panic!("{place}\nnot so: {fact:?}\n{seen}{}", stage.transcripts().await);
            }
        }
        stage
    }

    async fn carry_out(mut self, deed: Deed) -> Self {
        match deed {
            Deed::Nothing => {}
            Deed::Dial { caller, digits } => {
                self.dial(caller, digits.as_deref()).await;
            }
            Deed::DialAndHangUp { caller, digits } => {
                let call = self.dial(caller, Some(&digits)).await;
                self.laboratory.advance(Millis::from_secs(1)).await;
                self.laboratory.at_phone(call, "hangup").await;
            }
            Deed::Press { caller, digits } => self.laboratory.press(self.caller(&caller), &digits).await,
            Deed::AtPhone { who, what } => {
                let call = self.phone(&who, what).await;
                self.laboratory.at_phone(call, what).await;
            }
            Deed::HangUpAtOnce(worker) => {
                let call = self.phone(&worker, "answer").await;
                self.laboratory.at_phone(call, "answer").await;
                self.laboratory.at_phone(call, "hangup").await;
            }
            Deed::Become { worker, activity } => {
                let activities = &self.laboratory.contact_centre.workspace.activities;
                let activity = activities.values().find(|known| known.friendly_name == activity).unwrap().sid;
                let worker = self.laboratory.worker(&worker).await.sid;
                let event = Event::ActivitySet { worker, activity, reject_pending: false };
                self.laboratory.centre.store.apply(&event, self.laboratory.clock.now()).await.unwrap();
            }
            Deed::Restart => {
                let folder = self.folder.path().to_owned();
                self.laboratory = self.laboratory.restarted(EXAMPLE, folder).await;
            }
        }
        self
    }

    async fn check(&mut self, fact: &Fact) -> Result<(), String> {
        let laboratory = &self.laboratory;
        match fact {
            Fact::Waits(caller) => {
                let call = laboratory.call(self.caller(caller)).await;
                let status = laboratory.task(self.caller(caller)).await.map(|task| task.assignment_status.as_str());
                let waits = call["status"] == "in-progress" && call["bridged_with"].is_null();
                expect(
                    waits && matches!(status, Some("pending" | "reserved")),
                    format!("{status:?} {}", call["status"]),
                )
            }
            Fact::Talks(caller, worker) => {
                let call = laboratory.call(self.caller(caller)).await;
                let number = laboratory.worker(worker).await.contact_uri().unwrap().to_owned();
                let leg = laboratory.phones("in-progress").await.get(&number).map(ToString::to_string);
                expect(
                    leg.is_some() && call["bridged_with"].as_str() == leg.as_deref(),
                    call["bridged_with"].to_string(),
                )
            }
            Fact::Gone(who) => {
                let call = laboratory.call(self.caller(who)).await;
                expect(call["status"] == "completed", call["status"].to_string())
            }
            Fact::Rings(worker) => {
                let number = laboratory.worker(worker).await.contact_uri().unwrap().to_owned();
                let ringing = laboratory.ringing().await;
                expect(ringing.contains_key(&number), format!("{ringing:?}"))
            }
            Fact::NobodyRings => {
                let ringing = laboratory.ringing().await;
                expect(ringing.is_empty(), format!("{ringing:?}"))
            }
            Fact::Activity(worker, expected) => {
                let activity = laboratory.activity_of(worker).await;
                expect(activity == *expected, activity)
            }
            Fact::Task(caller, expected) => {
                let task = laboratory.task(self.caller(caller)).await;
                let status = task.map(|task| task.assignment_status.as_str());
                expect(status == Some(expected), format!("{status:?}"))
            }
            Fact::TaskBecause(caller, expected, because) => {
                let task = laboratory.task(self.caller(caller)).await;
                let seen = task.map(|task| {
                    (task.assignment_status.as_str(), task.reason.map(|reason| reason.as_str().to_owned()))
                });
                expect(seen == Some((expected, Some(because.clone()))), format!("{seen:?}"))
            }
            Fact::NoTask(caller) => {
                let task = laboratory.task(self.caller(caller)).await;
                expect(task.is_none(), format!("{task:?}"))
            }
            Fact::Hears(caller, words) => {
                let call = laboratory.call(self.caller(caller)).await;
                let transcript = call["transcript"].as_array().cloned().unwrap_or_default();
                let heard = transcript.iter().filter_map(|entry| entry["text"].as_str());
                expect(heard.into_iter().any(|text| text.contains(words.as_str())), String::new())
            }
        }
    }

    async fn dial(&mut self, caller: String, digits: Option<&str>) -> CallSid {
        let from = format!("+1707555019{}", self.callers.len() % 10);
        let call = self.laboratory.dial(&from).await;
        self.callers.insert(caller, call);
        self.laboratory.centre.settle().await;
        if let Some(digits) = digits {
            self.laboratory.press(call, digits).await;
        }
        call
    }

    fn caller(&self, name: &str) -> CallSid {
        *self.callers.get(name).unwrap_or_else(|| panic!("nobody called {name} has dialled"))
    }

    /// The phone a person is at: a caller's own call, or the Worker's leg that rings or talks.
    async fn phone(&self, who: &str, what: &str) -> CallSid {
        if let Some(call) = self.callers.get(who) {
            return *call;
        }
        let number = self.laboratory.worker(who).await.contact_uri().unwrap().to_owned();
        let status = if what == "hangup" { "in-progress" } else { "ringing" };
        let phones = self.laboratory.phones(status).await;
        *phones.get(&number).unwrap_or_else(|| panic!("{who}'s phone is not {status}: {phones:?}"))
    }

    async fn transcripts(&self) -> String {
        let mut text = String::new();
        let everything = self.laboratory.get("/simulator/calls").await;
        for call in everything["calls"].as_array().unwrap() {
            writeln!(text, "{} {} → {} {}", call["call_sid"], call["from"], call["to"], call["status"]).unwrap();
            let call: CallSid = call["call_sid"].as_str().unwrap().parse().unwrap();
            for entry in self.laboratory.call(call).await["transcript"].as_array().unwrap() {
                writeln!(text, "    {} {} {}", entry["at"], entry["event"], entry["text"]).unwrap();
            }
        }
        text
    }
}

fn expect(so: bool, seen: String) -> Result<(), String> {
    if so { Ok(()) } else { Err(format!("seen: {seen}\n")) }
}

fn parse_time(text: &str) -> Option<Millis> {
    let (minutes, seconds) = text.split_once(':')?;
    Some(Millis::from_secs(minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?))
}
