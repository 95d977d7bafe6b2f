//! What people say: to a Gather that listens to speech, to a Record, or to the other side.

use ids::CallSid;
use ids::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

use super::call::{Gathering, Phase};
use super::people::wrong_state;
use super::sound::SPEECH_MILLIS_PER_CHARACTER;
use super::turn::Turn;
use super::{Call, CallStatus, EntrySound, Event, Refusal};

/// Largest number of characters that a person says at once: a minute of speech, as much as a Gather
/// takes.
pub const SPEECH_CHARS_MAX: usize = 1_000;
/// The confidence of a speech recognition that the person does not choose.
pub const CONFIDENCE: f64 = 0.9;

/// What a person has said while a call listened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Speech {
    pub text: String,
    /// The lowest one of all that was said.
    pub confidence: f64,
    /// The end of the last word.
    pub ends: Timestamp,
    /// Number of partial results that were reported.
    pub partial_results: u32,
}

impl Speech {
    /// Nothing said yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            text: String::new(),
            confidence: 1.0,
            ends: now,
            partial_results: 0,
        }
    }

    /// Adds words, spoken now or after those that are being spoken.
    pub fn add(&mut self, text: &str, confidence: f64, now: Timestamp) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.confidence = self.confidence.min(confidence);
        self.ends = self.ends.max(now) + spoken_length(text);
    }
}

/// How long a person needs to say this.
pub(super) fn spoken_length(text: &str) -> Millis {
    let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    Millis::from_millis(characters.saturating_mul(SPEECH_MILLIS_PER_CHARACTER))
}

/// What a call listens for at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening<'c> {
    /// Number of the Gather or Record in the call, from 1.
    pub number: u32,
    /// The verb that listens.
    pub verb: ListeningVerb,
    /// Whether keys are heard.
    pub keys: bool,
    /// Whether speech is heard.
    pub speech: bool,
    /// Phrases that a Gather expects.
    pub hints: &'c [String],
}

/// A verb that listens to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListeningVerb {
    /// A Gather.
    Gather,
    /// A Record.
    Record,
}

impl Call {
    /// The Gather or Record that runs; `None` when the call does not listen.
    pub fn listening(&self) -> Option<Listening<'_>> {
        let number = self.listened;
        match &self.phase {
            Phase::Gathering(gathering) => Some(Listening {
                number,
                verb: ListeningVerb::Gather,
                keys: gathering.gather.listens_to_keys,
                speech: gathering.gather.speech.is_some(),
                hints: hints(gathering),
            }),
            Phase::Recording { record, .. } => Some(Listening {
                number,
                verb: ListeningVerb::Record,
                keys: !record.finish_on_key.is_empty(),
                speech: true,
                hints: &[],
            }),
            Phase::Queued
            | Phase::Ringing { .. }
            | Phase::Fetching { .. }
            | Phase::Measuring { .. }
            | Phase::Sounding { .. }
            | Phase::Running
            | Phase::Resting { .. }
            | Phase::Holding
            | Phase::AskingTaskRouter { .. }
            | Phase::Conferring
            | Phase::DialingPhones { .. }
            | Phase::DialingQueue { .. }
            | Phase::Bridged { .. }
            | Phase::Ended => None,
        }
    }

    /// Whether a Gather hears what the person says now. A Gather in which a key was pressed does
    /// not.
    fn gather_hears_speech(&self) -> bool {
        matches!(&self.phase, Phase::Gathering(gathering)
            if gathering.gather.speech.is_some() && gathering.digits.is_empty())
    }
}

fn hints(gathering: &Gathering) -> &[String] {
    let recognition = gathering.gather.speech.as_ref();
    recognition.map_or(&[], |recognition| recognition.hints.as_slice())
}

impl Turn<'_> {
    /// Counts a Gather or Record that begins.
    pub fn count_listening(&mut self, sid: CallSid) {
        if let Some(call) = self.call_mut(sid) {
            call.listened += 1;
        }
    }

    pub fn person_says(
        &mut self,
        sid: CallSid,
        text: &str,
        confidence: f64,
    ) -> Result<(), Refusal> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_short = (1..=SPEECH_CHARS_MAX).contains(&text.chars().count());
        if !is_short || !(0.0..=1.0).contains(&confidence) {
            return Err(Refusal::BadSpeech);
        }
        let call = self.known_call(sid)?;
        if call.status != CallStatus::InProgress {
            return Err(wrong_state(call, "in-progress"));
        }
        let gathers = call.gather_hears_speech();
        let records = matches!(call.phase, Phase::Recording { .. });
        let bridged = call.bridged_with().map(|other| vec![other]);
        let hearers = bridged.or_else(|| self.conference_hearers(sid));
        if let Some(hearers) = hearers {
            self.note(sid, Event::Said, text.as_str());
            for hearer in hearers {
                let speech = EntrySound::default_speech();
                self.note_sound(hearer, Event::Heard, text.as_str(), speech);
            }
        } else if gathers {
            self.note(sid, Event::Said, text.as_str());
            self.gather_speech(sid, &text, confidence);
        } else if records {
            self.note(sid, Event::Said, text.as_str());
            self.record_speech(sid, &text, confidence);
        } else {
            self.note(sid, Event::Said, format!("{text} (nothing was listening)"));
        }
        Ok(())
    }
}
