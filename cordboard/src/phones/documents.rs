//! A recorder of webhooks and their answers, for the console's page of telephones. It keeps the
//! newest ones in memory, and sends a request once more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::phones::Document;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_client::{Answer, Limits, Request, Sending, WebClient, WebError};
use ids::CallSid;
use ids::time::Clock;
use url::form_urlencoded;

/// Maximum number of recorded webhooks: some dozen calls.
const KEPT_MAX: usize = 400;

/// Maximum number of webhooks shown for one call: a waiting caller gets a new document with each
/// piece of music.
const OF_ONE_CALL_MAX: usize = 20;

/// Maximum number of characters of an answer, and of a value in the request.
const CHARS_MAX: usize = 4_000;

/// An HTTP client that forwards requests and records them with their answers by call.
pub struct Documents {
    web: Arc<dyn WebClient>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    webhooks: VecDeque<Webhook>,
    /// Number of webhooks recorded so far.
    count: u64,
}

/// A webhook that was answered.
struct Webhook {
    call: CallSid,
    document: Document,
    request: Request,
    limits: Limits,
}

/// Whether a request is the carrier's own, or one that a person sends once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    Carrier,
    Person,
}

impl Documents {
    /// Creates a recorder that sends with `web`.
    pub fn new(web: Arc<dyn WebClient>, clock: Arc<dyn Clock>) -> Self {
        Self {
            web,
            clock,
            kept: Mutex::default(),
        }
    }

    /// The recorded webhooks about a call, oldest first.
    pub fn of(&self, call: CallSid) -> Vec<Document> {
        let kept = self.kept();
        let newest = kept
            .webhooks
            .iter()
            .rev()
            .filter(|webhook| webhook.call == call)
            .take(OF_ONE_CALL_MAX);
        let mut documents: Vec<Document> = newest.map(|webhook| webhook.document.clone()).collect();
        documents.reverse();
        documents
    }

    /// The number of webhooks recorded so far.
    pub fn count(&self) -> u64 {
        self.kept().count
    }

    /// Sends a recorded webhook once more, with its parameters and headers, and records the answer.
    ///
    /// # Errors
    /// A message when the webhook is not recorded any more.
    pub async fn send_again(&self, call: CallSid, document: u64) -> Result<(), String> {
        let found = {
            let kept = self.kept();
            let mut webhooks = kept.webhooks.iter();
            webhooks
                .find(|webhook| webhook.call == call && webhook.document.number == document)
                .map(|webhook| (webhook.request.clone(), webhook.limits))
        };
        let (request, limits) =
            found.ok_or("this webhook is not recorded any more: only the newest ones are")?;
        // The reason of a failure is recorded as the answer.
        let _recorded = self.exchange(request, limits, Sender::Person).await;
        Ok(())
    }

    async fn exchange(
        &self,
        request: Request,
        limits: Limits,
        sender: Sender,
    ) -> Result<Answer, WebError> {
        // The answers to notifications are not read.
        let call = call_of(&request).filter(|_| limits.body_bytes > 0);
        let Some(call) = call else {
            return self.web.send(request, limits).await;
        };
        let answer = self.web.send(request.clone(), limits).await;
        if let Some((status, text)) = document_of(&answer) {
            self.record(call, request, limits, sender, status, text);
        }
        answer
    }

    fn record(
        &self,
        call: CallSid,
        request: Request,
        limits: Limits,
        sender: Sender,
        status: Option<StatusCode>,
        text: String,
    ) {
        let at = self.clock.now();
        let mut kept = self.kept();
        if kept.webhooks.len() >= KEPT_MAX {
            kept.webhooks.pop_front();
        }
        kept.count += 1;
        let address = request.uri().path_and_query();
        let document = Document {
            number: kept.count,
            at,
            is_again: sender == Sender::Person,
            method: request.method().to_string(),
            address: address.map(ToString::to_string).unwrap_or_default(),
            headers: headers(&request),
            parameters: parameters(&request),
            status: status.map(|status| status.as_u16()),
            text,
        };
        kept.webhooks.push_back(Webhook {
            call,
            document,
            request,
            limits,
        });
    }

    /// A panic of another thread does not make the record unusable.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WebClient for Documents {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        Box::pin(self.exchange(request, limits, Sender::Carrier))
    }
}

/// The call that a webhook is about.
fn call_of(request: &Request) -> Option<CallSid> {
    let parameters = parameters(request);
    let (_, sid) = parameters.iter().find(|(name, _)| name == "CallSid")?;
    sid.parse().ok()
}

