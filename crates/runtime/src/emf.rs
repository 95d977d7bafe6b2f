//! Metrics as lines of CloudWatch's embedded metric format, from which CloudWatch makes metrics.
//! They are written to standard output, as the log is, and need no permission and no request.
//!
//! Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::io::Write;

use ids::time::{Clock, Timestamp};
use metrics::{Kind, Metric, Sink, Unit, Value};
use serde_json::json;

use crate::{Env, SystemClock};

/// Writes a line for each value.
struct Emf {
    namespace: String,
}

impl Sink for Emf {
    fn record(&self, metric: Metric, value: Value) {
        let line = line(&self.namespace, metric, value, SystemClock.now());
        // A metric that cannot be written is lost; the work that it measures goes on.
        let _lost = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// Makes this process write its metrics, if `METRICS_NAMESPACE` names their namespace.
pub(crate) fn install(env: &Env<'_>) {
    if let Ok(Some(namespace)) = env.optional::<String>("METRICS_NAMESPACE", "a name") {
        metrics::install(std::sync::Arc::new(Emf { namespace }));
    }
}

/// One value, without dimensions: each dimension would be a metric more to pay for.
fn line(namespace: &str, metric: Metric, value: Value, now: Timestamp) -> serde_json::Value {
    let definition = metric.definition();
    let unit = match definition.kind {
        Kind::Counter | Kind::Gauge(Unit::Count) => "Count",
        Kind::Duration => "Milliseconds",
        Kind::Gauge(Unit::Seconds) => "Seconds",
        Kind::Gauge(Unit::Bytes) => "Bytes",
    };
    let number = match value {
        Value::Count(number) | Value::Level(number) => number,
        Value::Duration(duration) => duration.as_millis(),
    };
    json!({
        "_aws": {
            "Timestamp": now.as_millis(),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": [[]],
                "Metrics": [{ "Name": definition.name, "Unit": unit }],
            }],
        },
        definition.name: number,
    })
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;

    use super::*;

    #[test]
    fn line_has_value_unit_and_namespace() {
        let now = Timestamp::from_millis(1_795_348_800_000);
        for (metric, value, unit, number) in [
            (Metric::CallsOffered, Value::Count(1), "Count", 1),
            (
                Metric::TimeToReservation,
                Value::Duration(Millis::from_millis(250)),
                "Milliseconds",
                250,
            ),
            (Metric::TasksWaiting, Value::Level(7), "Count", 7),
        ] {
            let name = metric.definition().name;
            assert_eq!(
                line("Cordboard/cordboard", metric, value, now),
                json!({
                    "_aws": {
                        "Timestamp": 1_795_348_800_000_i64,
                        "CloudWatchMetrics": [{
                            "Namespace": "Cordboard/cordboard",
                            "Dimensions": [[]],
                            "Metrics": [{ "Name": name, "Unit": unit }],
                        }],
                    },
                    name: number,
                })
            );
        }
    }
}
