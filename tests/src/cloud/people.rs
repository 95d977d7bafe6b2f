//! The people at the phones of the simulated carrier: callers and Workers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ids::CallSid;
use serde_json::{Value, json};

use super::stack::Stack;

/// How long a conversation lasts.
const TALK: Duration = Duration::from_millis(400);
/// How long a caller without patience waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// Every so many callers one has no patience, and every so many offers one is declined.
const IMPATIENT_EVERY: usize = 6;
const DECLINED_EVERY: usize = 9;

/// A caller.
pub(super) struct Caller {
    /// Their call.
    pub call: CallSid,
    key: &'static str,
    /// Whether a language was chosen.
    pub has_pressed: bool,
    /// When a caller without patience gives up.
    pub hangs_up_at: Option<Instant>,
    bridged_at: Option<Instant>,
    /// Whether the call is over.
    pub has_ended: bool,
}

/// The people, and what they have done so far.
pub(super) struct People<'a> {
    /// The stack that they call.
    pub stack: &'a Stack,
    http: reqwest::Client,
    /// The callers, in the order of their calls.
    pub callers: Vec<Caller>,
    offers: BTreeSet<String>,
}

impl<'a> People<'a> {
    /// No callers yet.
    pub fn new(stack: &'a Stack) -> Self {
        Self {
            stack,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            callers: Vec::new(),
            offers: BTreeSet::new(),
        }
    }

    /// A new caller dials.
    pub async fn dial(&mut self, number: usize) {
        let to = &self.stack.contact_centre.voice_settings.phone_number;
        let from = format!("+1555010{number:04}");
        let placed = self.post("calls", &json!({"from": from, "to": to})).await;
        let patience = (number % IMPATIENT_EVERY == IMPATIENT_EVERY - 1).then_some(PATIENCE);
        self.callers.push(Caller {
            call: placed.unwrap()["call_sid"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
            key: if number % 3 == 2 { "2" } else { "1" },
            has_pressed: false,
            hangs_up_at: patience.map(|patience| Instant::now() + patience),
            bridged_at: None,
            has_ended: false,
        });
    }

    /// Everybody looks at their phone once, and acts.
    pub async fn look(&mut self) {
        self.answer_offers().await;
        let mut callers = std::mem::take(&mut self.callers);
        for caller in callers.iter_mut().filter(|caller| !caller.has_ended) {
            self.act(caller).await;
        }
        self.callers = callers;
    }

    async fn act(&self, caller: &mut Caller) {
        let path = format!("calls/{}", caller.call);
        let phone = self.get(&path).await;
        let has = |event| has(&phone, event);
        if has("ended") {
            caller.has_ended = true;
            return;
        }
        if !caller.has_pressed && has("heard") {
            caller.has_pressed = true;
            // A refusal means that the call has just ended.
            let _ended = self
                .post(&format!("{path}/digits"), &json!({"digits": caller.key}))
                .await;
        }
        if !phone["bridged_with"].is_null() && caller.bridged_at.is_none() {
            caller.bridged_at = Some(Instant::now());
        }
        let has_talked = caller.bridged_at.is_some_and(|at| at.elapsed() >= TALK);
        let gives_up = caller.bridged_at.is_none()
            && caller.hangs_up_at.is_some_and(|at| at <= Instant::now());
        if has_talked || gives_up {
            let _ended = self.post(&format!("{path}/hangup"), &json!({})).await;
        }
    }

    /// Whether the caller had a conversation.
    pub async fn was_connected(&self, caller: &Caller) -> bool {
        has(
            &self.get(&format!("calls/{}", caller.call)).await,
            "bridged",
        )
    }

    async fn answer_offers(&mut self) {
        let ringing = self.get("calls?status=ringing").await;
        for phone in ringing["calls"].as_array().into_iter().flatten() {
            let call = phone["call_sid"].as_str().unwrap().to_owned();
            if phone["direction"] == "inbound" || !self.offers.insert(call.clone()) {
                continue;
            }
            let declines = self.offers.len().is_multiple_of(DECLINED_EVERY);
            let action = if declines { "decline" } else { "answer" };
            let _ended = self
                .post(&format!("calls/{call}/{action}"), &json!({}))
                .await;
        }
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/simulator/{path}", self.stack.carrier);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// `None` if the carrier refuses.
    async fn post(&self, path: &str, body: &Value) -> Option<Value> {
        let url = format!("{}/simulator/{path}", self.stack.carrier);
        let answer = self.http.post(url).json(body).send().await.unwrap();
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }
}

/// Whether the transcript of a call has an entry of this kind.
fn has(phone: &Value, event: &str) -> bool {
    let mut entries = phone["transcript"].as_array().into_iter().flatten();
    entries.any(|entry| entry["event"] == event)
}
