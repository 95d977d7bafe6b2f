//! Record: a recording of what a person says (voice-webhooks.md section 6.5). The simulated person
//! speaks briefly and then is silent; words come from [`Input::Say`](super::Input::Say).

use ids::CallSid;
use ids::time::{Millis, Timestamp};

use super::call::{Phase, Role, Transfer};
use super::interpreter::Flow;
use super::recording::{NewRecording, RecordingSource};
use super::requests::{Params, param};
use super::speech::Speech;
use super::turn::Turn;
use super::{Event, Target};
use crate::twiml::Record;

/// How long the simulated person speaks at least before the silence that ends a Record.
pub const SPOKEN: Millis = Millis::from_secs(3);
/// The transcription of a recording in which the person said no words.
pub const UNSPOKEN_TEXT: &str = "This is a message for you.";

impl Turn<'_> {
    pub fn start_record(&mut self, sid: CallSid, record: Record) -> Flow {
        self.count_listening(sid);
        self.note(
            sid,
            Event::Recording,
            if record.play_beep {
                "after the beep"
            } else {
                "without a beep"
            },
        );
        self.set_phase(
            sid,
            Phase::Recording {
                until: ends(&record, self.now, None),
                record,
                since: self.now,
                speech: None,
            },
        );
        Flow::Wait
    }

    /// The person spoke: the silence that ends the Record starts after the words.
    pub fn record_speech(&mut self, sid: CallSid, text: &str, confidence: f64) {
        self.reset_hurried_rounds(sid);
        let now = self.now;
        let Some(Phase::Recording {
            record,
            since,
            until,
            speech,
        }) = self.call_mut(sid).map(|call| &mut call.phase)
        else {
            return;
        };
        let speech = speech.get_or_insert_with(|| Speech::new(now));
        speech.add(text, confidence, now);
        *until = ends(record, *since, Some(speech));
    }

    pub fn record_key(&mut self, sid: CallSid, key: char) {
        let Some(Phase::Recording { record, .. }) = self.call(sid).map(|call| &call.phase) else {
            return;
        };
        if record.finish_on_key.contains(key) {
            self.reset_hurried_rounds(sid);
            self.record_over(sid, Some(key));
        }
    }

    /// The Record ends by a key, by silence or by its maximal length.
    pub fn record_over(&mut self, sid: CallSid, key: Option<char>) {
        let phase = self.call(sid).map(|call| call.phase.clone());
        let Some(Phase::Recording {
            record,
            since,
            speech,
            ..
        }) = phase
        else {
            return;
        };
        let digits = key.map(String::from).unwrap_or_default();
        let extra = self.keep_record(sid, &record, since, speech.as_ref(), &digits);
        match self.resolve_or_self(sid, record.action.as_ref(), record.method) {
            Ok(target) => self.transfer(
                sid,
                Transfer {
                    role: Role::Main,
                    target,
                    extra,
                },
            ),
            Err(fault) => self.fault(sid, &fault),
        }
    }

    /// The Record ends with its call: the recording is stored, and the action is notified.
    pub fn record_ended_by_hang_up(
        &mut self,
        sid: CallSid,
        record: &Record,
        since: Timestamp,
        speech: Option<&Speech>,
    ) {
        let extra = self.keep_record(sid, record, since, speech, "hangup");
        let Ok(target) = self.resolve_or_self(sid, record.action.as_ref(), record.method) else {
            return;
        };
        let mut params = self.call_params(sid, None);
        params.extend(extra);
        self.notify(sid, target, params);
    }

    /// Stores the recording, and notifies its callbacks. Returns the parameters of the action.
    fn keep_record(
        &mut self,
        sid: CallSid,
        record: &Record,
        since: Timestamp,
        speech: Option<&Speech>,
        digits: &str,
    ) -> Params {
        let max = Millis::from_secs(record.max_length_secs.into());
        let whole = self.now.since(since).min(max);
        let spoken = whole.min(spoken_until(since, speech).since(since));
        let length = if record.trims_silence { spoken } else { whole };
        let new = NewRecording {
            call: sid,
            source: RecordingSource::RecordVerb,
            channels: 1,
            since,
            length,
            spoken,
        };
        let callback = self.linked(sid, record.status_callback.as_ref());
        let mut params = self.make_recording(new, callback);
        self.send_transcription(sid, record, speech, &params);
        params.push(param("Digits", digits));
        params
    }

    /// Notifies `transcribeCallback` of the text of a recording.
    fn send_transcription(
        &mut self,
        sid: CallSid,
        record: &Record,
        speech: Option<&Speech>,
        recording_params: &Params,
    ) {
        let Some(target) = self.linked(sid, record.transcription_callback.as_ref()) else {
            return;
        };
        let value = |wanted: &str| {
            let found = recording_params.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let recording = value("RecordingSid");
        let url = value("RecordingUrl");
        let transcription = recording.replacen("RE", "TR", 1);
        let text = speech.map_or(UNSPOKEN_TEXT, |speech| speech.text.as_str());
        let mut params = self.call_params(sid, None);
        params.extend([
            param("TranscriptionSid", &transcription),
            param("TranscriptionStatus", "completed"),
            param("TranscriptionText", text),
            param(
                "TranscriptionUrl",
                format!("{url}/Transcriptions/{transcription}"),
            ),
            param("RecordingSid", recording),
            param("RecordingUrl", url),
        ]);
        self.notify(sid, target, params);
    }

    /// The target of a link of the running document; a link that cannot be resolved is a fault in
    /// the transcript.
    pub fn linked(&mut self, sid: CallSid, link: Option<&crate::twiml::Link>) -> Option<Target> {
        match self.resolve(sid, link?) {
            Ok(target) => Some(target),
            Err(fault) => {
                self.note_fault(sid, &fault);
                None
            }
        }
    }
}

/// The end of what the person says.
fn spoken_until(since: Timestamp, speech: Option<&Speech>) -> Timestamp {
    let least = since + SPOKEN;
    speech.map_or(least, |speech| speech.ends.max(least))
}

/// The moment at which silence or the maximal length ends a Record.
fn ends(record: &Record, since: Timestamp, speech: Option<&Speech>) -> Timestamp {
    let silence = Millis::from_secs(record.timeout_secs.into());
    let max = Millis::from_secs(record.max_length_secs.into());
    (spoken_until(since, speech) + silence).min(since + max)
}
