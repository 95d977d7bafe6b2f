//! Stories: tests in plain text that play a day of the contact centre, one moment a line.
//!
//! ```text
//! == A call is offered to a Worker who speaks the language
//! 00:00  c1 dials and presses 1     -> Maya rings
//! 00:10  Maya answers               -> c1 talks to Maya, task c1 is assigned
//! ```
//!
//! The text before the arrow is a step; the text after it lists what is expected: [`SLACK`] later
//! if telephones are involved, at once otherwise. `step::Step` and `expectation::Expectation`
//! define the sentences; an unknown sentence fails the story, with its line. Callers are created as
//! they dial; Tasks created through the API are named `t` and a number; Workers, queues and
//! Activities are those of the configuration.
//!
//! A heading `==` begins a story with a centre of its own. Indented below `set-up` are sections of
//! a `contact-centre.yaml` that replace those of `plain.yaml`; a story without `set-up` has the
//! example's configuration, and one with `file PATH` that of a file of the project. Indented below `documents` are paths of the customer's server and the
//! documents it answers with: the centre's number then belongs to its `/voice`, and the Tasks of
//! its callers are created by `<Enqueue workflowSid>`. `{customer}` is that server's address. In
//! requests to the API and in documents, a name in braces is replaced by its SID; `{call of c1}`
//! and `{task of c1}` are those of a caller.

mod check;
mod execute;
mod expectation;
mod file;
mod signing;
mod step;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use ids::time::{Clock, Millis, Timestamp};
use ids::{CallSid, TaskSid};
use task_router::model::Task;

use crate::customer::{Customer, Scripted};
use crate::rest::Reply;
use crate::test_centre::{EXAMPLE, Surroundings, TestCentre};
use expectation::{Expectation, ReplyExpectation};
use file::{Moment, Story};
use signing::SignedRequest;
use step::Step;

/// How long a step may take to have its effect at telephones: a greeting is spoken, a webhook is
/// answered.
pub const SLACK: Millis = Millis::from_secs(6);

/// Plays every story in `file`; panics with the line and the actual state when an expectation
/// fails.
pub async fn play(file: &Path) {
    for story in file::read(file) {
        let moments = story.moments.clone();
        let mut stage = Stage::open(story).await;
        for moment in &moments {
            stage = stage.moment(moment).await;
        }
        stage.test_centre.close().await;
    }
}

/// The headings of a file of stories, in order.
pub fn headings(file: &Path) -> Vec<String> {
    file::read(file)
        .into_iter()
        .map(|story| story.heading)
        .collect()
}

/// A story being played.
struct Stage {
    test_centre: TestCentre,
    customer: Customer,
    folder: tempfile::TempDir,
    set_up: String,
    begun: Timestamp,
    slack: Millis,
    /// Whether the callers' Tasks are created by `<Enqueue workflowSid>`.
    enqueues: bool,
    callers: BTreeMap<String, CallSid>,
    tasks: BTreeMap<String, TaskSid>,
    /// The API's answers to the last step.
    replies: Vec<Reply>,
    /// The last signed request.
    signed: Option<SignedRequest>,
}

