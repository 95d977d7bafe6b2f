//! What happens in a simulated centre, step by step, and that a run can be repeated.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::path::Path;

use capacity_simulation::{
    AgentMetric, Centre, Metric, Plan, Summary, compare, report, scenario, simulate,
};
use ids::time::Millis;
use support::{Parts, Step, bench_centre, centre};

mod support;

fn plan(centre: &Centre, text: &str, recorded: &str) -> Plan {
    let scenario = scenario::read(text).unwrap();
    let load = |_: &Path| Ok(recorded.to_owned());
    Plan::new(centre, scenario, &load).unwrap()
}

/// A centre with two TaskQueues. A call waits 60 s for the first, then 60 s for the second.
fn two_queues(workers: &[(&str, &str)], wrap_up_limit: Option<Millis>) -> Centre {
    let workers: Vec<(String, &str)> = workers
        .iter()
        .map(|(name, attributes)| ((*name).to_owned(), *attributes))
        .collect();
    let step = |queue| Step {
        queue,
        timeout_secs: Some(60),
        priority: None,
    };
    centre(&Parts {
        queues: &[("first", "level == 1"), ("second", "level == 2")],
        workers: &workers,
        filters: &[("1 == 1", vec![step("first"), step("second")])],
        wrap_up_limit,
    })
}

/// One replication of recorded calls, with `extra` keys of the scenario.
fn recorded(centre: &Centre, calls: &str, extra: &str) -> Summary {
    let text = format!(
        "day: {{ from: '08:00', to: '10:00' }}\nreplications: 1\n{extra}\ncalls:\n  - name: all\n    \
         recorded: calls.csv\n    talk: {{ fixed: 100s }}\n    wrap_up: {{ fixed: 10s }}\n"
    );
    simulate(&plan(centre, &text, calls), NonZeroUsize::MIN).unwrap()
}

fn day(summary: &Summary, group: &str, metric: Metric) -> f64 {
    let group = summary.groups.iter().position(|it| it.name == group);
    summary.day(group.unwrap(), metric).unwrap().mean
}

fn agent(summary: &Summary, name: &str, metric: AgentMetric) -> f64 {
    let agent = summary.agents.iter().position(|it| it == name);
    summary.agent(agent.unwrap(), metric).unwrap().mean
}

