//! Logs for the person on call: one line of JSON a message in the cloud, where a machine reads it first.

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info";

/// Starts logging for a Lambda: JSON, without a time of its own since the platform adds one. Does nothing the second time.
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
