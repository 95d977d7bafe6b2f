//! The closed sets of words that TwiML documents and TaskRouter's instructions share ([`Word`],
//! [`words!`]), the checks of a URL and an address, the characters that a name must not hide, and
//! names that are written almost alike.

mod address;
mod callback_url;
mod carrier;
mod limits;
mod similar;
mod url;
mod visible;
mod word;

pub use address::is_private_address;
pub use callback_url::CallbackUrl;
pub use carrier::{
    Beep, CallEvent, CallRecord, CallbackMethod, ConferenceEvent, ConferenceRecord,
    JitterBufferSize, RecordingChannels, Region, SupervisorMode, Trim,
};
pub use limits::{PRIORITY_MAX, TASK_TIMEOUT_MAX_SECS};
pub use similar::{nearest, similar};
pub use url::{URL_CHARS_MAX, is_own_path, is_url};
pub use visible::{check_visible, is_hidden, visible};
pub use word::Word;
