//! Logging in the cloud: one line of JSON for each message, so that it can be searched by field.

use tracing_subscriber::EnvFilter;

/// The log filter unless `RUST_LOG` sets another one.
const DEFAULT_FILTER: &str = "info";

/// Starts logging for a Lambda: JSON, without a time, because the platform adds one. Does nothing
/// when called again.
pub fn init() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let _already_started = tracing_subscriber::fmt()
        .json()
        .without_time()
        .with_env_filter(filter)
        .with_current_span(false)
        .try_init();
}
