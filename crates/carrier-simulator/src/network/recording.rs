//! Recordings: of a Record, of a Dial's conversation, of a whole call and of a conference.

use ids::time::{Millis, Timestamp};
use ids::{CallSid, RecordingSid};
use serde::{Deserialize, Serialize};

use super::dial::DialEnd;
use super::interpreter::Flow;
use super::requests::{Params, param};
use super::turn::Turn;
use super::{Event, RECORDINGS_MAX, Refusal, Target};
use crate::twiml::{Dial, RecordFrom, StartRecording};

/// A recording. Its sound is made when it is fetched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Derived from the seed and the serial number.
    pub sid: RecordingSid,
    /// Number of the recording in the order of creation.
    pub serial: u64,
    /// The recorded call.
    pub call: CallSid,
    /// From its start to its end.
    pub length: Millis,
    /// The moment at which it started.
    pub began: Timestamp,
    /// What was recorded.
    #[serde(default)]
    pub source: RecordingSource,
    /// 2 if each side has a channel of its own, else 1.
    #[serde(default = "one_channel")]
    pub channels: u8,
    /// How long a person speaks from the start on; then there is silence.
    #[serde(default)]
    pub spoken: Millis,
}

const fn one_channel() -> u8 {
    1
}

/// What a recording is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RecordingSource {
    /// A whole call, by the REST API.
    #[default]
    OutboundApi,
    /// A `<Record>`.
    RecordVerb,
    /// The conversation of a `<Dial record>`.
    DialVerb,
    /// A conference.
    Conference,
    /// A call, by `<Start><Recording>`. The carrier documents that such a recording is controlled as
    /// one that the REST API started.
    Started,
}

impl RecordingSource {
    /// The name in the carrier's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutboundApi => "OutboundAPI",
            Self::RecordVerb => "RecordVerb",
            Self::DialVerb => "DialVerb",
            Self::Conference => "Conference",
            Self::Started => "StartCallRecordingAPI",
        }
    }
}

/// A recording to be stored.
pub(super) struct NewRecording {
    pub call: CallSid,
    pub source: RecordingSource,
    pub channels: u8,
    pub since: Timestamp,
    pub length: Millis,
    /// How long a person speaks from the start on.
    pub spoken: Millis,
}

/// The recording of a call from its answer to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecording {
    /// The callback that is notified when the recording is ready.
    pub callback: Option<Target>,
}

/// The recording of a call that a document started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedRecording {
    /// When it started.
    since: Timestamp,
    /// 2 if each side has a channel of its own, else 1.
    channels: u8,
    /// The callback that is notified when the recording is ready.
    callback: Option<Target>,
}

