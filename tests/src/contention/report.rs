//! The result as Markdown, and the limits that it must keep.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::proxy::Operation;
use super::{Round, Setting};

/// The duration of a burst.
const BURST_TIME_MAX: Duration = Duration::from_secs(5);

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Processes that share one TaskQueue.
    OneQueue,
    /// As many TaskQueues as processes, with disjoint Workers: what the machine can do without
    /// contention.
    Control,
    /// More Tasks, on one TaskQueue, against the clock.
    Burst,
}

/// The rounds of one setting.
#[derive(Debug, Clone)]
pub struct Row {
    /// What the row is for.
    pub kind: Kind,
    /// The setting of its rounds.
    pub setting: Setting,
    /// Its rounds, at least one.
    pub rounds: Vec<Round>,
}

impl Row {
    /// The middle round by its rate; the slower of the two middle ones of an even number.
    fn middle(&self) -> &Round {
        let mut rounds: Vec<&Round> = self.rounds.iter().collect();
        rounds.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
        rounds[(rounds.len() - 1) / 2]
    }

    fn rate(&self) -> f64 {
        self.middle().rate()
    }

    /// Failed transactions for each Reservation, the mean of all rounds.
    fn failed_transactions(&self) -> f64 {
        let sum: f64 = self.rounds.iter().map(Round::failed_transactions).sum();
        sum / self.rounds.len() as f64
    }

    fn given_up(&self) -> u64 {
        self.rounds
            .iter()
            .map(|round| round.failures.given_up)
            .sum()
    }

    fn dead_letters(&self) -> u64 {
        self.rounds
            .iter()
            .map(|round| round.failures.dead_letters)
            .sum()
    }

    fn reserved(&self) -> usize {
        self.rounds.iter().map(|round| round.reserved).sum()
    }

    fn tasks(&self) -> usize {
        self.rounds.len() * self.setting.tasks
    }

    fn name(&self) -> String {
        let processes = match self.setting.processes {
            1 => "1 process".to_owned(),
            more => format!("{more} processes"),
        };
        match self.kind {
            Kind::OneQueue => processes,
            Kind::Control => format!("control: {processes}, {} queues", self.setting.queues),
            Kind::Burst => format!("burst: {processes}, {} Tasks", self.setting.tasks),
        }
    }
}

/// The table of all rows.
pub fn table(rows: &[Row]) -> String {
    let mut text = "| setting | Reservations/s | rates of the rounds | seconds | failed transactions per Reservation | records given up | dead letters | reserved |\n\
                    |---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for row in rows {
        let rates: Vec<String> = row
            .rounds
            .iter()
            .map(|round| format!("{:.1}", round.rate()))
            .collect();
        text += &format!(
            "| {} | {:.1} | {} | {:.1} | {:.2} | {} | {} | {} of {} |\n",
            row.name(),
            row.rate(),
            rates.join(", "),
            row.middle().duration.as_secs_f64(),
            row.failed_transactions(),
            row.given_up(),
            row.dead_letters(),
            row.reserved(),
            row.tasks(),
        );
    }
    text
}

/// Where the time of the middle rounds was spent, for each Reservation.
pub fn costs(rows: &[Row]) -> String {
    let mut text = "| setting | requests per Reservation | by operation (mean, ms) | processor ms per Reservation: routing | harness and proxy | DynamoDB Local and other load |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    for row in rows {
        let round = row.middle();
        let reserved = round.reserved.max(1) as f64;
        let requests: u64 = round
            .counts
            .operations
            .values()
            .map(|operation| operation.requests)
            .sum();
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / reserved;
        text += &format!(
            "| {} | {:.1} | {} | {:.0} | {:.0} | {:.0} |\n",
            row.name(),
            requests as f64 / reserved,
            operations(&round.counts.operations, reserved),
            each(round.processor.routing),
            each(round.processor.harness),
            each(round.processor.others),
        );
    }
    text
}

