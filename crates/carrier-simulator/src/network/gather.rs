//! Gather: listening for keys (voice-webhooks.md section 6.1).

use ids::CallSid;
use ids::time::Millis;

use super::call::{Gathering, Phase, Role, Transfer};
use super::interpreter::Flow;
use super::requests::param;
use super::sound::Playing;
use super::turn::Turn;
use crate::twiml::Gather;

impl Turn<'_> {
    pub fn start_gather(&mut self, sid: CallSid, gather: Gather) -> Flow {
        let gathering = Gathering {
            gather,
            next_prompt: 0,
            digits: String::new(),
            until: None,
            measuring: None,
        };
        self.set_phase(sid, Phase::Gathering(gathering));
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
            gathering.until = Some(now + Millis::from_secs(gathering.gather.timeout_secs.into()));
        }
    }

    /// A prompt is over, or the timeout has passed.
    pub fn gather_deadline(&mut self, sid: CallSid) {
        match self
            .gathering(sid)
            .map(|gathering| gathering.next_prompt == usize::MAX)
        {
            Some(true) => self.gather_over(sid),
            Some(false) => self.next_prompt(sid),
            None => {}
        }
    }

    /// A key was pressed: it stops the prompts and restarts the timeout.
    pub fn gather_key(&mut self, sid: CallSid, key: char) {
        self.abandon_document(sid);
        self.reset_hurried_rounds(sid);
        let Some(gathering) = self.gathering(sid) else {
            return;
        };
        if gathering.gather.finish_on_key == Some(key) {
            return self.gather_over(sid);
        }
        gathering.digits.push(key);
        gathering.measuring = None;
        let is_full = gathering
            .gather
            .num_digits
            .is_some_and(|wanted| gathering.digits.len() >= wanted as usize);
        if is_full {
            return self.gather_over(sid);
        }
        self.listen(sid);
    }

    /// Ends the Gather. Without digits the next verb follows, unless `actionOnEmptyResult` is set.
    fn gather_over(&mut self, sid: CallSid) {
        let Some(Gathering { gather, digits, .. }) = self.gathering(sid).cloned() else {
            return;
        };
        if digits.is_empty() && !gather.action_on_empty_result {
            return self.run(sid);
        }
        let role = self
            .call(sid)
            .and_then(|call| call.stack.last())
            .map_or(Role::Main, |frame| frame.role);
        let extra = vec![param("Digits", digits)];
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