impl Turn<'_> {
    /// Starts to record a call. A call has one such recording; a second one has no effect.
    pub fn start_recording(&mut self, sid: CallSid, recording: &StartRecording) -> Flow {
        let started = StartedRecording {
            since: self.now,
            channels: recording.channels,
            callback: self.linked(sid, recording.callback.as_ref()),
        };
        let Some(call) = self.call_mut(sid) else {
            return Flow::Wait;
        };
        if call.started_recording.is_some() {
            self.warn(sid, "<Start><Recording>: the call is recorded already");
            return Flow::GoOn;
        }
        call.started_recording = Some(started);
        self.note(sid, Event::Recording, "the call, from here on");
        Flow::GoOn
    }

    /// Stores the recording that a document of an ended call started, and notifies its callback.
    pub fn keep_started_recording(&mut self, sid: CallSid) {
        let Some(started) = self
            .call_mut(sid)
            .and_then(|call| call.started_recording.take())
        else {
            return;
        };
        let length = self.now.since(started.since);
        let new = NewRecording {
            call: sid,
            source: RecordingSource::Started,
            channels: started.channels,
            since: started.since,
            length,
            spoken: length,
        };
        self.make_recording(new, started.callback);
    }

    /// Stores the recording of a call that is over and notifies its callback. Returns the
    /// parameters that the status callback contains in addition.
    pub fn keep_call_recording(&mut self, sid: CallSid) -> Params {
        let Some(call) = self.call_mut(sid) else {
            return Params::new();
        };
        let Some((recording, since)) = call.recording.take().zip(call.answered) else {
            return Params::new();
        };
        let length = self.now.since(since);
        let new = NewRecording {
            call: sid,
            source: RecordingSource::OutboundApi,
            channels: 1,
            since,
            length,
            spoken: length,
        };
        self.make_recording(new, recording.callback)
    }

    /// Stores the recording of a Dial that is over and notifies its callback. Returns the
    /// parameters that the Dial's action contains in addition. Only a conversation is recorded.
    pub fn keep_dial_recording(&mut self, sid: CallSid, dial: &Dial, end: &DialEnd) -> Params {
        let (Some(recording), Some(talked)) = (&dial.recording, end.talked) else {
            return Params::new();
        };
        let leg = end.leg.and_then(|leg| self.call(leg));
        let rang = leg
            .filter(|leg| leg.parent == Some(sid))
            .map(|leg| leg.created);
        let length = match (recording.from, rang) {
            (RecordFrom::Ringing, Some(rang)) => self.now.since(rang),
            (RecordFrom::Ringing, None) | (RecordFrom::Answer, _) => talked,
        };
        let new = NewRecording {
            call: sid,
            source: RecordingSource::DialVerb,
            channels: recording.channels,
            since: self.now - length,
            length,
            spoken: length,
        };
        let callback = self.linked(sid, recording.callback.as_ref());
        self.make_recording(new, callback)
    }

    /// Stores a recording, and notifies `callback`, if there is one. Returns the parameters of
    /// the recording in other requests.
    pub fn make_recording(&mut self, new: NewRecording, callback: Option<Target>) -> Params {
        let since = new.since;
        let call = new.call;
        let mut params = vec![
            param("AccountSid", self.network.setup.account_sid),
            param("CallSid", call),
            param("RecordingStatus", "completed"),
            param("RecordingChannels", new.channels),
            param("RecordingSource", new.source.as_str()),
            param("RecordingStartTime", since.to_rfc2822()),
        ];
        let recording_params = self.store_recording(new);
        if let Some(target) = callback {
            params.extend(recording_params.iter().cloned());
            self.notify(call, target, params);
        }
        recording_params
    }

    /// Stores a recording, and returns its parameters.
    pub fn store_recording(&mut self, new: NewRecording) -> Params {
        let serial = self.network.next_serial();
        let sid =
            RecordingSid::derive(&[&self.network.setup.seed, "recording", &serial.to_string()]);
        if self.network.recordings.len() >= RECORDINGS_MAX {
            let oldest = self
                .network
                .recordings
                .values()
                .min_by_key(|row| row.serial)
                .map(|row| row.sid);
            oldest.and_then(|oldest| self.network.recordings.remove(&oldest));
        }
        let NewRecording {
            call,
            source,
            channels,
            since,
            length,
            spoken,
        } = new;
        let recording = Recording {
            sid,
            serial,
            call,
            length,
            began: since,
            source,
            channels,
            spoken,
        };
        self.network.recordings.insert(sid, recording);
        let mut params = self.recording_url(call, sid);
        params.push(param("RecordingSid", sid));
        params.push(param("RecordingDuration", length.as_secs_ceil()));
        params
    }

    pub fn delete_recording(&mut self, sid: RecordingSid) -> Result<(), Refusal> {
        match self.network.recordings.remove(&sid) {
            Some(_) => Ok(()),
            None => Err(Refusal::UnknownRecording(sid)),
        }
    }

    fn recording_url(&mut self, sid: CallSid, recording: RecordingSid) -> Params {
        let setup = &self.network.setup;
        let Some(base) = &setup.public_base_url else {
            self.warn(
                sid,
                "no RecordingUrl is sent: the simulated carrier does not know its own public URL",
            );
            return Params::new();
        };
        let base = base.trim_end_matches('/');
        let url = format!(
            "{base}/2010-04-01/Accounts/{}/Recordings/{recording}",
            setup.account_sid
        );
        vec![param("RecordingUrl", url)]
    }
}
