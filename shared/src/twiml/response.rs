//! The TwiML document and its verbs.

use super::xml::Element;
use super::{
    Dial, Enqueue, Gather, Hangup, Leave, Pause, Play, Prompt, Record, Redirect, Reject, Say,
    StartRecording,
};

/// Largest document the carrier accepts, in bytes (voice-webhooks.md section 4, error 11750).
pub const DOCUMENT_MAX_BYTES: usize = 64 * 1024;

/// A TwiML document: verbs, executed from top to bottom. After the last verb the carrier hangs up.
///
/// ```
/// use shared::twiml::{Hangup, Response, Say};
///
/// let document = Response::new().then(Say::new("Goodbye.")).then(Hangup);
/// assert_eq!(document.verbs().len(), 2);
/// assert!(document.to_xml()?.contains("<Say>Goodbye.</Say>\n  <Hangup/>"));
/// # Ok::<(), shared::twiml::DocumentTooLong>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    verbs: Vec<Verb>,
}

/// The document is larger than the carrier accepts (error 11750).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the TwiML document has {bytes} bytes; the carrier accepts at most {DOCUMENT_MAX_BYTES}: shorten the menu's texts"
)]
pub struct DocumentTooLong {
    bytes: usize,
}

impl Response {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a verb.
    pub fn then(mut self, verb: impl Into<Verb>) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// The verbs, from top to bottom.
    pub fn verbs(&self) -> &[Verb] {
        &self.verbs
    }

    /// Serializes the document. The same document always yields the same bytes.
    ///
    /// # Errors
    /// [`DocumentTooLong`] above [`DOCUMENT_MAX_BYTES`].
    pub fn to_xml(&self) -> Result<String, DocumentTooLong> {
        let document = Element::parent("Response", self.verbs.iter().map(Verb::element).collect())
            .to_document();
        if document.len() > DOCUMENT_MAX_BYTES {
            return Err(DocumentTooLong {
                bytes: document.len(),
            });
        }
        Ok(document)
    }
}

impl Extend<Verb> for Response {
    fn extend<T: IntoIterator<Item = Verb>>(&mut self, verbs: T) {
        self.verbs.extend(verbs);
    }
}

macro_rules! verbs {
    ($($verb:ident)*) => {
        /// One instruction to the carrier.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each verb is documented where it is defined")]
        pub enum Verb {
            $($verb($verb),)*
        }

        impl Verb {
            fn element(&self) -> Element {
                match self {
                    $(Self::$verb(verb) => verb.element(),)*
                }
            }
        }

        $(impl From<$verb> for Verb {
            fn from(verb: $verb) -> Self {
                Self::$verb(verb)
            }
        })*
    };
}

impl From<Prompt> for Verb {
    fn from(prompt: Prompt) -> Self {
        match prompt {
            Prompt::Say(say) => Self::Say(say),
            Prompt::Play(play) => Self::Play(play),
            Prompt::Pause(pause) => Self::Pause(pause),
        }
    }
}

