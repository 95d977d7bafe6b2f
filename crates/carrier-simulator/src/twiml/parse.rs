//! Parses the element tree of a document into typed verbs.

use super::attributes::{Attributes, SECONDS_MAX, shorten};
use super::dial::dial;
use super::enqueue::enqueue;
use super::gather::gather;
use super::say::say;
use super::xml::{self, Element, Node};
use super::{
    Document, ErrorCode, Fault, Link, Method, Record, RejectReason, Sound, StartRecording, Verb,
};

/// Warnings that are kept of one document; more of them would only repeat each other.
const WARNINGS_MAX: usize = 20;

/// Parses a document.
///
/// # Errors 11750, 12100 and 12102 as in voice-webhooks.md section 10. Unknown verbs, nouns and
/// attributes lead to warnings, not to errors.
pub fn parse(body: &[u8]) -> Result<Document, Fault> {
    let root = xml::read(body)?;
    if root.name != "Response" {
        let message = format!(
            "the root element is <{}>; expected <Response>",
            shorten(&root.name)
        );
        return Err(Fault::new(ErrorCode::RootElement, message));
    }
    let mut document = Document::default();
    for node in &root.children {
        match node {
            Node::Element(element) => document.verbs.extend(verb(element, &mut document.warnings)),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(text) => {
                document.warnings.push(format!(
                    "text between verbs is not said: \"{}\"; use <Say>",
                    shorten(text.trim())
                ));
            }
        }
    }
    document.warnings.truncate(WARNINGS_MAX);
    Ok(document)
}

fn verb(element: &Element, warnings: &mut Vec<String>) -> Option<Verb> {
    match element.name.as_str() {
        "Say" | "Play" | "Pause" => sound(element, warnings).map(Verb::Sound),
        "Gather" => Some(Verb::Gather(gather(element, warnings))),
        "Enqueue" => Some(Verb::Enqueue(enqueue(element, warnings))),
        "Leave" => Some(bare(element, warnings, Verb::Leave)),
        "Dial" => dial(element, warnings).map(Verb::Dial),
        "Record" => Some(Verb::Record(record(element, warnings))),
        "Redirect" => Some(Verb::Redirect(redirect(element, warnings))),
        "Hangup" => Some(bare(element, warnings, Verb::Hangup)),
        "Reject" => Some(Verb::Reject(reject(element, warnings))),
        "Start" => start(element, warnings).map(Verb::StartRecording),
        "Connect" | "Stop" | "Sms" | "Message" | "Refer" | "Pay" | "Prompt" | "Echo" | "Queue"
        | "Siprec" | "Stream" | "Conference" => {
            warnings.push(format!("<{}> is not simulated; ignored", element.name));
            None
        }
        other => {
            warnings.push(format!(
                "<{}> is not a verb of TwiML (names are case-sensitive); ignored",
                shorten(other)
            ));
            None
        }
    }
}

fn bare(element: &Element, warnings: &mut Vec<String>, verb: Verb) -> Verb {
    Attributes::of(element, warnings).finish();
    verb
}

pub(super) fn sound(element: &Element, warnings: &mut Vec<String>) -> Option<Sound> {
    if element.name == "Say" {
        return say(element, warnings);
    }
    let mut attributes = Attributes::of(element, warnings);
    let sound = match element.name.as_str() {
        "Play" => play(element, &mut attributes),
        "Pause" => Some(Sound::Pause {
            length_secs: attributes.number("length", 1, 0..=SECONDS_MAX),
        }),
        _ => None,
    };
    attributes.finish();
    sound
}

fn play(element: &Element, attributes: &mut Attributes<'_>) -> Option<Sound> {
    let loops = attributes.loops();
    if let Some(digits) = attributes.text("digits") {
        if digits
            .chars()
            .all(|key| key.is_ascii_digit() || "ABCD*#wW".contains(key))
        {
            return Some(Sound::Tones {
                digits: digits.to_owned(),
            });
        }
        attributes.unusable("digits", digits, "only 0-9 A-D * # w W");
    }
    let url = element.text();
    if url.is_empty() {
        attributes.unusable("text", "", "the URL of an audio file");
        return None;
    }
    Some(Sound::Play { url, loops })
}

pub(super) fn is_key(key: char) -> bool {
    key.is_ascii_digit() || key == '*' || key == '#'
}

