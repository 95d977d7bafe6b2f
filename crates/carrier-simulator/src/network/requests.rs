//! The requests of a call: their parameters (voice-webhooks.md section 3), their links, and the
//! handling of their answers.

use ids::CallSid;
use ids::time::Millis;
use url::Url;

use super::address::without_numbers;
use super::call::{Enqueued, Frame, Phase, Role, Transfer};
use super::fetch::DocumentFetch;
use super::turn::Turn;
use super::{
    CallStatus, EntrySound, Event, FETCHES_MAX, Fetch, FetchId, Fetched, MEDIA_MAX, Output,
    Purpose, Reply, Start, Target, shown_url,
};
use crate::twiml::{self, Document, ErrorCode, Fault, Link, Sound, Verb};

/// Form or query parameters, in the order in which they are sent.
pub(super) type Params = Vec<(String, String)>;

/// A parameter with its value as text.
pub(super) fn param(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

impl Turn<'_> {
    /// Requests the next document of a call.
    pub fn request(&mut self, sid: CallSid, next: Transfer) {
        let Transfer {
            role,
            target,
            extra,
        } = next;
        let document = DocumentFetch {
            role,
            is_fallback: false,
        };
        self.fetch_document(sid, document, target, extra);
    }

    fn fetch_document(
        &mut self,
        sid: CallSid,
        document: DocumentFetch,
        target: Target,
        extra: Params,
    ) {
        let mut params = self.call_params(sid, None);
        params.extend(self.role_params(sid, document.role));
        params.extend(extra);
        match self.send(sid, target, params, Purpose::Document(document)) {
            Some(fetch) => self.set_phase(sid, Phase::Fetching { fetch }),
            None => self.application_error(sid),
        }
    }

    /// Sends a notification; the answer is ignored.
    pub fn notify(&mut self, sid: CallSid, target: Target, params: Params) {
        if self
            .send(sid, target, params, Purpose::Notification)
            .is_none()
        {
            self.warn(
                sid,
                "a notification is left out: too many requests are outstanding",
            );
        }
    }

    /// Emits a request; `None` when too many are outstanding.
    pub fn send(
        &mut self,
        call: CallSid,
        target: Target,
        params: Params,
        purpose: Purpose,
    ) -> Option<FetchId> {
        if self.network.fetches.len() >= FETCHES_MAX {
            tracing::error!(call_sid = %call, "simulated carrier: request dropped, more than {FETCHES_MAX} requests are outstanding");
            return None;
        }
        let id = FetchId(self.network.next_serial());
        let cause = [self.network.setup.seed.as_str(), "fetch", &id.0.to_string()];
        let idempotency_token = ids::CallSid::derive(&cause).to_string();
        let idempotency_token = idempotency_token
            .trim_start_matches(CallSid::PREFIX)
            .to_owned();
        let fetch = Fetch {
            id,
            call,
            target,
            params,
            purpose,
            idempotency_token,
        };
        self.network.fetches.insert(id, fetch.clone());
        self.emit(Output::Fetch(fetch));
        Some(id)
    }

    /// The parameters of every request about a call. `status` replaces the status of the call.
    pub fn call_params(&self, sid: CallSid, status: Option<&str>) -> Params {
        let Some(call) = self.call(sid) else {
            return Params::new();
        };
        let mut params = vec![
            param("CallSid", sid),
            param("AccountSid", self.network.setup.account_sid),
            param("ApiVersion", "2010-04-01"),
            param("From", &call.from),
            param("To", &call.to),
            param("Caller", &call.from),
            param("Called", &call.to),
            param("CallStatus", status.unwrap_or(call.status.as_str())),
            param("Direction", call.direction.as_str()),
        ];
        params.extend(call.parent.map(|parent| param("ParentCallSid", parent)));
        params
    }

    fn role_params(&self, sid: CallSid, role: Role) -> Params {
        match role {
            Role::Main | Role::Screening { .. } | Role::ConferenceWait | Role::ConferenceHold => {
                Params::new()
            }
            Role::Wait => self.queue_params(sid),
            Role::Announcement { dialer } => self.announcement_params(sid, dialer),
        }
    }

    /// Resolves a link against the URL of the document that runs on top.
    pub fn resolve(&self, sid: CallSid, link: &Link) -> Result<Target, Fault> {
        let base = self
            .call(sid)
            .and_then(|call| call.stack.last())
            .and_then(|frame| frame.base.as_ref());
        resolve(base, link)
    }

    /// Resolves a verb's action; without an action, the document itself is requested again.
    pub fn resolve_or_self(
        &self,
        sid: CallSid,
        action: Option<&String>,
        method: twiml::Method,
    ) -> Result<Target, Fault> {
        self.resolve(
            sid,
            &Link {
                url: action.cloned().unwrap_or_default(),
                method,
            },
        )
    }

    /// Handles the result of a request. Results that no call waits for any more are dropped.
    pub fn fetched(&mut self, id: FetchId, fetched: Fetched) {
        let Some(fetch) = self.network.fetches.remove(&id) else {
            return;
        };
        match fetch.purpose {
            Purpose::Notification => {
                self.notification_ended(&fetch, &fetched, ErrorCode::StatusCallback)
            }
            Purpose::LeftQueue => {
                self.notification_ended(&fetch, &fetched, ErrorCode::TaskNotCleanedUp)
            }
            Purpose::Task(task) => self.task_answered(&fetch, task, &fetched),
            Purpose::Media => self.media_ended(&fetch, fetched),
            Purpose::Reservation => self.task_router_answered(&fetch, fetched),
            Purpose::Document(document) => {
                let waits = self
                    .call(fetch.call)
                    .is_some_and(|call| call.phase == Phase::Fetching { fetch: id });
                if waits {
                    self.document_arrived(&fetch, document, fetched);
                }
            }
        }
    }

    fn notification_ended(&mut self, fetch: &Fetch, fetched: &Fetched, code: ErrorCode) {
        let problem = match fetched {
            Fetched::Reply(reply) if !reply.is_success() => {
                format!("was answered with HTTP {}", reply.status)
            }
            Fetched::Failed(fault) => format!("failed: {fault}"),
            Fetched::Reply(_) | Fetched::Length(_) => return,
        };
        let code = code.number();
        self.warn(
            fetch.call,
            &format!(
                "{code}: the notification to {} {problem}",
                fetch.target.shown()
            ),
        );
    }

    fn media_ended(&mut self, fetch: &Fetch, fetched: Fetched) {
        let length = match fetched {
            Fetched::Length(length) => Ok(length),
            Fetched::Failed(fault) => Err(fault),
            Fetched::Reply(reply) => Err(http_failure(&fetch.target, reply.status)),
        };
        if let Ok(length) = &length {
            if self.network.media.len() >= MEDIA_MAX {
                self.remove_one_audio_length();
            }
            self.network.media.insert(fetch.target.url.clone(), *length);
        }
        self.measured(fetch.call, fetch.id, length);
    }

    /// Makes room in the cache of audio lengths: removes one entry.
    fn remove_one_audio_length(&mut self) {
        let first = self.network.media.iter().next().map(|(url, _)| url.clone());
        if let Some(url) = first {
            self.network.media.remove(&url);
        }
    }

    fn document_arrived(&mut self, fetch: &Fetch, document: DocumentFetch, fetched: Fetched) {
        let read = match fetched {
            Fetched::Reply(reply) => read_reply(&fetch.target, &reply),
            Fetched::Failed(fault) => Err(fault),
            Fetched::Length(_) => Err(Fault::new(
                ErrorCode::HttpFailure,
                "a document was expected",
            )),
        };
        match read {
            Ok(parsed) => self.begin_document(
                fetch.call,
                document.role,
                Some(fetch.target.clone()),
                parsed,
            ),
            Err(fault) => self.document_failed(fetch, document, fault),
        }
    }

    /// Handles a failed document: a call's main document has a fallback; a document heard in a
    /// queue ends the stay there (voice-webhooks.md section 5.1).
    fn document_failed(&mut self, fetch: &Fetch, document: DocumentFetch, fault: Fault) {
        let sid = fetch.call;
        let fault = Fault {
            text: format!("{} ({})", fault.text, fetch.target.shown()),
            ..fault
        };
        match document.role {
            Role::Main | Role::Screening { .. } => {
                if document.is_fallback {
                    return self.fault(sid, &fault);
                }
                let Some(fallback) = self.call(sid).and_then(|call| call.fallback.clone()) else {
                    return self.fault(sid, &fault);
                };
                self.note_fault(sid, &fault);
                let failed = fetch.target.without_credentials();
                let extra = vec![
                    param("ErrorCode", fault.code.number()),
                    param("ErrorUrl", failed),
                ];
                self.fetch_document(
                    sid,
                    DocumentFetch {
                        is_fallback: true,
                        ..document
                    },
                    fallback,
                    extra,
                );
            }
            Role::Wait
            | Role::Announcement { .. }
            | Role::ConferenceWait
            | Role::ConferenceHold => {
                self.fault(sid, &fault);
            }
        }
    }

    /// Starts to run a document.
    pub fn begin_document(
        &mut self,
        sid: CallSid,
        role: Role,
        base: Option<Target>,
        document: Document,
    ) {
        for warning in &document.warnings {
            self.warn(sid, &format!("{}: {warning}", ErrorCode::Schema.number()));
        }
        let now = self.now;
        let Some(call) = self.call_mut(sid) else {
            return;
        };
        match role {
            Role::Main | Role::Screening { .. } => call.stack.clear(),
            Role::Wait
            | Role::Announcement { .. }
            | Role::ConferenceWait
            | Role::ConferenceHold => {
                call.stack.truncate(1);
            }
        }
        call.stack.push(Frame {
            role,
            base,
            verbs: document.verbs,
            next: 0,
            began: now,
        });
        self.run(sid);
    }

    /// Starts a call, once it was answered.
    pub fn begin(&mut self, sid: CallSid, start: Start) {
        match start {
            Start::Url(target) => self.request(
                sid,
                Transfer {
                    role: Role::Main,
                    target,
                    extra: Params::new(),
                },
            ),
            Start::Screening { dialer, target } => self.request(
                sid,
                Transfer {
                    role: Role::Screening { dialer },
                    target,
                    extra: Params::new(),
                },
            ),
            Start::Twiml(text) => match twiml::parse(text.as_bytes()) {
                Ok(document) => self.begin_document(sid, Role::Main, None, document),
                Err(fault) => self.fault(sid, &fault),
            },
            Start::Conference(dial) => {
                let document = Document {
                    verbs: vec![Verb::Dial(*dial)],
                    warnings: Vec::new(),
                };
                self.begin_document(sid, Role::Main, None, document);
            }
        }
    }

    /// Drops the request that the call waits for, because the call continues in another way.
    pub fn abandon_document(&mut self, sid: CallSid) {
        if let Some(fetch) = self.call(sid).and_then(|call| call.phase.awaited_fetch()) {
            self.network.fetches.remove(&fetch);
        }
    }

    /// Logs a fault, without phone numbers, and writes it into the call's transcript.
    pub fn note_fault(&mut self, sid: CallSid, fault: &Fault) {
        let shown = without_numbers(&fault.to_string());
        tracing::warn!(call_sid = %sid, code = fault.code.number(), "simulated carrier, call {sid}: {shown}");
        self.note(sid, Event::Error, fault.to_string());
    }

    /// Handles a fault of the running document: in a queue the stay there ends; a fault of the main
    /// document ends the call.
    pub fn fault(&mut self, sid: CallSid, fault: &Fault) {
        self.note_fault(sid, fault);
        match self.running_role(sid) {
            Role::Main | Role::Screening { .. } => self.application_error(sid),
            Role::Wait => self.leave_queue(sid, super::queue::QueueResult::Error),
            Role::Announcement { dialer } => self.bridge(dialer, sid),
            Role::ConferenceWait => self.conference_not_entered(sid),
            Role::ConferenceHold => self.set_phase(sid, Phase::Conferring),
        }
    }

    /// The role of the document that a fault belongs to. While a call waits or hears the
    /// announcement, it is never the main document.
    fn running_role(&self, sid: CallSid) -> Role {
        if let Some(role) = self.conference_role(sid) {
            return role;
        }
        match self.call(sid).and_then(|call| call.enqueued.as_ref()) {
            Some(Enqueued {
                announcer: Some(dialer),
                ..
            }) => Role::Announcement { dialer: *dialer },
            Some(Enqueued { left: None, .. }) => Role::Wait,
            Some(_) | None => Role::Main,
        }
    }

    /// Plays the carrier's error sentence and ends the call (voice-webhooks.md section 1,
    /// "failure").
    pub fn application_error(&mut self, sid: CallSid) {
        self.pick_up(sid);
        self.note_sound(
            sid,
            Event::Heard,
            "We are sorry, an application error has occurred. Goodbye.",
            EntrySound::default_speech(),
        );
        self.end(
            sid,
            CallStatus::Completed,
            "an application error ended the call",
        );
    }
}

