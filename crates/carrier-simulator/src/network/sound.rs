//! Say, Play and Pause, and how long each takes (voice-webhooks.md section 6.2).

use ids::CallSid;
use ids::time::Millis;

use super::call::{Gathering, Phase};
use super::interpreter::Flow;
use super::speech::spoken_length;
use super::turn::Turn;
use super::{EntrySound, Event, FetchId, Purpose, Target};
use crate::twiml::{Fault, Link, Method, Sound};

/// Milliseconds of speech per character. Fast, so that a person who tries out a call does not wait;
/// not instant, so that keys can stop it.
pub const SPEECH_MILLIS_PER_CHARACTER: u64 = 15;
/// How many times longer speech takes for a person who listens to the call: 75 ms a character, as
/// voices of browsers do.
const AUDIBLE_SPEECH_FACTOR: u32 = 5;
/// Assumed length of audio in another format than WAV, whose length cannot be read.
pub const OTHER_AUDIO: Millis = Millis::from_secs(10);
/// Length of one tone, and of the short wait `w` of `<Play digits>`; `W` is twice as long.
const TONE: Millis = Millis::from_millis(500);

/// The length of a sound that has started.
pub(super) enum Playing {
    /// The sound takes this long.
    For(Millis),
    /// The length is being fetched: the request, the URL, and the number of repetitions.
    Unknown(FetchId, String, u32),
}

impl Turn<'_> {
    pub fn start_sound(&mut self, sid: CallSid, sound: Sound) -> Flow {
        match self.play(sid, sound) {
            Playing::For(length) => self.sound_for(sid, length),
            Playing::Unknown(fetch, url, loops) => {
                self.set_phase(sid, Phase::Measuring { fetch, url, loops });
                Flow::Wait
            }
        }
    }

    fn sound_for(&mut self, sid: CallSid, length: Millis) -> Flow {
        if length == Millis::ZERO {
            return Flow::GoOn;
        }
        self.set_phase(
            sid,
            Phase::Sounding {
                until: self.now + length,
            },
        );
        Flow::Wait
    }

    /// Starts a sound: writes it into the transcript, and says how long it takes.
    pub fn play(&mut self, sid: CallSid, sound: Sound) -> Playing {
        match sound {
            Sound::Say {
                text,
                loops,
                pause,
                language,
            } => {
                if !text.is_empty() {
                    let sound = EntrySound::Speech { language };
                    self.note_sound(sid, Event::Heard, repeated(&text, loops), sound);
                }
                let once = self.reading_time(sid, &text).saturating_add(pause);
                Playing::For(times(once, loops))
            }
            Sound::Pause { length_secs } => Playing::For(Millis::from_secs(length_secs.into())),
            Sound::Tones { digits } => {
                let units = digits
                    .chars()
                    .map(|key| if key == 'W' { 2 } else { 1 })
                    .sum();
                self.note(sid, Event::Playing, format!("tones {digits}"));
                Playing::For(times(TONE, units))
            }
            Sound::Play { url, loops } => self.play_media(sid, &url, loops),
        }
    }

    /// How long a voice reads a text: as long as in reality when a person listens to the call.
    fn reading_time(&self, sid: CallSid, text: &str) -> Millis {
        let quick = spoken_length(text);
        if self.call(sid).is_some_and(|call| call.is_audible) {
            times(quick, AUDIBLE_SPEECH_FACTOR)
        } else {
            quick
        }
    }

    fn play_media(&mut self, sid: CallSid, url: &str, loops: u32) -> Playing {
        let target = match self.resolve(
            sid,
            &Link {
                url: url.to_owned(),
                method: Method::Get,
            },
        ) {
            Ok(target) => target,
            Err(fault) => {
                self.note_fault(sid, &fault);
                return Playing::For(Millis::ZERO);
            }
        };
        if let Some(length) = self.network.media.get(&target.url).copied() {
            return Playing::For(self.playing(sid, &target.url, length, loops));
        }
        let url = target.url.clone();
        let target = Target {
            method: Method::Get,
            ..target
        };
        match self.send(sid, target, Vec::new(), Purpose::Media) {
            Some(fetch) => Playing::Unknown(fetch, url, loops),
            None => Playing::For(self.playing(sid, &url, OTHER_AUDIO, loops)),
        }
    }

    fn playing(&mut self, sid: CallSid, url: &str, once: Millis, loops: u32) -> Millis {
        let sound = EntrySound::Audio {
            url: url.to_owned(),
            loops,
        };
        self.note_sound(sid, Event::Playing, repeated(url, loops), sound);
        times(once, loops)
    }

    /// Continues with the length of an audio file. If it could not be fetched, the call continues
    /// without the audio.
    pub fn measured(&mut self, sid: CallSid, fetch: FetchId, length: Result<Millis, Fault>) {
        let Some((url, loops)) = self.measuring(sid, fetch) else {
            return;
        };
        let length = match length {
            Ok(once) => self.playing(sid, &url, once, loops),
            Err(fault) => {
                self.note_fault(sid, &fault);
                Millis::ZERO
            }
        };
        if matches!(
            self.call(sid).map(|call| &call.phase),
            Some(Phase::Gathering(_))
        ) {
            return self.prompt_lasts(sid, length);
        }
        if self.sound_for(sid, length) == Flow::GoOn {
            self.run(sid);
        }
    }

    fn measuring(&self, sid: CallSid, id: FetchId) -> Option<(String, u32)> {
        let (awaited, url, loops) = match &self.call(sid)?.phase {
            Phase::Measuring { fetch, url, loops } => (fetch, url, loops),
            Phase::Gathering(Gathering {
                measuring: Some((fetch, url, loops)),
                ..
            }) => (fetch, url, loops),
            Phase::Queued
            | Phase::Ringing { .. }
            | Phase::Fetching { .. }
            | Phase::Sounding { .. }
            | Phase::Gathering(_)
            | Phase::Recording { .. }
            | Phase::Running
            | Phase::Resting { .. }
            | Phase::Holding
            | Phase::AskingTaskRouter { .. }
            | Phase::Conferring
            | Phase::DialingPhones { .. }
            | Phase::DialingQueue { .. }
            | Phase::Bridged { .. }
            | Phase::Ended => return None,
        };
        (*awaited == id).then(|| (url.clone(), *loops))
    }
}

fn times(once: Millis, loops: u32) -> Millis {
    Millis::from_millis(once.as_millis().saturating_mul(loops.into()))
}

fn repeated(text: &str, loops: u32) -> String {
    if loops == 1 {
        text.to_owned()
    } else {
        format!("{text} ({loops} times)")
    }
}