verbs! { Dial Enqueue Gather Hangup Leave Pause Play Record Redirect Reject Say StartRecording }

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::twiml::{DialNoun, EnqueueTarget, RejectReason, Speech};
    use ids::WorkflowSid;

    fn check(verb: impl Into<Verb>, expected: &str) {
        let document = Response::new().then(verb).to_xml().unwrap();
        let body = document
            .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n")
            .and_then(|rest| rest.strip_suffix("</Response>\n"))
            .unwrap();
        assert_eq!(body, expected);
    }

    #[test]
    fn verbs_use_the_carriers_names() {
        let say = Say {
            voice: Some("Polly.Aditi".into()),
            language: Some("hi-IN".into()),
            ..Say::new("नमस्ते & <hi>")
        };
        check(
            say.clone(),
            "  <Say voice=\"Polly.Aditi\" language=\"hi-IN\">नमस्ते &amp; &lt;hi&gt;</Say>\n",
        );
        check(
            Say::ssml("Wait <break time=\"1s\"/> &amp; listen"),
            "  <Say>Wait <break time=\"1s\"/> &amp; listen</Say>\n",
        );
        check(
            Say {
                loop_count: Some(2),
                ..Say::new("Hi")
            },
            "  <Say loop=\"2\">Hi</Say>\n",
        );
        check(
            Play::new("/wait-music/music.wav"),
            "  <Play>/wait-music/music.wav</Play>\n",
        );
        check(Pause { length_secs: 2 }, "  <Pause length=\"2\"/>\n");
        check(
            Gather {
                num_digits: Some(1),
                timeout_secs: 5,
                action: "/enqueue-call?attempt=1&language=en".into(),
                nested: vec![
                    Prompt::Say(Say::new("Press 1.")),
                    Prompt::Pause(Pause { length_secs: 1 }),
                ],
                ..Gather::default()
            },
            concat!(
                "  <Gather numDigits=\"1\" timeout=\"5\" action=\"/enqueue-call?attempt=1&amp;language=en\">\n",
                "    <Say>Press 1.</Say>\n",
                "    <Pause length=\"1\"/>\n",
                "  </Gather>\n"
            ),
        );
        check(
            Gather {
                speech: Some(Speech {
                    language: "de-DE".into(),
                    hints: "Rechnung, Umzug".into(),
                }),
                timeout_secs: 5,
                action: "/flow-step".into(),
                ..Gather::default()
            },
            "  <Gather input=\"dtmf speech\" language=\"de-DE\" hints=\"Rechnung, Umzug\" speechTimeout=\"auto\" \
             timeout=\"5\" action=\"/flow-step\"/>\n",
        );
        check(
            Enqueue {
                target: EnqueueTarget::Queue("WT1".into()),
                wait_url: Some("/wait-music?TaskSid=WT1".into()),
                action: Some("/queue-exit?TaskSid=WT1".into()),
            },
            "  <Enqueue waitUrl=\"/wait-music?TaskSid=WT1\" action=\"/queue-exit?TaskSid=WT1\">WT1</Enqueue>\n",
        );
        check(
            Enqueue {
                target: EnqueueTarget::Workflow {
                    workflow_sid: WorkflowSid::from_bytes([0xab; 16]),
                    task_attributes: json!({"selected_language": "en"}),
                },
                wait_url: None,
                action: None,
            },
            concat!(
                "  <Enqueue workflowSid=\"WWabababababababababababababababab\">\n",
                "    <Task>{&quot;selected_language&quot;:&quot;en&quot;}</Task>\n",
                "  </Enqueue>\n"
            ),
        );
        check(
            Dial {
                action: Some("/worker-call/ended".into()),
                timeout_secs: Some(10),
                ..Dial::new(DialNoun::Queue {
                    name: "WT1".into(),
                    url: None,
                })
            },
            "  <Dial action=\"/worker-call/ended\" timeout=\"10\">\n    <Queue>WT1</Queue>\n  </Dial>\n",
        );
        check(
            Dial {
                caller_id: Some("+17075550183".into()),
                answer_on_bridge: true,
                ..Dial::new(DialNoun::Number("+17075550101".into()))
            },
            concat!(
                "  <Dial callerId=\"+17075550183\" answerOnBridge=\"true\">\n",
                "    <Number>+17075550101</Number>\n",
                "  </Dial>\n"
            ),
        );
        check(
            Dial {
                timeout_secs: Some(20),
                ..Dial::new(DialNoun::Sip("sip:office@example.com".into()))
            },
            "  <Dial timeout=\"20\">\n    <Sip>sip:office@example.com</Sip>\n  </Dial>\n",
        );
        check(
            Record {
                action: "/queue-exit/recorded".into(),
                max_length_secs: 120,
                timeout_secs: 5,
            },
            "  <Record action=\"/queue-exit/recorded\" maxLength=\"120\" timeout=\"5\"/>\n",
        );
        check(
            StartRecording {
                status_callback: "/flow-step/recorded".into(),
            },
            concat!(
                "  <Start>\n",
                "    <Recording channels=\"dual\" recordingStatusCallback=\"/flow-step/recorded\"/>\n",
                "  </Start>\n"
            ),
        );
        check(
            Redirect::new("/incoming-call?attempt=2"),
            "  <Redirect>/incoming-call?attempt=2</Redirect>\n",
        );
        check(Leave, "  <Leave/>\n");
        check(Hangup, "  <Hangup/>\n");
        check(
            Reject {
                reason: RejectReason::Busy,
            },
            "  <Reject reason=\"busy\"/>\n",
        );
    }

    #[test]
    fn empty_document_is_valid() {
        let document = Response::new().to_xml().unwrap();
        assert_eq!(
            document,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>\n"
        );
    }

    #[test]
    fn oversized_document_is_an_error() {
        let error = Response::new()
            .then(Say::new("a".repeat(DOCUMENT_MAX_BYTES)))
            .to_xml()
            .unwrap_err();
        assert!(error.to_string().contains("at most 65536"), "{error}");
        assert!(
            Response::new()
                .then(Say::new("a".repeat(DOCUMENT_MAX_BYTES - 200)))
                .to_xml()
                .is_ok()
        );
    }
}
