//! Plays a flow without a centre: each document answers one webhook, and the player sends the next
//! webhook as the carrier would.

use std::sync::Arc;

use config::ContactCentre;
use ids::AccountSid;
use ids::time::Timestamp;
use serde_json::Value;
use shared::twiml::Response;
use shared::webhook::{Call, Parameters};
use url::Url;
use voice_flows::{Figures, NewCallTask, Run, State, Switches, Turn, VoiceFlows, Webhook};

/// The caller's number.
pub const CALLER: &str = "+17075550142";

/// The centre's number.
pub const NUMBER: &str = "+17075550183";

/// A Workspace for flows: one queue, one Workflow, English and German.
pub const CENTRE: &str = r#"
phone_number: "+17075550183"
workflow: Calls
prompts:
  en: {}
  de: { language: de-DE, voice: Polly.Vicki, texts: {
    prompt: "Drücken Sie {key}.", wrong_key: "Falsche Taste.", no_input: "Keine Eingabe.", please_wait: "Bitte warten.",
    position: "Platz {position}.", expected_wait: "{minutes} Minuten.", expected_wait_short: "Gleich.", apology: "Moment.",
    give_up: "Es tut uns leid.", timed_out: "Niemand frei.", voicemail_prompt: "Nachricht bitte.", voicemail_thanks: "Danke.",
    goodbye: "Auf Wiederhören.", worker_greeting: "Ein Anruf.", caller_gone: "Aufgelegt." } }
workspace:
  name: Flows
  activities: [{ name: Offline, available: false }, { name: Available, available: true }]
  default_activity: Offline
  timeout_activity: Offline
  task_channels: [{ name: voice, after_conversation: complete }]
workers: [{ name: Maya, activity: Available, attributes: { contact_uri: "+17075550101" } }]
task_queues: [{ name: Support Desk }]
workflows:
  - name: Calls
    filters: []
    default_filter: { queue: Support Desk }
"#;

/// A call in its flow.
pub struct Player {
    flows: Arc<VoiceFlows>,
    call: Call,
    pub now: Timestamp,
    pub switches: Switches,
    /// The last document.
    pub document: String,
    /// The Tasks that were created.
    pub tasks: Vec<NewCallTask>,
    /// The look-ups that were sent: URL and form.
    pub look_ups: Vec<(String, Vec<(String, String)>)>,
    /// The answer of the next look-up.
    pub answer: Option<Value>,
    /// The figures of TaskQueues.
    pub figures: Figures,
}

/// The flows of [`CENTRE`] with these sections.
pub fn read(sections: &str) -> Result<VoiceFlows, Vec<String>> {
    read_centre(sections).map(|read| read.voice_flows.unwrap())
}

/// [`CENTRE`] with these sections, and the files of [`audio_file`].
pub fn read_centre(sections: &str) -> Result<ContactCentre, Vec<String>> {
    let text = format!("{CENTRE}{sections}");
    let account = AccountSid::from_bytes([1; 16]);
    let read = config::read_with_files(&text, "centre.yaml", account, &audio_file);
    let problems = |problems: Vec<config::Problem>| {
        let messages = problems.into_iter();
        messages.map(|problem| problem.to_string()).collect()
    };
    read.map_err(problems)
}

/// Audio files beside [`CENTRE`]: half a minute of silence, the same file twice, and one that no
/// telephone plays.
pub fn audio_file(name: &str) -> Result<Vec<u8>, String> {
    match name {
        "hold.wav" | "music/copy.wav" => Ok(wav(1, 30)),
        "other.wav" => Ok(wav(1, 2)),
        "surround.wav" => Ok(wav(6, 1)),
        "notes.txt" => Ok(b"notes".to_vec()),
        _ => Err("no such file".to_owned()),
    }
}

