//! The metrics of a contact centre: what is measured, its name and unit, and where it is measured.
//!
//! Code that sees something happen calls [`count`], [`observe`] or [`set`] with a [`Metric`]. The
//! process's [`Sink`] renders it: the local server as Prometheus text, a Lambda function as lines of
//! CloudWatch's embedded metric format. A process without a sink, such as a test, measures nothing.
//!
//! Measuring never fails and never waits. A stream record or message that is delivered twice is
//! measured twice: metrics are for charts and alarms, and statistics (taskrouter.md section 13) are
//! for counting.

use std::sync::{Arc, OnceLock};

use ids::time::Millis;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Callers who are offered to Workers. Measured by `routing` when a call's Task was created.
    CallsOffered,
    /// Calls that a Worker has accepted. Measured by `routing` when a call's Task becomes `assigned`.
    CallsAnswered,
    /// Callers who hung up before a Worker had them. Measured by `routing` when a call's Task ends
    /// for that reason.
    CallsAbandoned,
    /// Reservations. Measured by `routing` when one was created.
    Reservations,
    /// Conditional writes of Tasks and Workers that another writer won. Measured by `store`, which
    /// retries them.
    Conflicts,
    /// From a Task's creation to its first Reservation. Measured by `routing`.
    TimeToReservation,
    /// From a Reservation's creation until the carrier has accepted the Worker's call. Measured by
    /// `routing`.
    TimeToRing,
    /// From sending a webhook to its answer or its failure, for each attempt. Measured by
    /// `callbacks`.
    WebhookLatency,
    /// Attempts to deliver a webhook that failed: no answer, or an answer other than 2xx. Measured
    /// by `callbacks`.
    WebhookFailures,
    /// Tasks that wait for a Worker, in all Workspaces. Measured by the statistics roll-up, once a
    /// minute.
    TasksWaiting,
    /// Messages in the timers queue. Measured by the local server; on AWS by SQS.
    TimersQueued,
    /// Messages in the callbacks queue. Measured by the local server; on AWS by SQS.
    CallbacksQueued,
    /// Messages in the events queue. Measured by the local server; on AWS by SQS.
    EventsQueued,
    /// Age of the oldest record of the table's stream that is not handled. Measured by the local
    /// server; on AWS by Lambda (`IteratorAge`).
    StreamLag,
    /// Memory of the process that is in RAM. Measured by the local server; on AWS by Lambda.
    ResidentMemory,
}

/// How values of a metric are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number of occurrences, which are added up.
    Counter,
    /// Durations, of which percentiles are asked.
    Duration,
    /// A level, of which the latest value counts.
    Gauge(Unit),
}

/// The unit of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// A metric's names and meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// How its values are put together.
    pub kind: Kind,
    /// Its name in CloudWatch.
    pub name: &'static str,
    /// Its name in Prometheus: with its unit, and `_total` for a counter.
    pub series: &'static str,
    /// The label by which Prometheus distinguishes metrics of one series: name and value.
    pub label: Option<(&'static str, &'static str)>,
    /// One sentence for people.
    pub help: &'static str,
}

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// So many occurrences more, of a [`Kind::Counter`].
    Count(u64),
    /// One duration, of a [`Kind::Duration`].
    Duration(Millis),
    /// The level now, of a [`Kind::Gauge`].
    Level(u64),
}

/// Takes the measured values of a process. It must not block: the code that measures waits for it.
pub trait Sink: Send + Sync {
    /// Takes one value.
    fn record(&self, metric: Metric, value: Value);
}

static SINK: OnceLock<Arc<dyn Sink>> = OnceLock::new();

/// Sets the sink of this process. A further call changes nothing.
pub fn install(sink: Arc<dyn Sink>) {
    let _already_installed = SINK.set(sink);
}

/// Counts one occurrence.
pub fn count(metric: Metric) {
    record(metric, Value::Count(1));
}

/// Records one duration.
pub fn observe(metric: Metric, duration: Millis) {
    record(metric, Value::Duration(duration));
}

/// Sets a level.
pub fn set(metric: Metric, level: u64) {
    record(metric, Value::Level(level));
}

fn record(metric: Metric, value: Value) {
    if let Some(sink) = SINK.get() {
        sink.record(metric, value);
    }
}

impl Metric {
    /// Every metric, in the order in which they are shown. Those of one series are neighbours.
    pub const ALL: [Self; 15] = [
        Self::CallsOffered,
        Self::CallsAnswered,
        Self::CallsAbandoned,
        Self::Reservations,
        Self::Conflicts,
        Self::TimeToReservation,
        Self::TimeToRing,
        Self::WebhookLatency,
        Self::WebhookFailures,
        Self::TasksWaiting,
        Self::TimersQueued,
        Self::CallbacksQueued,
        Self::EventsQueued,
        Self::StreamLag,
        Self::ResidentMemory,
    ];

