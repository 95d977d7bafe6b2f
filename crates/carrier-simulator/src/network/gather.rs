//! Gather: listening for keys and speech (voice-webhooks.md section 6.1). The first input decides:
//! after a key, speech is not heard, and after speech no key.

use ids::CallSid;
use ids::time::{Millis, Timestamp};

use super::call::{Gathering, Phase, Role, Transfer};
use super::interpreter::Flow;
use super::requests::{Params, param};
use super::sound::Playing;
use super::speech::Speech;
use super::turn::Turn;
use crate::twiml::{Gather, SpeechTimeout};

/// The pause after speech that ends a Gather with `speechTimeout="auto"`.
const AUTO_SPEECH_TIMEOUT: Millis = Millis::from_secs(1);
/// Partial results that are reported of one Gather: a sentence has fewer words.
const PARTIAL_RESULTS_MAX: u32 = 20;

impl Turn<'_> {
    pub fn start_gather(&mut self, sid: CallSid, gather: Gather) -> Flow {
        let gathering = Gathering {
            gather,
            next_prompt: 0,
            digits: String::new(),
            speech: None,
            until: None,
            measuring: None,
        };
        self.set_phase(sid, Phase::Gathering(gathering));
        self.count_listening(sid);
        self.next_prompt(sid);
        Flow::Wait
    }

    /// Plays the next prompt; after the last one, the timeout starts.
    fn next_prompt(&mut self, sid: CallSid) {
        let prompt = match self.gathering(sid) {
            Some(gathering) => {
                gathering.measuring = None;
                let prompt = gathering.gather.prompts.get(gathering.next_prompt).cloned();
                gathering.next_prompt += 1;
                prompt
            }
            None => return,
        };
        let Some(prompt) = prompt else {
            return self.listen(sid);
        };
        match self.play(sid, prompt) {
            Playing::For(length) => self.prompt_lasts(sid, length),
            Playing::Unknown(fetch, url, loops) => {
                if let Some(gathering) = self.gathering(sid) {
                    gathering.measuring = Some((fetch, url, loops));
                    gathering.until = None;
                }
            }
        }
    }

    pub fn prompt_lasts(&mut self, sid: CallSid, length: Millis) {
        let until = self.now + length;
        if let Some(gathering) = self.gathering(sid) {
            gathering.measuring = None;
            gathering.until = Some(until);
        }
    }

    fn listen(&mut self, sid: CallSid) {
        let now = self.now;
        if let Some(gathering) = self.gathering(sid) {
            gathering.next_prompt = usize::MAX;
            gathering.measuring = None;
            gathering.until = Some(gathering.silence_ends(now));
        }
    }

    /// A prompt is over, or the timeout has passed.
    pub fn gather_deadline(&mut self, sid: CallSid) {
        match self.gathering(sid).map(|gathering| gathering.is_silent()) {
            Some(true) => self.gather_over(sid),
            Some(false) => self.next_prompt(sid),
            None => {}
        }
    }

    /// A key was pressed: it stops the prompts and restarts the timeout.
    pub fn gather_key(&mut self, sid: CallSid, key: char) {
        self.reset_hurried_rounds(sid);
        let Some(gathering) = self.gathering(sid) else {
            return;
        };
        if gathering.speech.is_some() {
            return;
        }
        self.abandon_document(sid);
        let Some(gathering) = self.gathering(sid) else {
            return;
        };
        if gathering.gather.finish_on_key == Some(key) {
            return self.gather_over(sid);
        }
        gathering.digits.push(key);
        let is_full = gathering
            .gather
            .num_digits
            .is_some_and(|wanted| gathering.digits.len() >= wanted as usize);
        if is_full {
            return self.gather_over(sid);
        }
        self.listen(sid);
    }

    /// The person spoke: the prompts stop unless `bargeIn` is false, and the silence that ends the
    /// Gather starts after the words.
    pub fn gather_speech(&mut self, sid: CallSid, text: &str, confidence: f64) {
        self.reset_hurried_rounds(sid);
        let now = self.now;
        let Some(gathering) = self.gathering(sid) else {
            return;
        };
        let speech = gathering.speech.get_or_insert_with(|| Speech::new(now));
        speech.add(text, confidence, now);
        let barges_in = gathering
            .gather
            .speech
            .as_ref()
            .is_some_and(|recognition| recognition.barge_in);
        let stops_prompts = barges_in || gathering.is_silent();
        self.report_partial_results(sid, text);
        if stops_prompts {
            self.abandon_document(sid);
            self.listen(sid);
        }
    }

    /// Notifies `partialResultCallback` of each word, all at the moment at which the person begins
    /// to speak. The order of arrival is that of `SequenceNumber`.
    fn report_partial_results(&mut self, sid: CallSid, text: &str) {
        let Some(gathering) = self.gathering(sid) else {
            return;
        };
        let recognition = gathering.gather.speech.as_ref();
        let link = recognition.and_then(|recognition| recognition.partial_results.clone());
        let Some((link, speech)) = link.zip(gathering.speech.as_mut()) else {
            return;
        };
        let first = speech.partial_results;
        let words: Vec<&str> = text.split_whitespace().collect();
        let count = u32::try_from(words.len()).unwrap_or(u32::MAX);
        let last = first.saturating_add(count).min(PARTIAL_RESULTS_MAX);
        speech.partial_results = last;
        let target = match self.resolve(sid, &link) {
            Ok(target) => target,
            Err(fault) => return self.note_fault(sid, &fault),
        };
        for (number, heard) in (first..last).zip(1..) {
            let heard = words.get(..heard).unwrap_or_default().join(" ");
            let mut params = self.call_params(sid, None);
            params.push(param("SequenceNumber", number));
            params.push(param("StableSpeechResult", ""));
            params.push(param("UnstableSpeechResult", heard));
            params.push(param("Stability", "0.5"));
            self.notify(sid, target.clone(), params);
        }
    }

    /// Ends the Gather. Without input the next verb follows, unless `actionOnEmptyResult` is set.
    fn gather_over(&mut self, sid: CallSid) {
        let Some(gathering) = self.gathering(sid).cloned() else {
            return;
        };
        let gather = &gathering.gather;
        let is_empty = gathering.digits.is_empty() && gathering.speech.is_none();
        if is_empty && !gather.action_on_empty_result {
            return self.run(sid);
        }
        let role = self
            .call(sid)
            .and_then(|call| call.stack.last())
            .map_or(Role::Main, |frame| frame.role);
        let extra = gathering.results();
        match self.resolve_or_self(sid, gather.action.as_ref(), gather.method) {
            Ok(target) => self.transfer(
                sid,
                Transfer {
                    role,
                    target,
                    extra,
                },
            ),
            Err(fault) => self.fault(sid, &fault),
        }
    }

    fn gathering(&mut self, sid: CallSid) -> Option<&mut Gathering> {
        if let Phase::Gathering(gathering) = &mut self.call_mut(sid)?.phase {
            Some(gathering)
        } else {
            None
        }
    }
}

