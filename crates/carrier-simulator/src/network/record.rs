//! Recordings of a Record, in which the simulated person speaks briefly and then is silent, and of
//! whole calls.

use ids::time::{Millis, Timestamp};
use ids::{CallSid, RecordingSid};
use serde::{Deserialize, Serialize};

use super::call::{Phase, Role, Transfer};
use super::dial::DialEnd;
use super::interpreter::Flow;
use super::requests::{Params, param};
use super::turn::Turn;
use super::{Event, RECORDINGS_MAX, Target};
use crate::twiml::{Dial, Record, RecordFrom};

/// How long the simulated person speaks before the silence that ends a Record.
pub const SPOKEN: Millis = Millis::from_secs(3);

/// A recording. It has a length, but no sound.
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
}

/// The recording of a call from its answer to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecording {
    /// The callback that is notified when the recording is ready.
    pub callback: Option<Target>,
}

impl Turn<'_> {
    pub fn start_record(&mut self, sid: CallSid, record: Record) -> Flow {
        self.count_listening(sid);
        let spoken = SPOKEN.saturating_add(Millis::from_secs(record.timeout_secs.into()));
        let length = spoken.min(Millis::from_secs(record.max_length_secs.into()));
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
                record,
                since: self.now,
                until: self.now + length,
            },
        );
        Flow::Wait
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
        let Some(Phase::Recording { record, since, .. }) = phase else {
            return;
        };
        let digits = key.map(String::from).unwrap_or_default();
        let extra = self.keep_recording(sid, &record, since, &digits);
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
    pub fn record_ended_by_hang_up(&mut self, sid: CallSid, record: &Record, since: Timestamp) {
        let extra = self.keep_recording(sid, record, since, "hangup");
        let Ok(target) = self.resolve_or_self(sid, record.action.as_ref(), record.method) else {
            return;
        };
        let mut params = self.call_params(sid, None);
        params.extend(extra);
        self.notify(sid, target, params);
    }

    fn keep_recording(
        &mut self,
        sid: CallSid,
        record: &Record,
        since: Timestamp,
        digits: &str,
    ) -> Params {
        let max = Millis::from_secs(record.max_length_secs.into());
        let length = self.now.since(since).min(max);
        let mut params = self.make_recording(sid, since, length);
        self.announce_recording(sid, record, since, &params);
        params.push(param("Digits", digits));
        params
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
        let recording_params = self.make_recording(sid, since, length);
        if let Some(target) = recording.callback {
            let mut params = self.recording_params(sid, "OutboundAPI", since, 1);
            params.extend(recording_params.iter().cloned());
            self.notify(sid, target, params);
        }
        recording_params
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
        let since = self.now - length;
        let recording_params = self.make_recording(sid, since, length);
        let callback = recording.callback.as_ref();
        match callback.map(|link| self.resolve(sid, link)).transpose() {
            Ok(Some(target)) => {
                let channels = recording.channels;
                let mut params = self.recording_params(sid, "DialVerb", since, channels);
                params.extend(recording_params.iter().cloned());
                self.notify(sid, target, params);
            }
            Ok(None) => {}
            Err(fault) => self.note_fault(sid, &fault),
        }
        recording_params
    }

    /// Stores a recording of this length from `since` on, and returns its parameters.
    pub fn make_recording(&mut self, sid: CallSid, since: Timestamp, length: Millis) -> Params {
        let serial = self.network.next_serial();
        let recording =
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
        self.network.recordings.insert(
            recording,
            Recording {
                sid: recording,
                serial,
                call: sid,
                length,
                began: since,
            },
        );
        let mut params = self.recording_url(sid, recording);
        params.push(param("RecordingSid", recording));
        params.push(param("RecordingDuration", length.as_secs_ceil()));
        params
    }

    fn recording_params(
        &self,
        sid: CallSid,
        source: &str,
        since: Timestamp,
        channels: u8,
    ) -> Params {
        vec![
            param("AccountSid", self.network.setup.account_sid),
            param("CallSid", sid),
            param("RecordingStatus", "completed"),
            param("RecordingChannels", channels),
            param("RecordingSource", source),
            param("RecordingStartTime", since.to_rfc2822()),
        ]
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

    fn announce_recording(
        &mut self,
        sid: CallSid,
        record: &Record,
        since: Timestamp,
        recording_params: &Params,
    ) {
        let Some(link) = &record.status_callback else {
            return;
        };
        match self.resolve(sid, link) {
            Ok(target) => {
                let mut params = self.recording_params(sid, "RecordVerb", since, 1);
                params.extend(recording_params.iter().cloned());
                self.notify(sid, target, params);
            }
            Err(fault) => self.note_fault(sid, &fault),
        }
    }
}
