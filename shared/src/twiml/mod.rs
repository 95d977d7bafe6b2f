//! TwiML: the documents that tell the carrier what to do with a call (voice-webhooks.md sections 4 to 6).
//!
//! A [`Response`] is a list of verbs, one type and one file each. Verbs describe themselves as elements; [`Response`]
//! alone turns elements into text, so escaping happens in one place (`xml.rs`). Only the attributes that Cordboard uses
//! exist here; what is not set is left to the carrier's default. The methods of our own URLs are never set: the default is
//! POST.

mod conference;
mod dial;
mod enqueue;
mod gather;
mod hangup;
mod leave;
mod pause;
mod play;
mod record;
mod redirect;
mod reject;
mod response;
mod say;
mod xml;

pub use conference::Conference;
pub use dial::{Dial, DialNoun};
pub use enqueue::{Enqueue, EnqueueTarget};
pub use gather::{Gather, Prompt};
pub use hangup::Hangup;
pub use leave::Leave;
pub use pause::Pause;
pub use play::Play;
pub use record::Record;
pub use redirect::Redirect;
pub use reject::{Reject, RejectReason};
pub use response::{DOCUMENT_MAX_BYTES, DocumentTooLong, Response, Verb};
pub use say::Say;
