//! Tests of the network: the actions of people and programs, and their results. [`Stage`] is the
//! harness: it owns the clock and answers the webhooks.

mod conference_reports;
mod conferences;
mod dials;
mod documents;
mod participants;
mod queues;
mod reservations;
mod rest;
mod restarts;
mod speech;
mod tasks;

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::twiml::{ErrorCode, Fault, Method};

const CENTRE: &str = "+17075550183";
const CALLER: &str = "+15550100001";
const OTHER_CALLER: &str = "+15550100002";
const WORKER: &str = "+17075550101";
const OTHER_WORKER: &str = "+17075550102";
const BASE: &str = "http://app.example";

/// A request that the network sent.
#[derive(Debug, Clone, PartialEq)]
struct SentRequest {
    path: String,
    method: Method,
    params: BTreeMap<String, String>,
    token: String,
    at: Timestamp,
}

impl SentRequest {
    fn get(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }
}

/// A network with a clock; its requests are answered at once, from a table.
struct Stage {
    network: Network,
    now: Timestamp,
    /// The answers by path. Several answers are given one after the other, the last one repeatedly.
    answers: BTreeMap<String, VecDeque<Fetched>>,
    requests: Vec<SentRequest>,
    pending: VecDeque<Fetch>,
    /// Whether the network is stored and reloaded after every input.
    restarts: bool,
    rows: BTreeMap<(&'static str, String), String>,
}

fn setup() -> Setup {
    let centre = CentreNumber {
        number: CENTRE.to_owned(),
        voice_url: format!("{BASE}/voice"),
        voice_method: Method::Post,
        voice_fallback_url: None,
        status_callback: None,
    };
    Setup {
        account_sid: AccountSid::derive(&["test"]),
        seed: "seed".to_owned(),
        numbers: vec![centre],
        public_base_url: Some("http://carrier.example".to_owned()),
        task_router_url: Some(format!("{BASE}/router/")),
    }
}

impl Stage {
    /// A network whose number answers with `voice`.
    fn new(voice: &str) -> Self {
        let stage = Self {
            network: Network::new(setup()),
            now: Timestamp::from_millis(1_800_000_000_000),
            answers: BTreeMap::new(),
            requests: Vec::new(),
            pending: VecDeque::new(),
            restarts: false,
            rows: BTreeMap::new(),
        };
        stage.serve("/voice", voice)
    }

    /// Answers requests to `path` with these verbs.
    fn serve(self, path: &str, verbs: &str) -> Self {
        self.serve_raw(
            path,
            200,
            "text/xml",
            &format!("<Response>{verbs}</Response>"),
        )
    }

    fn serve_raw(mut self, path: &str, status: u16, content_type: &str, body: &str) -> Self {
        let reply = Reply {
            status,
            content_type: Some(content_type.to_owned()),
            body: body.as_bytes().to_vec(),
        };
        self.answers
            .entry(path.to_owned())
            .or_default()
            .push_back(Fetched::Reply(reply));
        self
    }

    fn serve_audio(mut self, path: &str, secs: u64) -> Self {
        self.answers
            .entry(path.to_owned())
            .or_default()
            .push_back(Fetched::Length(Millis::from_secs(secs)));
        self
    }

    fn with_fallback(mut self, path: &str) -> Self {
        self.network.setup.numbers[0].voice_fallback_url = Some(format!("{BASE}{path}"));
        self
    }

    fn with_status_callback(mut self, path: &str) -> Self {
        self.network.setup.numbers[0].status_callback = Some(format!("{BASE}{path}"));
        self
    }

    /// Applies an input, and then everything that follows at this moment.
    fn act(&mut self, input: Input) -> Vec<Output> {
        let reply = self.handle(input);
        self.settle();
        reply
    }

    fn handle(&mut self, input: Input) -> Vec<Output> {
        let outputs = self.network.handle(input, self.now);
        self.store();
        let (fetches, reply) = outputs
            .into_iter()
            .partition::<Vec<_>, _>(|output| matches!(output, Output::Fetch(_)));
        for fetch in fetches {
            if let Output::Fetch(fetch) = fetch {
                self.pending.push_back(fetch);
            }
        }
        if self.restarts {
            self.restart();
        }
        reply
    }

    fn store(&mut self) {
        for Change { table, key, value } in self.network.changes().unwrap() {
            match value {
                Some(value) => self.rows.insert((table, key), value),
                None => self.rows.remove(&(table, key)),
            };
        }
        self.network.changes_written();
    }

    /// Loses everything but the stored rows.
    fn restart(&mut self) {
        let rows = self.rows.iter().map(|((table, key), value)| Row {
            table: (*table).to_owned(),
            key: key.clone(),
            value: value.clone(),
        });
        let setup = self.network.setup.clone();
        self.network = Network::from_rows(setup, rows).unwrap();
        self.pending = self.network.outstanding().cloned().collect();
    }

    fn settle(&mut self) {
        for _ in 0..10_000 {
            if let Some(fetch) = self.pending.pop_front() {
                if self.network.is_outstanding(fetch.id) {
                    let fetched = self.answer_to(&fetch);
                    self.handle(Input::Fetched(fetch.id, fetched));
                }
                continue;
            }
            if self.network.next_wake().is_none_or(|wake| wake > self.now) {
                return;
            }
            self.handle(Input::Tick);
        }
        panic!("the network does not come to rest at one moment");
    }