/// The operations of which there is one for every ten Reservations, the most frequent one first.
fn operations(operations: &BTreeMap<String, Operation>, reserved: f64) -> String {
    let mut frequent: Vec<_> = operations
        .iter()
        .filter(|(_, operation)| operation.requests as f64 >= reserved / 10.0)
        .collect();
    frequent.sort_by_key(|(_, operation)| std::cmp::Reverse(operation.requests));
    let mut text = String::new();
    for (name, operation) in frequent {
        let separator = if text.is_empty() { "" } else { ", " };
        let mean = operation.duration.as_secs_f64() * 1000.0 / operation.requests as f64;
        let each = operation.requests as f64 / reserved;
        let _never_fails = write!(text, "{separator}{name} {each:.1} ({mean:.0})");
    }
    text
}

/// The limits that depend on the number of rounds and Tasks, and on other load of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Failed transactions for each Reservation.
    pub failed_transactions: f64,
    /// The part of a rate that may be lost by chance as processes are added.
    pub noise: f64,
    /// The least rate of the most processes on one TaskQueue, as a part of the control's rate.
    pub share_of_control: f64,
}

/// The limits that the rows do not keep, a sentence each.
pub fn violations(rows: &[Row], limits: Limits) -> Vec<String> {
    let mut found = Vec::new();
    for row in rows {
        found.extend(row_violations(row, limits.failed_transactions));
    }
    found.extend(falling_rates(rows, limits.noise));
    found.extend(share_of_control(rows, limits.share_of_control));
    found
}

fn row_violations(row: &Row, failed_transactions_max: f64) -> Vec<String> {
    let name = row.name();
    let mut found = Vec::new();
    if row.reserved() < row.tasks() {
        let (reserved, tasks) = (row.reserved(), row.tasks());
        found.push(format!("{name}: {reserved} of {tasks} Tasks were reserved"));
    }
    // The control has no other limit: what fails there fails without contention.
    if row.kind == Kind::Control {
        return found;
    }
    let failed = row.failed_transactions();
    if failed > failed_transactions_max {
        found.push(format!(
            "{name}: {failed:.2} failed transactions per Reservation, limit {failed_transactions_max}"
        ));
    }
    if row.given_up() > 0 {
        let given_up = row.given_up();
        found.push(format!("{name}: {given_up} records were given up, limit 0"));
    }
    let duration = row.middle().duration;
    if row.kind == Kind::Burst && duration > BURST_TIME_MAX {
        found.push(format!(
            "{name}: reserved in {:.1} s, limit {:.1} s",
            duration.as_secs_f64(),
            BURST_TIME_MAX.as_secs_f64()
        ));
    }
    found
}

/// The rates on one TaskQueue must not fall as processes are added. Each is compared with the
/// highest rate of fewer processes, so that several small losses do not add up.
fn falling_rates(rows: &[Row], noise: f64) -> Vec<String> {
    let mut found = Vec::new();
    let mut best: Option<&Row> = None;
    for row in rows.iter().filter(|row| row.kind == Kind::OneQueue) {
        let Some(before) = best else {
            best = Some(row);
            continue;
        };
        if row.rate() < (1.0 - noise) * before.rate() {
            found.push(format!(
                "{}: {:.1} Reservations/s, {:.1} with {}: the rate falls by more than {:.0} %",
                row.name(),
                row.rate(),
                before.rate(),
                before.name(),
                noise * 100.0
            ));
        }
        if row.rate() > before.rate() {
            best = Some(row);
        }
    }
    found
}

