//! Metrics in Prometheus' text format, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use ids::time::Millis;
use metrics::{Definition, Kind, Metric, Sink, Value};

/// The content type of [`Registry::render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the buckets of durations, in milliseconds: from a local webhook to a caller who
/// waits ten minutes.
const BUCKETS_MILLIS: [u64; 16] = [
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000,
    600_000,
];

/// The values of this process.
static PROCESS: LazyLock<Arc<Registry>> = LazyLock::new(Arc::default);

/// Collects what this process measures from now on.
pub fn install() {
    metrics::install(Arc::clone(&PROCESS) as _);
}

/// The values of this process.
pub fn process() -> &'static Registry {
    &PROCESS
}

/// Collected values.
#[derive(Debug, Default)]
pub struct Registry(Mutex<Values>);

#[derive(Debug, Default, Clone)]
struct Values {
    /// Of counters and gauges.
    numbers: BTreeMap<Metric, u64>,
    durations: BTreeMap<Metric, Histogram>,
}

#[derive(Debug, Default, Clone)]
struct Histogram {
    /// Durations by the first bucket that holds them; those longer than all buckets are in none.
    buckets: [u64; BUCKETS_MILLIS.len()],
    count: u64,
    sum: Millis,
}

impl Registry {
    /// All metrics. `levels` are gauges that are read when they are asked for.
    pub fn render(&self, levels: &[(Metric, u64)]) -> String {
        let mut values = self.values().clone();
        values.numbers.extend(levels.iter().copied());
        values.render()
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Registry {
    fn record(&self, metric: Metric, value: Value) {
        let mut values = self.values();
        match value {
            Value::Count(more) => *values.numbers.entry(metric).or_default() += more,
            Value::Level(level) => drop(values.numbers.insert(metric, level)),
            Value::Duration(duration) => {
                values.durations.entry(metric).or_default().add(duration);
            }
        }
    }
}

impl Histogram {
    fn add(&mut self, duration: Millis) {
        let fits = |bound: &u64| duration.as_millis() <= *bound;
        if let Some(bucket) = BUCKETS_MILLIS.iter().position(fits) {
            self.buckets[bucket] += 1;
        }
        self.count += 1;
        self.sum = Millis::from_millis(self.sum.as_millis().saturating_add(duration.as_millis()));
    }
}

impl Values {
    fn render(&self) -> String {
        let mut text = String::new();
        let mut shown = "";
        for metric in Metric::ALL {
            let definition = metric.definition();
            // A gauge that this machine cannot read has no line.
            if matches!(definition.kind, Kind::Gauge(_)) && !self.numbers.contains_key(&metric) {
                continue;
            }
            if definition.series != shown {
                shown = definition.series;
                text += &head(&definition);
            }
            text += &self.lines(metric, &definition);
        }
        text
    }

    fn lines(&self, metric: Metric, definition: &Definition) -> String {
        let Definition {
            kind,
            series,
            label,
            ..
        } = definition;
        match kind {
            Kind::Counter | Kind::Gauge(_) => {
                let number = self.numbers.get(&metric).copied().unwrap_or_default();
                match label {
                    Some((name, value)) => format!("{series}{{{name}=\"{value}\"}} {number}\n"),
                    None => format!("{series} {number}\n"),
                }
            }
            Kind::Duration => {
                let durations = self.durations.get(&metric).cloned().unwrap_or_default();
                durations.lines(series)
            }
        }
    }
}

fn head(definition: &Definition) -> String {
    let Definition {
        series, help, kind, ..
    } = definition;
    let kind = match kind {
        Kind::Counter => "counter",
        Kind::Duration => "histogram",
        Kind::Gauge(_) => "gauge",
    };
    format!("# HELP {series} {help}\n# TYPE {series} {kind}\n")
}

impl Histogram {
    fn lines(&self, series: &str) -> String {
        let mut text = String::new();
        let mut so_far = 0;
        for (bound, count) in BUCKETS_MILLIS.iter().zip(self.buckets) {
            so_far += count;
            let bound = seconds(*bound);
            // Writing to a String does not fail.
            let _written = writeln!(text, "{series}_bucket{{le=\"{bound}\"}} {so_far}");
        }
        let Self { count, sum, .. } = self;
        let sum = seconds(sum.as_millis());
        let _written = writeln!(
            text,
            "{series}_bucket{{le=\"+Inf\"}} {count}\n{series}_sum {sum}\n{series}_count {count}"
        );
        text
    }
}

/// Milliseconds as a decimal number of seconds.
fn seconds(millis: u64) -> String {
    let (whole, rest) = (millis / 1_000, millis % 1_000);
    let text = format!("{whole}.{rest:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes of this process that are in RAM; `None` where the system does not say.
pub fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    kilobytes.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rendered_as_prometheus_text() {
        let registry = Registry::default();
        registry.record(Metric::CallsOffered, Value::Count(1));
        registry.record(Metric::CallsOffered, Value::Count(1));
        for millis in [3, 250, 251, 700_000] {
            let duration = Value::Duration(Millis::from_millis(millis));
            registry.record(Metric::TimeToRing, duration);
        }
        let text = registry.render(&[(Metric::TimersQueued, 7), (Metric::EventsQueued, 2)]);
        for expected in [
            "# HELP cordboard_calls_offered_total Callers who are offered to Workers.\n# TYPE cordboard_calls_offered_total counter\ncordboard_calls_offered_total 2\n",
            "cordboard_calls_answered_total 0\n",
            "# TYPE cordboard_time_to_ring_seconds histogram\ncordboard_time_to_ring_seconds_bucket{le=\"0.005\"} 1\n",
            "_bucket{le=\"0.25\"} 2\ncordboard_time_to_ring_seconds_bucket{le=\"0.5\"} 3\n",
            "_bucket{le=\"600\"} 3\ncordboard_time_to_ring_seconds_bucket{le=\"+Inf\"} 4\ncordboard_time_to_ring_seconds_sum 700.504\ncordboard_time_to_ring_seconds_count 4\n",
            "# TYPE cordboard_queue_messages gauge\ncordboard_queue_messages{queue=\"timers\"} 7\ncordboard_queue_messages{queue=\"events\"} 2\n",
        ] {
            assert!(text.contains(expected), "{expected}\nis missing:\n{text}");
        }
        assert!(!text.contains("cordboard_tasks_waiting"), "{text}");
    }
}