    fn answer_to(&mut self, fetch: &Fetch) -> Fetched {
        let url = url::Url::parse(&fetch.target.url).unwrap();
        let path = url.path().to_owned();
        let query = url.query_pairs().into_owned();
        let params = query.chain(fetch.params.iter().cloned()).collect();
        let method = fetch.target.method;
        let token = fetch.idempotency_token.clone();
        self.requests.push(SentRequest {
            path: path.clone(),
            method,
            params,
            token,
            at: self.now,
        });
        match self.answers.get_mut(&path) {
            Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
            Some(answers) => answers.front().cloned().unwrap(),
            None => Fetched::Reply(Reply {
                status: 404,
                content_type: None,
                body: Vec::new(),
            }),
        }
    }

    /// Advances the clock, and stops at every timer of the network.
    fn pass_millis(&mut self, millis: u64) {
        let end = self.now + Millis::from_millis(millis);
        while let Some(wake) = self.network.next_wake().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.act(Input::Tick);
        }
        self.now = end;
    }

    fn pass(&mut self, secs: u64) {
        self.pass_millis(secs * 1_000);
    }

    fn dial(&mut self, from: &str) -> CallSid {
        created(&self.act(Input::Dial {
            from: from.to_owned(),
            to: CENTRE.to_owned(),
        }))
    }

    /// A program calls `to`. Afterwards the phone rings, unless it is in use.
    fn ring(&mut self, to: &str, path: &str) -> CallSid {
        let call = new_call(to, path);
        created(&self.act(Input::CreateCall(Box::new(call))))
    }

    fn press(&mut self, call: CallSid, digits: &str) {
        let reply = self.act(Input::Digits {
            call,
            digits: digits.to_owned(),
        });
        assert_eq!(reply, []);
    }

    fn say(&mut self, call: CallSid, text: &str, confidence: f64) {
        let reply = self.act(Input::Say {
            call,
            text: text.to_owned(),
            confidence,
        });
        assert_eq!(reply, []);
    }

    fn answer(&mut self, call: CallSid) {
        assert_eq!(self.act(Input::Answer(call)), []);
    }

    fn hang_up(&mut self, call: CallSid) {
        assert_eq!(self.act(Input::HangUp(call)), []);
    }

    fn call(&self, sid: CallSid) -> &Call {
        self.network.call(sid).unwrap()
    }

    fn status(&self, sid: CallSid) -> &'static str {
        self.call(sid).status.as_str()
    }

    fn bridged(&self, one: CallSid, other: CallSid) -> bool {
        self.call(one).bridged_with() == Some(other) && self.call(other).bridged_with() == Some(one)
    }

    /// The newest call to this phone, live or ended.
    fn leg_to(&self, phone: &str) -> CallSid {
        self.network
            .calls()
            .into_iter()
            .find(|call| call.to == phone)
            .unwrap()
            .sid
    }

    fn queue(&self, name: &str) -> &Queue {
        self.network
            .queues()
            .into_iter()
            .find(|queue| queue.name == name)
            .unwrap()
    }

    /// The requests to a path.
    fn requests(&self, path: &str) -> Vec<SentRequest> {
        self.requests
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }

    /// The only request to a path.
    fn only_request(&self, path: &str) -> SentRequest {
        let requests = self.requests(path);
        assert_eq!(requests.len(), 1, "{path}: {requests:#?}");
        requests[0].clone()
    }

    fn entries(&self, sid: CallSid) -> Vec<String> {
        let entries = self.call(sid).transcript.entries().iter();
        entries
            .map(|entry| format!("{:?}: {}", entry.event, entry.text))
            .collect()
    }

    /// The texts of one kind of entry.
    fn texts(&self, sid: CallSid, event: Event) -> Vec<String> {
        let entries = self
            .call(sid)
            .transcript
            .entries()
            .iter()
            .filter(|entry| entry.event == event);
        entries.map(|entry| entry.text.clone()).collect()
    }

    fn heard(&self, sid: CallSid) -> Vec<String> {
        self.texts(sid, Event::Heard)
    }

    fn errors(&self, sid: CallSid) -> String {
        self.texts(sid, Event::Error).join("\n")
    }

    fn warnings(&self, sid: CallSid) -> String {
        self.texts(sid, Event::Warning).join("\n")
    }
}

fn created(outputs: &[Output]) -> CallSid {
    match outputs {
        [Output::CallCreated(sid)] => *sid,
        other => panic!("expected a call, got {other:?}"),
    }
}

fn new_call(to: &str, path: &str) -> NewCall {
    NewCall {
        to: to.to_owned(),
        from: CENTRE.to_owned(),
        start: Start::Url(at(path)),
        fallback: None,
        status_callback: None,
        ring_for: Millis::from_secs(60),
        time_limit: None,
        send_digits: None,
        recording: None,
    }
}

fn at(path: &str) -> Target {
    Target {
        url: format!("{BASE}{path}"),
        method: Method::Post,
    }
}

fn refusal(outputs: &[Output]) -> Refusal {
    match outputs {
        [Output::Refused(refusal)] => refusal.clone(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}
