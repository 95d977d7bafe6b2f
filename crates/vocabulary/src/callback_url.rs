//! A callback's URL and HTTP method.

use serde::{Deserialize, Serialize};

use crate::CallbackMethod;

/// The URL that an application wants to be requested at, and the HTTP method of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackUrl {
    /// An absolute URL ([`crate::is_url`]).
    pub url: String,
    /// The HTTP method; omitted from stored items when it is POST.
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: CallbackMethod,
}

fn is_default(method: &CallbackMethod) -> bool {
    *method == CallbackMethod::default()
}
