//! The closed sets of words that TwiML documents and TaskRouter's instructions share ([`Word`],
//! [`words!`]), and the checks of a URL.

mod callback_url;
mod carrier;
mod limits;
mod url;
mod word;

pub use callback_url::CallbackUrl;
pub use carrier::{
    Beep, CallEvent, CallRecord, CallbackMethod, ConferenceEvent, ConferenceRecord,
    JitterBufferSize, RecordingChannels, Region, SupervisorMode, Trim,
};
pub use limits::{PRIORITY_MAX, TASK_TIMEOUT_MAX_SECS};
pub use url::{URL_CHARS_MAX, is_own_path, is_url};
pub use word::Word;