/// Resolves a link against the URL of its document. Only http and https are accepted.
pub(super) fn resolve(base: Option<&Target>, link: &Link) -> Result<Target, Fault> {
    let shown = shown_url(&link.url);
    let invalid = |what: &str| Fault::new(ErrorCode::InvalidUrl, format!("\"{shown}\" {what}"));
    let resolved = match base {
        Some(base) => Url::parse(&base.url).and_then(|base| base.join(&link.url)),
        None => Url::parse(&link.url),
    };
    match resolved {
        Ok(url) if !["http", "https"].contains(&url.scheme()) => {
            Err(invalid("is neither http nor https"))
        }
        Ok(url) => Ok(Target {
            url: url.into(),
            method: link.method,
        }),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            let text = format!("\"{shown}\": with TwiML given inline, links must be absolute");
            Err(Fault::new(ErrorCode::RelativeUrl, text))
        }
        Err(error) => Err(invalid(&format!("is not a URL: {error}"))),
    }
}

pub(super) fn http_failure(target: &Target, status: u16) -> Fault {
    Fault::new(
        ErrorCode::HttpFailure,
        format!(
            "{} answered with HTTP {status}; expected 200",
            target.shown()
        ),
    )
}

/// Reads a reply as a document, by its content type (voice-webhooks.md section 4).
pub(super) fn read_reply(target: &Target, reply: &Reply) -> Result<Document, Fault> {
    if !reply.is_success() {
        return Err(http_failure(target, reply.status));
    }
    let content_type = reply.content_type.as_deref().unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.as_str() {
        "text/xml" | "application/xml" | "text/html" => twiml::parse(&reply.body),
        "text/plain" => Ok(twiml::parse(&reply.body).unwrap_or_else(|_| read_aloud(&reply.body))),
        audio if AUDIO_TYPES.contains(&audio) => {
            let play = Sound::Play {
                url: target.url.clone(),
                loops: 1,
            };
            Ok(Document {
                verbs: vec![Verb::Sound(play)],
                warnings: Vec::new(),
            })
        }
        _ => {
            let text = format!(
                "content type \"{content_type}\"; expected text/xml, application/xml, text/html, text/plain or audio"
            );
            Err(Fault::new(ErrorCode::ContentType, text))
        }
    }
}

/// The content types of audio that a carrier plays (voice-webhooks.md section 4).
const AUDIO_TYPES: [&str; 10] = [
    "audio/mpeg",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "audio/aiff",
    "audio/x-aifc",
    "audio/x-aiff",
    "audio/x-gsm",
    "audio/gsm",
    "audio/ulaw",
];

fn read_aloud(body: &[u8]) -> Document {
    let text = String::from_utf8_lossy(body)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    Document {
        verbs: vec![Verb::Sound(Sound::Say {
            text,
            loops: 1,
            pause: Millis::ZERO,
            language: twiml::default_language(),
        })],
        warnings: Vec::new(),
    }
}
