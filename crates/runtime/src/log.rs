//! Logging: its filter, and in the cloud one line of JSON for each message, so that it can be
//! searched by field. The lines of metrics are between them.

use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::{Env, emf};

/// The log filter of a Lambda unless `RUST_LOG` sets another one. The SDK would log an error for each
/// failed attempt, because it cannot close the connections of [`crate::sdk_http`].
const DEFAULT_FILTER: &str = "info,aws_smithy_runtime::client::http::connection_poisoning=off";

/// Starts logging for a Lambda: JSON, without a time, because the platform adds one. Does nothing
/// when called again. Metrics are written from then on, too, where `METRICS_NAMESPACE` is set. The
/// first line names the deployment that the process belongs to, if `RELEASE` is set.
pub fn init() {
    let env = Env::process();
    emf::install(&env);
    let json = tracing_subscriber::fmt::layer()
        .json()
        .without_time()
        .with_current_span(false);
    let _already_started = tracing_subscriber::registry()
        .with(json.with_filter(filter(DEFAULT_FILTER)))
        .try_init();
    if let Ok(Some(release)) = env.optional::<String>("RELEASE", "a name of the deployment") {
        tracing::info!(release, "function started");
    }
}

/// The filter that `RUST_LOG` states, such as `info` or `warn,routing=debug`; without it, or if it
/// is invalid, the default one. Nothing is logged if the default one is invalid, too.
pub fn filter(default: &str) -> Targets {
    std::env::var("RUST_LOG")
        .ok()
        .and_then(|stated| stated.parse().ok())
        .unwrap_or_else(|| default.parse().unwrap_or_default())
}
