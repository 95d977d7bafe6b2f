//! The URL of an application's server.

use serde::{Deserialize, Serialize};

use crate::CallbackMethod;

/// An application's URL and the HTTP method of the request to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackUrl {
    /// The URL.
    pub url: String,
    /// The HTTP method; left out of stored items when it is POST.
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: CallbackMethod,
}

fn is_default(method: &CallbackMethod) -> bool {
    *method == CallbackMethod::default()
}
