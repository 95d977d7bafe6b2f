//! A run at a record step: the caller hears that the call is recorded, and may refuse.

use shared::twiml::StartRecording;
use shared::webhook::path;

use super::question::Question;
use super::{Next, Run};
use crate::{Record, Resume, Step};

/// The value with the state of the recording, `ON` or `REFUSED`. It becomes an attribute of the
/// call's Tasks, so it is known afterwards that the announcement was made.
pub const RECORDING: &str = "recording";

/// The call is recorded.
const ON: &str = "on";

/// The caller does not want it to be recorded.
const REFUSED: &str = "refused";

impl<'a> Run<'a> {
    pub(super) fn record_call(&mut self, record: &'a Record, step: &'a Step) -> Next {
        if self.state.values.get(RECORDING).is_some() {
            return Next::Go(step.next);
        }
        match (self.state.on, record.refuse) {
            (Resume::Input, Some(key)) if self.pressed(key.as_char()) => {
                // A mark of a few bytes that does not fit is left out.
                let _too_long = self.state.values.set(RECORDING, REFUSED.into());
                Next::Go(step.next)
            }
            (Resume::Begin, Some(_)) => self.pose(
                Question {
                    prompt: &record.prompt,
                    timeout_secs: record.timeout_secs,
                    num_digits: Some(1),
                    hints: None,
                },
                Resume::Input,
                Resume::NoInput,
            ),
            (Resume::Begin, None) => {
                let heard = self.speaker().prompt(&record.prompt);
                self.hear(heard);
                self.start_recording(step)
            }
            (
                Resume::Input
                | Resume::NoInput
                | Resume::Confirm
                | Resume::Recorded
                | Resume::NotRecorded
                | Resume::Dialed
                | Resume::Leave
                | Resume::Bridged
                | Resume::Left
                | Resume::TimedOut,
                _,
            ) => self.start_recording(step),
        }
    }

    fn start_recording(&mut self, step: &Step) -> Next {
        let _too_long = self.state.values.set(RECORDING, ON.into());
        let start = StartRecording {
            status_callback: path::CALL_RECORDED.to_owned(),
        };
        self.document.extend([start.into()]);
        Next::Go(step.next)
    }

    fn pressed(&self, key: char) -> bool {
        let keys = self.inputs.keys.as_deref().unwrap_or_default();
        keys.chars().eq([key])
    }
}
