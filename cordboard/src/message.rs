//! A message of the queues, and the limits that all queues share.

/// Maximum number of messages in one queue: a hundred thousand waiting calls on a laptop are an
/// error, not a load.
pub const MESSAGES_MAX: usize = 100_000;

/// Maximum number of deliveries of a message, as `maxReceiveCount` in `template.yaml`. After the
/// last one the message is a dead letter: it is logged and dropped.
pub const RECEIVES_MAX: u32 = 7;

/// A message and the number of its deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<T> {
    /// The content.
    pub body: T,
    /// Deliveries so far, including the current one.
    pub receives: u32,
}

impl<T> Message<T> {
    /// A message that has not been delivered yet.
    pub(crate) fn new(body: T) -> Self {
        Self { body, receives: 0 }
    }

    /// The message at its next delivery.
    pub(crate) fn received(self) -> Self {
        Self {
            receives: self.receives + 1,
            ..self
        }
    }

    /// Whether this was the last delivery.
    pub(crate) fn is_dead_letter(&self) -> bool {
        self.receives >= RECEIVES_MAX
    }
}
