//! Messages between the windows of two phones that talk with one another, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::phones::{SIGNAL_BYTES_MAX, Signal};
use ids::CallSid;

/// Messages that are kept: those of some dozen conversations, at most 2 MB.
const KEPT_MAX: usize = 128;

/// The newest messages.
#[derive(Default)]
pub struct Signals(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The phone whose window a message is for, and the message.
    messages: VecDeque<(CallSid, Signal)>,
    /// Number of messages so far.
    count: u64,
}

impl Signals {
    /// Keeps a message for the window that hears `to`.
    ///
    /// # Errors
    /// A sentence when it is too long.
    pub fn keep(&self, to: CallSid, message: &str) -> Result<(), String> {
        if message.len() > SIGNAL_BYTES_MAX {
            return Err(format!(
                "message: expected at most {SIGNAL_BYTES_MAX} bytes, got {}",
                message.len()
            ));
        }
        let mut kept = self.kept();
        if kept.messages.len() >= KEPT_MAX {
            kept.messages.pop_front();
        }
        kept.count += 1;
        let signal = Signal {
            number: kept.count,
            message: message.to_owned(),
        };
        kept.messages.push_back((to, signal));
        Ok(())
    }

    /// The messages for the window that hears `call`, after the one with this number.
    pub fn of(&self, call: CallSid, after: u64) -> Vec<Signal> {
        let kept = self.kept();
        let messages = kept.messages.iter();
        messages
            .filter(|(to, signal)| *to == call && signal.number > after)
            .map(|(_, signal)| signal.clone())
            .collect()
    }

    /// The number of the newest message for the window that hears `call`; 0 without one.
    pub fn last(&self, call: CallSid) -> u64 {
        let kept = self.kept();
        let mut newest = kept.messages.iter().rev();
        newest
            .find(|(to, _)| *to == call)
            .map_or(0, |(_, signal)| signal.number)
    }

    /// The number of messages so far.
    pub fn count(&self) -> u64 {
        self.kept().count
    }

    /// A panic of another thread does not make the messages unusable.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: CallSid = CallSid::from_bytes([1; 16]);
    const OTHER: CallSid = CallSid::from_bytes([2; 16]);

    #[test]
    fn message_reaches_its_window_once() {
        let signals = Signals::default();
        assert_eq!(signals.last(ONE), 0);
        signals.keep(ONE, "a").unwrap();
        signals.keep(OTHER, "b").unwrap();
        signals.keep(ONE, "c").unwrap();
        let texts = |after| {
            let found = signals.of(ONE, after).into_iter();
            found.map(|signal| signal.message).collect::<Vec<_>>()
        };
        assert_eq!(
            (texts(0), texts(1), texts(3)),
            (
                vec!["a".to_owned(), "c".to_owned()],
                vec!["c".to_owned()],
                vec![]
            )
        );
        assert_eq!((signals.last(ONE), signals.last(OTHER)), (3, 2));
    }

    #[test]
    fn messages_are_bounded() {
        let signals = Signals::default();
        let long = "x".repeat(SIGNAL_BYTES_MAX + 1);
        assert!(signals.keep(ONE, &long).unwrap_err().contains("got 16385"));
        for _ in 0..2 * KEPT_MAX {
            signals.keep(ONE, "x").unwrap();
        }
        assert_eq!(signals.of(ONE, 0).len(), KEPT_MAX);
        assert_eq!(signals.count(), 2 * KEPT_MAX as u64);
    }
}