impl Stage {
    async fn open(story: Story) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let customer = Customer::open().await;
        let set_up = story
            .set_up
            .unwrap_or_else(|| EXAMPLE.to_owned())
            .replace("{customer}", &customer.base);
        let voice_url = story
            .documents
            .is_some()
            .then(|| format!("{}/voice", customer.base));
        let surroundings = Surroundings {
            web: customer.network(),
            voice_url,
            ..Surroundings::real()
        };
        let test_centre =
            TestCentre::open_with(&set_up, folder.path().to_owned(), surroundings).await;
        let begun = test_centre.clock.now();
        let stage = Self {
            test_centre,
            customer,
            folder,
            set_up,
            begun,
            slack: Millis::ZERO,
            enqueues: story.documents.is_some(),
            callers: BTreeMap::new(),
            tasks: BTreeMap::new(),
            replies: Vec::new(),
            signed: None,
        };
        for (path, body) in story.documents.iter().flatten() {
            let body = stage.with_sid(&body.replace("{customer}", &stage.customer.base));
            stage.customer.script(
                path,
                Scripted {
                    status: 200,
                    body,
                    after: Duration::ZERO,
                },
            );
        }
        stage
    }

    async fn moment(self, moment: &Moment) -> Self {
        let line = moment.line.as_str();
        let location = moment.location.as_str();
        let (time, rest) = line
            .split_once(char::is_whitespace)
            .unwrap_or_else(|| panic!("{location}\nexpected `mm:ss step`"));
        let (step, expectations) = rest.split_once("->").unwrap_or((rest, ""));
        let at = self.begun
            + parse_time(time).unwrap_or_else(|| panic!("{location}\n`{time}` is not mm:ss"));
        let now = self.test_centre.clock.now();
        assert!(
            at >= now,
            "{location}\nthis moment has passed: lines must be {:?} apart",
            self.slack
        );
        self.test_centre.advance(at.since(now)).await;
        let mut stage = self;
        stage.replies.clear();
        let expectations: Vec<Expectation> = words::clauses(expectations)
            .iter()
            .map(|expectation| Expectation::parse(expectation, location))
            .collect();
        stage = stage
            .execute(Step::parse(step.trim(), location), &moment.below)
            .await;
        stage.test_centre.advance(stage.slack).await;
        stage.expect_success(&expectations, location);
        for expectation in expectations {
            if let Err(seen) = stage.check(&expectation).await {
                panic!(
                    "{location}\nexpectation failed: {expectation:?}\n{seen}{}",
                    stage.transcripts().await
                );
            }
        }
        stage
    }

    /// An API request may fail only if the line expects an HTTP status.
    fn expect_success(&self, expectations: &[Expectation], location: &str) {
        let failure_is_expected = expectations.iter().any(|expectation| {
            matches!(
                expectation,
                Expectation::Reply(ReplyExpectation::Http { .. } | ReplyExpectation::HttpEach(..))
            )
        });
        let failed = self.replies.iter().find(|reply| reply.status >= 300);
        if let (Some(failed), false) = (failed, failure_is_expected) {
            panic!("{location}\nthe API refused: {failed:?}");
        }
    }

    fn caller(&self, name: &str) -> CallSid {
        *self
            .callers
            .get(name)
            .unwrap_or_else(|| panic!("no caller {name} has dialled"))
    }

    fn task_sid(&self, name: &str) -> TaskSid {
        let made_through_api = self.tasks.get(name).copied();
        made_through_api.unwrap_or_else(|| self.task_of(self.caller(name)))
    }

    fn task_of(&self, caller: CallSid) -> TaskSid {
        if self.enqueues {
            TaskSid::of_enqueue(caller, 1)
        } else {
            TaskSid::of_call(caller)
        }
    }

    async fn task(&self, name: &str) -> Option<Task> {
        self.test_centre
            .centre
            .store
            .task(self.task_sid(name))
            .await
            .unwrap()
    }

    async fn transcripts(&self) -> String {
        let mut text = String::new();
        let everything = self.test_centre.get("/simulator/calls").await;
        for call in everything["calls"].as_array().unwrap() {
            writeln!(
                text,
                "{} {} → {} {}",
                call["call_sid"], call["from"], call["to"], call["status"]
            )
            .unwrap();
            let call: CallSid = call["call_sid"].as_str().unwrap().parse().unwrap();
            for entry in self.test_centre.call(call).await["transcript"]
                .as_array()
                .unwrap()
            {
                writeln!(
                    text,
                    "    {} {} {}",
                    entry["at"], entry["event"], entry["text"]
                )
                .unwrap();
            }
        }
        text
    }
}

/// `mm:ss`, or `h:mm:ss`.
fn parse_time(text: &str) -> Option<Millis> {
    let seconds = text
        .split(':')
        .try_fold(0, |sum, part| Some(sum * 60 + part.parse::<u64>().ok()?))?;
    text.contains(':').then(|| Millis::from_secs(seconds))
}