/// Three calls for one agent: the second waits, the third overflows and then times out.
#[test]
fn call_overflows_and_times_out() {
    let centre = two_queues(&[("Ada", r#"{"level":1}"#)], None);
    let calls = "at\n08:00:00\n08:00:50\n08:00:55\n";
    let summary = recorded(&centre, calls, "");
    assert_eq!(day(&summary, "first", Metric::Answered), 2.0);
    assert_eq!(day(&summary, "first", Metric::SpeedOfAnswer), 25.0);
    assert_eq!(day(&summary, "first", Metric::Moved), 1.0);
    assert_eq!(day(&summary, "second", Metric::Lost), 1.0);
    assert_eq!(day(&summary, "second", Metric::LongestWait), 120.0);
    let free = two_queues(&[("Ada", r#"{"level":1}"#), ("Bo", r#"{"level":2}"#)], None);
    let summary = recorded(&free, calls, "");
    assert_eq!(day(&summary, "second", Metric::Answered), 1.0);
    assert_eq!(day(&summary, "second", Metric::SpeedOfAnswer), 60.0);
}

/// The wrap-up ends after the drawn time, or at the limit of the file.
#[test]
fn wrap_up_ends_at_its_limit() {
    for (limit_secs, wait) in [(60, 50.0), (5, 45.0)] {
        let limit = Some(Millis::from_secs(limit_secs));
        let centre = two_queues(&[("Ada", r#"{"level":1}"#)], limit);
        let summary = recorded(&centre, "at\n08:00:00\n08:01:00\n", "");
        assert_eq!(day(&summary, "all calls", Metric::LongestWait), wait);
        assert_eq!(agent(&summary, "Ada", AgentMetric::Answered), 2.0);
    }
}

/// A call that is missed by phone waits for the same agent, who is not offered it for the retry
/// pause; on a desktop its Reservation times out and the agent is away.
#[test]
fn missed_offers_end() {
    let centre = two_queues(&[("Ada", r#"{"level":1}"#)], None);
    let by_phone = "answers: { missed: 1 }";
    let summary = recorded(&centre, "at\n08:00:00\n", by_phone);
    // Offered at 0, 25 and 50 s, and rung for 20 s each time; the last time past the step's end.
    assert_eq!(agent(&summary, "Ada", AgentMetric::Missed), 3.0);
    assert_eq!(day(&summary, "second", Metric::Lost), 1.0);
    let on_desktop = "answers: { by: desktop, missed: 1, return_after: 5m }";
    let summary = recorded(&centre, "at\n08:00:00\n", on_desktop);
    assert_eq!(agent(&summary, "Ada", AgentMetric::Missed), 1.0);
}

/// Agents work in their shifts, finish a conversation beyond the end, and wait in no break.
#[test]
fn shifts_and_breaks_are_kept() {
    let centre = two_queues(&[("Ada", r#"{"level":1}"#)], None);
    let shift = "agents:\n  - name: Ada\n    shifts:\n      - { from: '08:00', to: '09:00', breaks: [{ from: '08:30', to: '08:45' }] }";
    let summary = recorded(
        &centre,
        "at\n08:10:00\n08:30:30\n08:44:30\n08:59:00\n09:05:00\n",
        shift,
    );
    assert_eq!(day(&summary, "all calls", Metric::Answered), 3.0);
    assert_eq!(day(&summary, "all calls", Metric::Lost), 2.0);
    // 45 minutes, and 40 s of a conversation after nine.
    let on_duty = agent(&summary, "Ada", AgentMetric::OnDuty);
    assert!(
        (on_duty - (2_700.0 + 40.0) / 3_600.0).abs() < 1e-9,
        "{on_duty}"
    );
    assert_eq!(
        agent(&summary, "Ada", AgentMetric::Talking),
        300.0 / 3_600.0
    );
}

/// A higher priority is served first, whatever the order of arrival.
#[test]
fn priority_precedes_arrival() {
    let centre = two_queues(&[("Ada", r#"{"level":1}"#)], None);
    let text = "day: { from: '08:00', to: '09:00' }\nreplications: 1\ncalls:\n\
        \x20 - { name: low, recorded: low.csv, talk: { fixed: 40s } }\n\
        \x20 - { name: high, recorded: high.csv, priority: 5, talk: { fixed: 40s } }\n";
    let scenario = scenario::read(text).unwrap();
    let load = |path: &Path| match path.to_str() {
        Some("low.csv") => Ok("at\n08:00:00\n08:00:05\n".to_owned()),
        _ => Ok("at\n08:00:10\n".to_owned()),
    };
    let plan = Plan::new(&centre, scenario, &load).unwrap();
    let summary = simulate(&plan, NonZeroUsize::MIN).unwrap();
    assert_eq!(day(&summary, "high", Metric::LongestWait), 30.0);
    // 35 s for the first low call, 40 s more for the high one: past the end of the step.
    assert_eq!(day(&summary, "low", Metric::LongestWait), 120.0);
}

const BUSY_HOURS: &str = include_str!("../benches/scenario.yaml");

/// A morning of the benchmark's scenario.
fn morning(replications: u32) -> String {
    BUSY_HOURS
        .replace("days: 7", "days: 1")
        .replace("24:00", "06:00")
        .replace("replications: 2", &format!("replications: {replications}"))
}

/// The same seed gives the same report on one thread and on three; another seed another one.
#[test]
fn seed_repeats_a_run() {
    let text = morning(4);
    let run = |text: &str, threads| {
        let plan = plan(&bench_centre(), text, "");
        let summary = simulate(&plan, NonZeroUsize::new(threads).unwrap()).unwrap();
        report::csv(&summary)
    };
    let first = run(&text, 1);
    assert_eq!(run(&text, 3), first);
    assert_ne!(run(&text.replace("seed: 1", "seed: 2"), 1), first);
}

/// A set-up does not differ from itself, and callers wait for longer with fewer agents.
#[test]
fn comparison_finds_what_differs() {
    let text = morning(5);
    let base = plan(&bench_centre(), &text, "");
    let mut smaller = bench_centre();
    smaller.workers.truncate(80);
    let same = compare(&base, &plan(&bench_centre(), &text, ""), NonZeroUsize::MIN).unwrap();
    let difference = same.difference(0, Metric::SpeedOfAnswer).unwrap();
    assert_eq!((difference.mean, difference.half_width), (0.0, Some(0.0)));
    assert!(!difference.is_significant());
    let other = compare(&base, &plan(&smaller, &text, ""), NonZeroUsize::MIN).unwrap();
    let difference = other.difference(0, Metric::SpeedOfAnswer).unwrap();
    assert!(
        difference.mean > 0.0 && difference.is_significant(),
        "{difference:?}"
    );
    assert_eq!(other.difference(0, Metric::Offered).unwrap().mean, 0.0);
}

#[test]
fn wrong_scenario_names_its_place() {
    let centre = two_queues(&[("Ada", r#"{"level":1}"#)], None);
    let load = |_: &Path| Err("no such file".to_owned());
    let day = "day: { from: '08:00', to: '10:00' }\n";
    for (text, expected) in [
        ("calls: [", "1:"),
        (
            "day: { from: '8', to: '10:00' }\ncalls: []\n",
            "a time of day such as",
        ),
        (
            "day: { from: '10:00', to: '10:00' }\ncalls: []\n",
            "`from` before `to`",
        ),
        (&format!("{day}calls: []\n"), "1 to 200 kinds"),
        (
            &format!("{day}calls:\n  - {{ name: a, per_hour: 1, talk: {{ fixed: soon }} }}\n"),
            "3:44: expected a duration such as 90, 90s, 1.5m, 1h or 250ms, at most 7 days, got \"soon\"",
        ),
        (
            &format!("{day}calls:\n  - {{ name: a, per_hour: 1, talk: {{ values: [] }} }}\n"),
            "3:35: expected `values`",
        ),
        (
            &format!("{day}calls:\n  - {{ name: a, talk: {{ fixed: 3 }} }}\n"),
            "3:13: expected one of the keys per_hour",
        ),
        (
            &format!("{day}calls:\n  - {{ name: a, per_interval: [1], talk: {{ fixed: 3 }} }}\n"),
            "expected 4 numbers",
        ),
        (
            &format!(
                "{day}calls:\n  - {{ name: a, per_hour: 1, workflow: none, talk: {{ fixed: 3 }} }}\n"
            ),
            "no Workflow \"none\"",
        ),
        (
            &format!("{day}calls:\n  - {{ name: a, recorded: x.csv, talk: {{ fixed: 3 }} }}\n"),
            "x.csv: no such file",
        ),
        (
            &format!(
                "{day}agents: [{{ name: Bo }}]\ncalls:\n  - {{ name: a, per_hour: 1, talk: {{ fixed: 3 }} }}\n"
            ),
            "no Worker \"Bo\"",
        ),
        (
            &format!(
                "{day}agent: []\ncalls:\n  - {{ name: a, per_hour: 1, talk: {{ fixed: 3 }} }}\n"
            ),
            "agent",
        ),
    ] {
        let error = scenario::read(text)
            .and_then(|scenario| Plan::new(&centre, scenario, &load).map(|_| ()))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
