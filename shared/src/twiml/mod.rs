//! TwiML: the documents that instruct the carrier what to do with a call (voice-webhooks.md
//! sections 4 to 6).
//!
//! A [`Response`] is a list of verbs, one type and one file each. Verbs describe themselves as
//! elements; only [`Response`] turns elements into text, so escaping happens in one place
//! (`xml.rs`). The types have only the attributes that Cordboard uses; an unset attribute has the
//! carrier's default. The method of our own URLs is never set, because the default is POST.
//!
//! ```
//! use shared::twiml::{Redirect, Response, Say};
//!
//! let hindi = Say { language: Some("hi-IN".to_owned()), ..Say::new("नमस्ते & <hi>") };
//! let document = Response::new().then(hindi).then(Redirect::new("/menu?attempt=2"));
//! assert_eq!(
//!     document.to_xml()?,
//!     concat!(
//!         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
//!         "<Response>\n",
//!         "  <Say language=\"hi-IN\">नमस्ते &amp; &lt;hi&gt;</Say>\n",
//!         "  <Redirect>/menu?attempt=2</Redirect>\n",
//!         "</Response>\n"
//!     )
//! );
//! # Ok::<(), shared::twiml::DocumentTooLong>(())
//! ```

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
mod start_recording;
mod xml;

pub use conference::Conference;
pub use dial::{Dial, DialNoun};
pub use enqueue::{Enqueue, EnqueueTarget};
pub use gather::{Gather, Prompt, Speech};
pub use hangup::Hangup;
pub use leave::Leave;
pub use pause::Pause;
pub use play::Play;
pub use record::Record;
pub use redirect::Redirect;
pub use reject::{Reject, RejectReason};
pub use response::{DOCUMENT_MAX_BYTES, DocumentTooLong, Response, Verb};
pub use say::Say;
pub use start_recording::StartRecording;
pub use xml::escaped;