fn record(element: &Element, warnings: &mut Vec<String>) -> Record {
    let mut attributes = Attributes::of(element, warnings);
    attributes.no_effect(&["recordingTrack"]);
    let keys = attributes.text("finishOnKey").unwrap_or("1234567890*#");
    let record = Record {
        action: attributes.text("action").map(str::to_owned),
        method: attributes.method("method"),
        max_length_secs: attributes.number("maxLength", 3_600, 1..=14_400),
        timeout_secs: attributes.number("timeout", 5, 0..=SECONDS_MAX),
        finish_on_key: keys.chars().filter(|key| is_key(*key)).collect(),
        play_beep: attributes.flag("playBeep", true),
        status_callback: attributes.recording_callback(),
        trims_silence: trims_silence(&mut attributes),
        transcription_callback: transcription_callback(&mut attributes),
    };
    attributes.finish();
    record
}

/// `<Start>` with a `<Recording>`. Its other nouns are not simulated.
fn start(element: &Element, warnings: &mut Vec<String>) -> Option<StartRecording> {
    Attributes::of(element, warnings).finish();
    let mut recording = None;
    for noun in element.elements() {
        if noun.name == "Recording" {
            recording = Some(start_recording(noun, warnings));
        } else {
            let name = shorten(&noun.name);
            warnings.push(format!("<Start><{name}> is not simulated; ignored"));
        }
    }
    recording
}

fn start_recording(noun: &Element, warnings: &mut Vec<String>) -> StartRecording {
    let mut attributes = Attributes::of(noun, warnings);
    attributes.no_effect(&["track", "trim", "name"]);
    let channels = match attributes.text("channels") {
        None | Some("mono") => 1,
        Some("dual") => 2,
        Some(other) => {
            attributes.unusable("channels", other, "mono or dual");
            1
        }
    };
    let recording = StartRecording {
        channels,
        callback: attributes.recording_callback(),
    };
    attributes.finish();
    recording
}

fn trims_silence(attributes: &mut Attributes<'_>) -> bool {
    match attributes.text("trim") {
        None | Some("trim-silence") => true,
        Some("do-not-trim") => false,
        Some(other) => {
            attributes.unusable("trim", other, "trim-silence or do-not-trim");
            true
        }
    }
}

/// `transcribeCallback`, which also asks for the transcription. Without it, no request would show
/// the text, so `transcribe` alone has no effect.
fn transcription_callback(attributes: &mut Attributes<'_>) -> Option<Link> {
    attributes.flag("transcribe", false);
    let url = attributes.text("transcribeCallback").map(str::trim);
    url.filter(|url| !url.is_empty()).map(|url| Link {
        url: url.to_owned(),
        method: Method::Post,
    })
}

fn redirect(element: &Element, warnings: &mut Vec<String>) -> Link {
    let mut attributes = Attributes::of(element, warnings);
    let link = Link {
        url: element.text(),
        method: attributes.method("method"),
    };
    attributes.finish();
    link
}