/// The row of as many processes as the control must reach its share of the control's rate.
fn share_of_control(rows: &[Row], limit: f64) -> Option<String> {
    let control = rows.iter().find(|row| row.kind == Kind::Control)?;
    let same = rows.iter().find(|row| {
        row.kind == Kind::OneQueue && row.setting.processes == control.setting.processes
    })?;
    let share = same.rate() / control.rate();
    (share < limit).then(|| {
        format!(
            "{}: {:.1} Reservations/s are {:.0} % of the control's {:.1}, limit {:.0} %",
            same.name(),
            same.rate(),
            share * 100.0,
            control.rate(),
            limit * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::event_sources::Failures;
    use super::super::proxy::Counts;
    use super::super::{ProcessorTime, Round};
    use super::*;

    const LIMITS: Limits = Limits {
        failed_transactions: 0.2,
        noise: 0.1,
        share_of_control: 0.7,
    };

    fn round(seconds: f64, failed_transactions: u64) -> Round {
        Round {
            reserved: 100,
            duration: Duration::from_secs_f64(seconds),
            counts: Counts {
                failed_transactions,
                ..Counts::default()
            },
            failures: Failures::default(),
            processor: ProcessorTime::default(),
        }
    }

    fn row(kind: Kind, processes: usize, seconds: &[f64]) -> Row {
        Row {
            kind,
            setting: Setting {
                processes,
                queues: 1,
                tasks: 100,
                spare_workers: 50,
            },
            rounds: seconds.iter().map(|seconds| round(*seconds, 0)).collect(),
        }
    }

    #[test]
    fn good_rows_violate_nothing() {
        let mut control = row(Kind::Control, 20, &[4.0]);
        control.rounds[0].counts.failed_transactions = 21;
        control.rounds[0].failures.given_up = 1;
        let rows = [
            row(Kind::OneQueue, 1, &[5.0]),
            row(Kind::OneQueue, 20, &[5.4]),
            control,
            row(Kind::Burst, 20, &[5.0]),
        ];
        assert_eq!(violations(&rows, LIMITS), Vec::<String>::new());
    }

    #[test]
    fn falling_rate_is_found() {
        let falling = [5.0, 2.0, 2.2, 2.4].map(|seconds| [seconds]);
        let rows: Vec<Row> = [1, 4, 12, 20]
            .into_iter()
            .zip(&falling)
            .map(|(processes, seconds)| row(Kind::OneQueue, processes, seconds))
            .collect();
        let found = violations(&rows, LIMITS);
        assert_eq!(
            found,
            [
                "20 processes: 41.7 Reservations/s, 50.0 with 4 processes: the rate falls by more than 10 %"
            ]
        );
        let tolerant = Limits {
            noise: 0.25,
            ..LIMITS
        };
        assert!(violations(&rows, tolerant).is_empty());
    }

    #[test]
    fn small_share_of_control_is_found() {
        let rows = [
            row(Kind::OneQueue, 20, &[2.0]),
            row(Kind::Control, 20, &[1.0]),
        ];
        let found = violations(&rows, LIMITS);
        assert_eq!(
            found,
            ["20 processes: 50.0 Reservations/s are 50 % of the control's 100.0, limit 70 %"]
        );
    }

    #[test]
    fn failures_and_slow_bursts_are_found() {
        let mut slow = row(Kind::Burst, 20, &[5.1]);
        slow.rounds[0].counts.failed_transactions = 21;
        slow.rounds[0].failures.given_up = 2;
        slow.rounds[0].reserved = 99;
        let found = violations(&[slow], LIMITS);
        assert_eq!(
            found,
            [
                "burst: 20 processes, 100 Tasks: 99 of 100 Tasks were reserved",
                "burst: 20 processes, 100 Tasks: 0.21 failed transactions per Reservation, limit 0.2",
                "burst: 20 processes, 100 Tasks: 2 records were given up, limit 0",
                "burst: 20 processes, 100 Tasks: reserved in 5.1 s, limit 5.0 s",
            ]
        );
    }

    #[test]
    fn middle_round_counts() {
        let row = row(Kind::OneQueue, 1, &[1.0, 4.0, 2.0]);
        assert!((row.rate() - 50.0).abs() < 1e-9, "{}", row.rate());
    }
}