impl Gathering {
    /// Whether the prompts are over, so that only input is awaited.
    fn is_silent(&self) -> bool {
        self.next_prompt == usize::MAX
    }

    /// The moment at which silence ends the Gather, if there is no more input.
    fn silence_ends(&self, now: Timestamp) -> Timestamp {
        let timeout = Millis::from_secs(self.gather.timeout_secs.into());
        let Some((speech, recognition)) = self.speech.as_ref().zip(self.gather.speech.as_ref())
        else {
            return now + timeout;
        };
        let silence = match recognition.timeout {
            SpeechTimeout::Secs(secs) => Millis::from_secs(secs.into()),
            SpeechTimeout::Auto => AUTO_SPEECH_TIMEOUT,
        };
        speech.ends.max(now) + silence
    }

    /// The parameters of the action: the input of each kind that was awaited, empty without input.
    fn results(&self) -> Params {
        let hears_speech = self.gather.speech.is_some();
        match &self.speech {
            Some(speech) => vec![
                param("SpeechResult", &speech.text),
                param("Confidence", format!("{:?}", speech.confidence)),
            ],
            None if self.digits.is_empty() && hears_speech => {
                let mut params = vec![param("SpeechResult", ""), param("Confidence", "0.0")];
                if self.gather.listens_to_keys {
                    params.push(param("Digits", ""));
                }
                params
            }
            None => vec![param("Digits", &self.digits)],
        }
    }
}
