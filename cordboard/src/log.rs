//! The log of the program, on standard error.
#![allow(
    clippy::print_stderr,
    reason = "this is what the person at the terminal reads"
)]

use std::error::Error;
use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The log filter without `RUST_LOG`: warnings and errors. The embedded DynamoDB logs a warning for
/// each failed condition; failed conditions are normal here. The SDK logs an error for each failed
/// request, because the connector to the engine has no connection to close.
const DEFAULT_FILTER: &str =
    "warn,dynoxide=error,aws_smithy_runtime::client::http::connection_poisoning=off";

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line, for a log collector.
    Json,
}

/// Starts logging to standard error.
pub fn init(format: LogFormat) {
    let filter = runtime::log::filter(DEFAULT_FILTER);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().with_current_span(false).boxed(),
    };
    let _already_started = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
}

/// Reports the error that ends the program, with its chain of causes.
pub fn report(error: &(dyn Error + 'static), format: LogFormat) {
    if format == LogFormat::Json {
        tracing::error!(error, "cordboard failed");
        return;
    }
    eprintln!("cordboard: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        eprintln!("  because: {inner}");
        cause = inner.source();
    }
}