/// The parameters of the form, then those of the query.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let query = request.uri().query().unwrap_or_default();
    let form = form_urlencoded::parse(request.body());
    let pairs = form.chain(form_urlencoded::parse(query.as_bytes()));
    pairs
        .map(|(name, value)| (name.into_owned(), shown(&value)))
        .collect()
}

/// The headers, in the spelling of the carrier's documentation. Credentials are hidden.
fn headers(request: &Request) -> Vec<(String, String)> {
    let headers = request.headers().iter();
    let readable = headers.filter_map(|(name, value)| {
        let value = if *name == AUTHORIZATION {
            "(hidden)".to_owned()
        } else {
            shown(value.to_str().ok()?)
        };
        Some((spelled(name.as_str()), value))
    });
    readable.collect()
}

/// `X-Twilio-Signature` for `x-twilio-signature`.
fn spelled(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join("-")
}

fn shown(text: &str) -> String {
    text.chars().take(CHARS_MAX).collect()
}

/// Status and text of an answer to record; `None` for sounds and for empty answers.
fn document_of(answer: &Result<Answer, WebError>) -> Option<(Option<StatusCode>, String)> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Some((None, error.to_string())),
    };
    let kind = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let is_text = kind.contains("xml") || kind.starts_with("text/");
    if !is_text || answer.status() == StatusCode::NO_CONTENT {
        return None;
    }
    let text = String::from_utf8_lossy(answer.body());
    Some((Some(answer.status()), shown(&text)))
}

#[cfg(test)]
mod tests {
    use ids::time::Timestamp;

    use super::*;

    fn request(uri: &str, body: &str) -> Request {
        let mut request = Request::new(body.as_bytes().to_vec());
        *request.uri_mut() = uri.parse().unwrap();
        request
    }

    #[test]
    fn call_is_read_from_form_or_query() {
        let call = CallSid::from_bytes([7; 16]);
        let form = request(
            "http://127.0.0.1/incoming-call",
            &format!("From=%2B1&CallSid={call}"),
        );
        let query = request(
            &format!("http://127.0.0.1/incoming-call?CallSid={call}"),
            "",
        );
        let none = request("http://127.0.0.1/wait-music/music.wav", "");
        assert_eq!(
            [form, query, none].map(|request| call_of(&request)),
            [Some(call), Some(call), None]
        );
    }

    struct FixedClock;

    impl Clock for FixedClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_800_000_000_000)
        }
    }

    /// Answers with the number of the request.
    #[derive(Default)]
    struct Counting(Mutex<Vec<Request>>);

    impl WebClient for Counting {
        fn send(&self, request: Request, _limits: Limits) -> Sending<'_> {
            let mut requests = self.0.lock().unwrap();
            requests.push(request);
            let answer = http::Response::builder()
                .header(CONTENT_TYPE, "text/xml")
                .body(format!("<Response/>{}", requests.len()).into_bytes())
                .unwrap();
            Box::pin(async move { Ok(answer) })
        }
    }

    #[tokio::test]
    async fn webhook_is_sent_again_unchanged() {
        let web = Arc::new(Counting::default());
        let client: Arc<dyn WebClient> = Arc::clone(&web) as Arc<dyn WebClient>;
        let documents = Documents::new(client, Arc::new(FixedClock));
        let call = CallSid::from_bytes([7; 16]);
        let mut sent = request(
            "http://127.0.0.1/voice?a=1",
            &format!("CallSid={call}&From=%2B1"),
        );
        sent.headers_mut()
            .insert("x-twilio-signature", "abc=".parse().unwrap());
        sent.headers_mut()
            .insert(AUTHORIZATION, "Basic x".parse().unwrap());
        let limits = Limits::new(std::time::Duration::from_secs(1), 100);
        documents.send(sent, limits).await.unwrap();
        let first = documents.of(call).pop().unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert!(first.headers.contains(&pair("X-Twilio-Signature", "abc=")));
        assert!(first.headers.contains(&pair("Authorization", "(hidden)")));
        let expected = [
            pair("CallSid", &call.to_string()),
            pair("From", "+1"),
            pair("a", "1"),
        ];
        assert_eq!(first.parameters, expected);
        documents.send_again(call, first.number).await.unwrap();
        let again = documents.of(call).pop().unwrap();
        assert_eq!(
            (again.text.as_str(), again.is_again, again.number),
            ("<Response/>2", true, 2)
        );
        assert!(documents.send_again(call, 9).await.is_err());
        let requests = web.0.lock().unwrap();
        assert_eq!(requests[0].body(), requests[1].body());
        assert_eq!(requests[0].headers(), requests[1].headers());
    }
}
