//! Voice flows: what callers hear and answer before a Worker talks to them, as declared under
//! `flows` in `contact-centre.yaml`.
//!
//! Reading order:
//!
//! 1. [`VoiceFlows`]: the content of the file as a list of [`Step`]s. Their
//!    version is a digest of it ([`VoiceFlows::version`]).
//! 2. [`State`]: where a call is in its flow. It is carried in the URLs of the documents, so a
//!    flow needs no write to the table.
//! 3. [`Run`]: answers one webhook. It follows the steps until a document is complete
//!    ([`Turn::Document`]) or until a step needs the outside world: [`Turn::LookUp`],
//!    [`Turn::Figures`], [`Turn::CreateTask`]. The caller of [`Run::advance`] carries that out and
//!    continues the run with the result.
//! 4. [`VoiceFlows::outlines`] and [`CallPath`]: the flows and the way of a call through them, for
//!    pages.
//!
//! The crate has no IO, clock or randomness. The same flows, state, webhook and results give the
//! same document, so a webhook that is delivered twice is answered twice with the same document.

mod call_path;
mod collect;
mod documents;
mod greeting;
mod menu;
mod outline;
mod prompt;
mod return_url;
mod run;
mod scope;
mod sound;
mod state;
mod step;
mod task;
mod values;
mod wait;

pub use call_path::{CallPath, FLOW_PATH_ATTRIBUTE};
pub use collect::{Collect, DIGITS_MAX, Input, Pattern, PatternError};
pub use documents::{continue_at, enqueue};
pub use greeting::{AgentGreeting, Greeted};
pub use menu::{KeyOption, Menu, normalized};
pub use outline::{About, Destination, Exit, Outline, ROWS_MAX, Row};
pub use prompt::{Part, Prompt, Text};
pub use return_url::{RETURN_URL_CHARS_MAX, ReturnUrl};
pub use run::{FLOW_ATTRIBUTE, RECORDING, Run, TASKS_MAX, Turn, Webhook};
pub use scope::{Figures, FiguresOfQueue, Switches};
pub use sound::{NoSoundName, Sound, SoundFormat, SoundName};
pub use state::{Resume, State, StateError, WEBHOOKS_MAX};
pub use step::{
    Action, CALLBACK_ATTEMPTS, CALLBACK_PAUSE, Callback, Case, InList, Leave, LookUp, Queue,
    Record, Step, StepId, Target, Transfer, TransferTo, VoiceFlows, Voicemail, Wait,
};
pub use task::{NewCallTask, Purpose};
pub use values::{VALUES_BYTES_MAX, ValueTooLong, Values};
pub use wait::{Place, wait};