/// A WAV file: 8 kHz, µ-law.
fn wav(channels: u16, secs: u32) -> Vec<u8> {
    let data = vec![0xff_u8; 8_000 * secs as usize * usize::from(channels)];
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x07\0");
    file.extend(channels.to_le_bytes());
    file.extend(8_000_u32.to_le_bytes());
    file.extend((8_000 * u32::from(channels)).to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(8_u16.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

fn parameters_of_call(more: &[(&str, &str)]) -> Parameters {
    let call = [
        ("CallSid", "CA00000000000000000000000000000001"),
        ("AccountSid", "AC01010101010101010101010101010101"),
        ("From", CALLER),
        ("To", NUMBER),
        ("CallStatus", "in-progress"),
    ];
    let pairs = more.iter().chain(&call);
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Parameters::new(pairs.map(owned).collect())
}

impl Player {
    /// A call that begins in the flow of [`NUMBER`].
    pub fn begin(sections: &str) -> Self {
        let flows = read(sections).unwrap_or_else(|problems| panic!("{problems:#?}"));
        Self::of(flows, Timestamp::from_millis(1_796_000_000_000), |_| {})
    }

    /// The same at a moment, with what the call finds.
    pub fn of(flows: VoiceFlows, now: Timestamp, prepare: impl FnOnce(&mut Self)) -> Self {
        let mut player = Self {
            flows: Arc::new(flows),
            call: Call::parse(&parameters_of_call(&[])).unwrap(),
            now,
            switches: Switches::new(),
            document: String::new(),
            tasks: Vec::new(),
            look_ups: Vec::new(),
            answer: None,
            figures: Figures::default(),
        };
        prepare(&mut player);
        let start = player.flows.start_of(NUMBER).unwrap();
        let state = State::new(player.flows.version().unwrap(), start);
        player.run(state, &[]);
        player
    }

    /// The caller presses keys.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        let url = attribute(&self.document, "Gather", "action");
        self.request(&url, &[("Digits", keys)])
    }

    /// The caller speaks.
    pub fn say(&mut self, speech: &str) -> &mut Self {
        let url = attribute(&self.document, "Gather", "action");
        self.request(&url, &[("SpeechResult", speech), ("Confidence", "0.9")])
    }

    /// The caller does nothing: the document continues with its `<Redirect>`.
    pub fn wait(&mut self) -> &mut Self {
        let url = text_of(&self.document, "Redirect");
        self.request(&url, &[])
    }

    /// A webhook of the call.
    pub fn request(&mut self, url: &str, parameters: &[(&str, &str)]) -> &mut Self {
        let state = state_of(url);
        self.run(state, parameters);
        self
    }

    /// The spoken texts of the last document.
    pub fn heard(&self) -> Vec<String> {
        texts_of(&self.document, "Say")
    }

    fn run(&mut self, state: State, more: &[(&str, &str)]) {
        let flows = Arc::clone(&self.flows);
        let call = self.call.clone();
        let parameters = parameters_of_call(more);
        let switches = self.switches.clone();
        let webhook = Webhook {
            call: &call,
            parameters: &parameters,
            switches: &switches,
            now: self.now,
        };
        let mut run = Run::new(&flows, state, webhook).unwrap();
        let mut turn = run.advance();
        loop {
            turn = match turn {
                Turn::Document(document) => {
                    self.document = document.to_xml().unwrap();
                    return;
                }
                Turn::LookUp { url, form, .. } => {
                    self.look_ups.push((url, form));
                    run.looked_up(self.answer.take().as_ref())
                }
                Turn::Figures(_) => run.counted(self.figures.clone()),
                Turn::CreateTask(task) => {
                    let sid = task.sid;
                    let since = task.virtual_start_time.unwrap_or(self.now);
                    self.tasks.push(*task);
                    run.task_created(sid, since)
                }
                Turn::LeaveQueue(_) => {
                    let leave = Response::new().then(shared::twiml::Leave);
                    self.document = leave.to_xml().unwrap();
                    return;
                }
            };
        }
    }
}

/// The state in a URL of a document.
pub fn state_of(url: &str) -> State {
    let url = Url::parse("https://example.com")
        .unwrap()
        .join(url)
        .unwrap();
    let pairs = url.query_pairs().into_owned().collect();
    State::parse(&Parameters::new(pairs)).unwrap().unwrap()
}

/// The value of an attribute of the first `verb`.
pub fn attribute(document: &str, verb: &str, name: &str) -> String {
    let (_, element) = document
        .split_once(&format!("<{verb} "))
        .unwrap_or_else(|| panic!("no {verb}: {document}"));
    let (_, value) = element
        .split_once(&format!("{name}=\""))
        .unwrap_or_else(|| panic!("no {name}: {document}"));
    unescaped(value.split('"').next().unwrap())
}

/// The text of the first `verb`.
pub fn text_of(document: &str, verb: &str) -> String {
    let texts = texts_of(document, verb);
    texts
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("no {verb}: {document}"))
}

/// The texts of every `verb`.
pub fn texts_of(document: &str, verb: &str) -> Vec<String> {
    let begins = format!("<{verb}");
    let elements = document.split(&begins).skip(1);
    let text = |element: &str| {
        let (_, text) = element.split_once('>')?;
        Some(unescaped(text.split_once(&format!("</{verb}>"))?.0))
    };
    elements.filter_map(text).collect()
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&quot;", "\"").replace("&amp;", "&")
}