    /// Its names and meaning.
    pub const fn definition(self) -> Definition {
        match self {
            Self::CallsOffered => counter(
                "CallsOffered",
                "cordboard_calls_offered_total",
                "Callers who are offered to Workers.",
            ),
            Self::CallsAnswered => counter(
                "CallsAnswered",
                "cordboard_calls_answered_total",
                "Calls that a Worker has accepted.",
            ),
            Self::CallsAbandoned => counter(
                "CallsAbandoned",
                "cordboard_calls_abandoned_total",
                "Callers who hung up before a Worker had accepted them.",
            ),
            Self::Reservations => counter(
                "Reservations",
                "cordboard_reservations_total",
                "Reservations that were created.",
            ),
            Self::Conflicts => counter(
                "Conflicts",
                "cordboard_conflicts_total",
                "Writes of Tasks and Workers that another writer won; they are retried.",
            ),
            Self::TimeToReservation => duration(
                "TimeToReservation",
                "cordboard_time_to_reservation_seconds",
                "Time from a Task's creation to its first Reservation.",
            ),
            Self::TimeToRing => duration(
                "TimeToRing",
                "cordboard_time_to_ring_seconds",
                "Time from a Reservation's creation until the carrier accepted the Worker's call.",
            ),
            Self::WebhookLatency => duration(
                "WebhookLatency",
                "cordboard_webhook_duration_seconds",
                "Time of one attempt to deliver a webhook.",
            ),
            Self::WebhookFailures => counter(
                "WebhookFailures",
                "cordboard_webhook_failures_total",
                "Attempts to deliver a webhook that failed.",
            ),
            Self::TasksWaiting => gauge(
                Unit::Count,
                "TasksWaiting",
                "cordboard_tasks_waiting",
                None,
                "Tasks that wait for a Worker, counted once a minute.",
            ),
            Self::TimersQueued => queued("TimersQueued", "timers"),
            Self::CallbacksQueued => queued("CallbacksQueued", "callbacks"),
            Self::EventsQueued => queued("EventsQueued", "events"),
            Self::StreamLag => gauge(
                Unit::Seconds,
                "StreamLag",
                "cordboard_stream_lag_seconds",
                None,
                "Age of the oldest record of the table's stream that is not handled.",
            ),
            Self::ResidentMemory => gauge(
                Unit::Bytes,
                "ResidentMemory",
                "process_resident_memory_bytes",
                None,
                "Memory of the process that is in RAM.",
            ),
        }
    }
}

const fn counter(name: &'static str, series: &'static str, help: &'static str) -> Definition {
    Definition {
        kind: Kind::Counter,
        name,
        series,
        label: None,
        help,
    }
}

const fn duration(name: &'static str, series: &'static str, help: &'static str) -> Definition {
    Definition {
        kind: Kind::Duration,
        name,
        series,
        label: None,
        help,
    }
}

const fn gauge(
    unit: Unit,
    name: &'static str,
    series: &'static str,
    label: Option<(&'static str, &'static str)>,
    help: &'static str,
) -> Definition {
    Definition {
        kind: Kind::Gauge(unit),
        name,
        series,
        label,
        help,
    }
}

const fn queued(name: &'static str, queue: &'static str) -> Definition {
    gauge(
        Unit::Count,
        name,
        "cordboard_queue_messages",
        Some(("queue", queue)),
        "Messages in a queue.",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// <https://prometheus.io/docs/practices/naming/>
    #[test]
    fn series_follow_prometheus_conventions() {
        for metric in Metric::ALL {
            let Definition { kind, series, .. } = metric.definition();
            let suffix = match kind {
                Kind::Counter => "_total",
                Kind::Duration | Kind::Gauge(Unit::Seconds) => "_seconds",
                Kind::Gauge(Unit::Bytes) => "_bytes",
                Kind::Gauge(Unit::Count) => "",
            };
            assert!(series.ends_with(suffix), "{series}");
            let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(series.chars().all(is_word), "{series}");
        }
    }

    #[test]
    fn names_are_distinct() {
        let names: BTreeSet<_> = Metric::ALL.map(|metric| metric.definition().name).into();
        assert_eq!(names.len(), Metric::ALL.len());
        let series = Metric::ALL.map(|metric| {
            let definition = metric.definition();
            (definition.series, definition.label)
        });
        assert_eq!(BTreeSet::from(series).len(), Metric::ALL.len());
    }
}