fn reject(element: &Element, warnings: &mut Vec<String>) -> RejectReason {
    let mut attributes = Attributes::of(element, warnings);
    let reason = match attributes.text("reason") {
        None | Some("rejected") => RejectReason::Rejected,
        Some("busy") => RejectReason::Busy,
        Some(other) => {
            attributes.unusable("reason", other, "rejected or busy");
            RejectReason::Rejected
        }
    };
    attributes.finish();
    reason
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;

    use super::super::{
        Beep, ConferenceEvent, ConferenceNoun, Dial, DialTo, Method, Recognition, SpeechTimeout,
        Wait,
    };
    use super::*;

    fn verbs(inner: &str) -> Vec<Verb> {
        parse(format!("<?xml version=\"1.0\"?>\n<Response>{inner}</Response>").as_bytes())
            .unwrap()
            .verbs
    }

    fn warnings(inner: &str) -> Vec<String> {
        parse(format!("<Response>{inner}</Response>").as_bytes())
            .unwrap()
            .warnings
    }

    #[test]
    fn say_text_is_unescaped_and_collapsed() {
        let parsed = verbs(
            "<Say voice=\"x\">\n  Tom &amp; J&#233;r&#xF4;me <break/> <![CDATA[<3]]>\n</Say>",
        );
        assert_eq!(
            parsed,
            [Verb::Sound(Sound::Say {
                text: "Tom & Jérôme <3".into(),
                loops: 1,
                pause: Millis::from_millis(500),
                language: "en-US".to_owned(),
            })]
        );
    }

    #[test]
    fn start_has_a_recording() {
        let start = |inner: &str| verbs(&format!("<Start>{inner}</Start>")).pop();
        let expected = |channels| {
            Some(Verb::StartRecording(StartRecording {
                channels,
                callback: None,
            }))
        };
        assert_eq!(start("<Recording/>"), expected(1));
        assert_eq!(
            start("<Recording channels=\"dual\" track=\"both\"/>"),
            expected(2)
        );
        assert_eq!(start("<Stream url=\"wss://example.com\"/>"), None);
        let stream = warnings("<Start><Stream url=\"wss://example.com\"/></Start>");
        assert_eq!(stream, ["<Start><Stream> is not simulated; ignored"]);
    }

    #[test]
    fn gather_defaults() {
        let Some(Verb::Gather(gather)) = verbs("<Gather><Say>Press</Say></Gather>").pop() else {
            panic!()
        };
        assert_eq!(
            (gather.timeout_secs, gather.finish_on_key, gather.num_digits),
            (5, Some('#'), None)
        );
        assert_eq!(
            (
                gather.action,
                gather.action_on_empty_result,
                gather.prompts.len()
            ),
            (None, false, 1)
        );
        assert_eq!(gather.speech, None);
    }

    #[test]
    fn gather_hears_speech() {
        let gather = |attributes: &str| match verbs(&format!("<Gather {attributes}/>")).pop() {
            Some(Verb::Gather(gather)) => gather,
            other => panic!("{attributes}: {other:?}"),
        };
        let plain = gather("input=\"speech\" timeout=\"7\"");
        assert!(!plain.listens_to_keys);
        let speech = plain.speech.unwrap();
        assert_eq!(speech.timeout, SpeechTimeout::Secs(7));
        assert_eq!((speech.language.as_str(), speech.barge_in), ("en-US", true));
        let full = gather(
            "input=\"dtmf speech\" speechTimeout=\"auto\" language=\"hi-IN\" bargeIn=\"false\" \
             hints=\"my bill, opening hours\" partialResultCallback=\"/heard\" \
             partialResultCallbackMethod=\"GET\"",
        );
        assert!(full.listens_to_keys);
        let expected = Recognition {
            timeout: SpeechTimeout::Auto,
            language: "hi-IN".to_owned(),
            hints: vec!["my bill".to_owned(), "opening hours".to_owned()],
            partial_results: Some(Link {
                url: "/heard".to_owned(),
                method: Method::Get,
            }),
            barge_in: false,
        };
        assert_eq!(full.speech, Some(expected));
    }

    #[test]
    fn too_many_hints_are_left_out() {
        let hints = vec!["word"; 501].join(",");
        let long = "x".repeat(101);
        for (hints, expected) in [(&hints, "500 phrases"), (&long, "100 characters")] {
            let warnings = warnings(&format!("<Gather input=\"speech\" hints=\"{hints}\"/>"));
            assert!(warnings[0].contains(expected), "{warnings:?}");
        }
    }

    #[test]
    fn dial_destinations() {
        let address = |text: &str| match verbs(text).pop() {
            Some(Verb::Dial(Dial {
                to: DialTo::Phones(phones),
                ..
            })) => phones[0].address.clone(),
            Some(Verb::Dial(Dial {
                to: DialTo::Queue { name, .. },
                ..
            })) => name,
            Some(Verb::Dial(Dial {
                to: DialTo::Reservation { reservation, .. },
                ..
            })) => reservation,
            Some(Verb::Dial(Dial {
                to: DialTo::Conference(noun),
                ..
            })) => noun.room,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(address("<Dial> +17075550101 </Dial>"), "+17075550101");
        assert_eq!(
            address("<Dial><Number>+17075550101</Number></Dial>"),
            "+17075550101"
        );
        for written in [
            "(707) 555-0101",
            "707-555-0101",
            "1 707 555 0101",
            "+1 (707) 555.0101",
        ] {
            for noun in [written.to_owned(), format!("<Number>{written}</Number>")] {
                assert_eq!(
                    address(&format!("<Dial>{noun}</Dial>")),
                    "+17075550101",
                    "{noun}"
                );
            }
        }
        assert_eq!(address("<Dial>555-0101</Dial>"), "555-0101");
        for written in ["sip:ada@example.com", "ada@example.com"] {
            let dial = format!("<Dial><Sip>{written}</Sip></Dial>");
            assert_eq!(address(&dial), "sip:ada@example.com");
        }
        assert_eq!(address("<Dial><Client>ada</Client></Dial>"), "client:ada");
        assert_eq!(address("<Dial><Queue>support</Queue></Dial>"), "support");
        assert_eq!(
            address("<Dial><Queue reservationSid=\"WR1\"/></Dial>"),
            "WR1"
        );
        assert_eq!(
            address("<Dial><Conference> room 1 </Conference></Dial>"),
            "room 1"
        );
    }

    #[test]
    fn conference_attributes_and_defaults() {
        let noun = |text: &str| match verbs(text).pop() {
            Some(Verb::Dial(Dial {
                to: DialTo::Conference(noun),
                ..
            })) => *noun,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(
            noun("<Dial><Conference>room</Conference></Dial>"),
            ConferenceNoun::new("room")
        );
        let text = "<Dial><Conference muted=\"true\" beep=\"onEnter\" startConferenceOnEnter=\"false\" \
            endConferenceOnExit=\"true\" waitUrl=\"/w\" waitMethod=\"GET\" maxParticipants=\"3\" \
            record=\"record-from-start\" coach=\"CA1\" participantLabel=\"guest\" statusCallback=\"/s\" \
            statusCallbackEvent=\"start leave\" recordingStatusCallback=\"/r\" region=\"ie1\" trim=\"do-not-trim\" \
            jitterBufferSize=\"off\">room</Conference></Dial>";
        let link = |url: &str, method| Link {
            url: url.to_owned(),
            method,
        };
        let expected = ConferenceNoun {
            room: "room".to_owned(),
            muted: true,
            beep: Beep::OnEnter,
            start_on_enter: false,
            end_on_exit: true,
            wait: Wait::Document(link("/w", Method::Get)),
            max_participants: 3,
            record: true,
            coach: Some("CA1".to_owned()),
            label: Some("guest".to_owned()),
            status_callback: Some(link("/s", Method::Post)),
            status_events: vec![ConferenceEvent::Start, ConferenceEvent::Leave],
            recording_callback: Some(link("/r", Method::Post)),
            region: Some("ie1".to_owned()),
        };
        assert_eq!(noun(text), expected);
        assert_eq!(warnings(text), Vec::<String>::new());
    }

    #[test]
    fn ignored_parts_lead_to_warnings() {
        let table = [
            ("<Conference/>", "<Conference> is not simulated"),
            (
                "<Dial><Conference>a</Conference><Conference>b</Conference></Dial>",
                "13000: a <Conference> must be the only noun",
            ),
            (
                "<Dial><Conference>a</Conference><Number>+17075550101</Number></Dial>",
                "13000: a <Conference> must be the only noun",
            ),
            (
                "<Dial><Conference beep=\"loud\">a</Conference></Dial>",
                "beep=\"loud\" of <Conference>: expected true, false",
            ),
            (
                "<Dial><Conference maxParticipants=\"1\">a</Conference></Dial>",
                "a whole number from 2 to 250",
            ),
            (
                "<Dial><Conference record=\"always\">a</Conference></Dial>",
                "expected record-from-start or do-not-record",
            ),
            (
                "<Dial><Conference statusCallbackEvent=\"start stop\">a</Conference></Dial>",
                "statusCallbackEvent=\"stop\" of <Conference>: expected start, end, join",
            ),
            (
                "<Dial><Conference colour=\"red\">a</Conference></Dial>",
                "<Conference> has no attribute colour",
            ),
            (
                "<Dial><Conference eventCallbackUrl=\"/e\">a</Conference></Dial>",
                "eventCallbackUrl=\"/e\" of <Conference> is not",
            ),
            ("<say>hello</say>", "<say> is not a verb of TwiML"),
            (
                "<Say colour=\"red\">x</Say>",
                "<Say> has no attribute colour",
            ),
            (
                "<Gather input=\"speech video\"/>",
                "input=\"video\" of <Gather>: expected dtmf, speech or both",
            ),
            (
                "<Gather input=\"speech\" speechTimeout=\"soon\"/>",
                "speechTimeout=\"soon\" of <Gather>: expected a whole number",
            ),
            (
                "<Gather numDigits=\"many\"/>",
                "numDigits=\"many\" of <Gather>: expected a whole number",
            ),
            (
                "<Gather><Dial>+17075550101</Dial></Gather>",
                "<Dial> cannot be nested in <Gather>",
            ),
            (
                "<Dial record=\"always\">+17075550101</Dial>",
                "record=\"always\" of <Dial>: expected do-not-record",
            ),
            (
                "<Dial recordingStatusCallbackEvent=\"in-progress\">+17075550101</Dial>",
                "recordingStatusCallbackEvent=\"in-progress\" is not simulated",
            ),
            (
                "<Dial><Number sendDigits=\"x\">+17075550101</Number></Dial>",
                "sendDigits=\"x\" of <Number>: expected only",
            ),
            (
                "<Record trim=\"yes\"/>",
                "trim=\"yes\" of <Record>: expected trim-silence or do-not-trim",
            ),
            ("hello", "text between verbs is not said"),
        ];
        for (text, expected) in table {
            let warnings = warnings(text);
            assert!(
                warnings.iter().any(|warning| warning.contains(expected)),
                "{text}: {warnings:?}"
            );
        }
    }

    #[test]
    fn unreadable_documents_have_fault_codes() {
        let deep = "<a>".repeat(50);
        let large = format!("<Response><Say>{}</Say></Response>", "x".repeat(70_000));
        let many = format!("<Response>{}</Response>", "<Pause/>".repeat(3_000));
        let table: [(&str, u32); 17] = [
            ("", 12100),
            ("hello", 12100),
            ("<Response>", 12100),
            ("<Response></Say>", 12100),
            ("<Response/><Response/>", 12100),
            ("<response/>", 12102),
            ("<html><body>Not found</body></html>", 12102),
            (" <?xml version='1.0'?><Response/>", 12100),
            ("\n<?xml version='1.0' encoding='UTF-8'?><Response/>", 12100),
            ("<!-- x --><?xml version='1.0'?><Response/>", 12100),
            (
                "<?xml version='1.0'?><?xml version='1.0'?><Response/>",
                12100,
            ),
            (
                "<?xml version='1.0' encoding='EBCDIC-US'?><Response/>",
                12100,
            ),
            ("<Response><Say>&unknown;</Say></Response>", 12100),
            ("<Response><Say a=1>x</Say></Response>", 12100),
            (&deep, 12100),
            (&many, 12100),
            (&large, 11750),
        ];
        for (text, code) in table {
            let shown: String = text.chars().take(40).collect();
            assert_eq!(
                parse(text.as_bytes()).unwrap_err().code.number(),
                code,
                "{shown}"
            );
        }
        for bytes in [
            &b"<Response>\xff</Response>"[..],
            b"<?xml version='1.0' encoding='UTF-8'?><Response>\xe9</Response>",
            b"<?xml version='1.0' encoding='US-ASCII'?><Response>\xc3\xa9</Response>",
        ] {
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(parse(bytes).unwrap_err().code.number(), 12100, "{shown}");
        }
    }

    #[test]
    fn document_is_read_in_its_encoding() {
        let said = |bytes: &[u8]| parse(bytes).unwrap().verbs;
        let expected = said("<Response><Say>Olé</Say></Response>".as_bytes());
        for (declaration, e_acute) in [
            ("", &b"\xc3\xa9"[..]),
            ("\u{feff}<?xml version='1.0'?>\n", b"\xc3\xa9"),
            ("<?xml version=\"1.0\" encoding=\"utf-8\"?> ", b"\xc3\xa9"),
            ("<?xml version='1.0' encoding='ISO-8859-1'?>", b"\xe9"),
            (
                "<?xml version='1.0' encoding='latin1' standalone='yes'?>",
                b"\xe9",
            ),
        ] {
            let document = [
                declaration.as_bytes(),
                b"<Response><Say>Ol",
                e_acute,
                b"</Say></Response>",
            ];
            assert_eq!(said(&document.concat()), expected, "{declaration}");
        }
    }
}
