//! The simulation against independent models in Ciw (`ciw/models.py`, which says how its stored
//! results are made): priorities, overflow and skills.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;

use capacity_simulation::{Centre, Metric, Plan, Summary, scenario, simulate};
use serde_json::Value;
use support::{Parts, Step, centre};

mod support;

const RESULTS: &str = include_str!("ciw/results.json");

/// Replications of each case: some 70,000 calls, which CI's profile simulates in a second or two.
const REPLICATIONS: u32 = 15;

const TIMES: &str = "talk: { exponential: 180 }\n    patience: { exponential: 120 }\n";

/// Agents with these numbers and attributes.
fn agents(groups: &[(u32, &'static str)]) -> Vec<(String, &'static str)> {
    let numbered = groups
        .iter()
        .flat_map(|(count, attributes)| (0..*count).map(move |_| *attributes));
    numbered
        .enumerate()
        .map(|(number, attributes)| (format!("agent {number}"), attributes))
        .collect()
}

fn step(queue: &'static str, timeout_secs: Option<u64>) -> Step<'static> {
    Step {
        queue,
        timeout_secs,
        priority: None,
    }
}

fn priority() -> Centre {
    let high = Step {
        priority: Some(10),
        ..step("all", None)
    };
    centre(&Parts {
        queues: &[("all", "1 == 1")],
        workers: &agents(&[(8, "{}")]),
        filters: &[
            (r#"kind == "high""#, vec![high]),
            ("1 == 1", vec![step("all", None)]),
        ],
        wrap_up_limit: None,
    })
}

fn overflow() -> Centre {
    centre(&Parts {
        queues: &[("first", "level == 1"), ("second", "level == 2")],
        workers: &agents(&[(6, r#"{"level":1}"#), (5, r#"{"level":2}"#)]),
        filters: &[
            (
                r#"kind == "a""#,
                vec![step("first", Some(30)), step("second", None)],
            ),
            (r#"kind == "b""#, vec![step("second", None)]),
        ],
        wrap_up_limit: None,
    })
}

fn skills() -> Centre {
    centre(&Parts {
        queues: &[
            ("en", r#"languages HAS "en""#),
            ("hi", r#"languages HAS "hi""#),
        ],
        workers: &agents(&[
            (6, r#"{"languages":["en"]}"#),
            (4, r#"{"languages":["hi"]}"#),
            (3, r#"{"languages":["en","hi"]}"#),
        ]),
        filters: &[
            (r#"kind == "en""#, vec![step("en", None)]),
            (r#"kind == "hi""#, vec![step("hi", None)]),
        ],
        wrap_up_limit: None,
    })
}

fn simulated(centre: &Centre, kinds: &[(&str, u32)]) -> Summary {
    let mut text = format!(
        "day: {{ from: '00:00', to: '24:00' }}\nreplications: {REPLICATIONS}\nseed: 1\nwarm_up: 4h\ncalls:\n"
    );
    for (name, per_hour) in kinds {
        text += &format!(
            "  - name: {name}\n    attributes: {{ kind: {name} }}\n    per_hour: {per_hour}\n    {TIMES}"
        );
    }
    let scenario = scenario::read(&text).unwrap();
    let plan = Plan::new(centre, scenario, &|_| Err("no file".to_owned())).unwrap();
    simulate(&plan, NonZeroUsize::MIN).unwrap()
}

/// Half widths of the 95 % interval that a difference may have: three standard errors. Of the 27
/// figures some are beyond one half width by chance. With 30 replications none was.
const HALF_WIDTHS_MAX: f64 = 1.5;

/// The difference is not significant, for each figure of each kind of calls.
fn check(case: &str, summary: &Summary) {
    let results: Value = serde_json::from_str(RESULTS).unwrap();
    for (name, figures) in results["cases"][case].as_object().unwrap() {
        let group = summary
            .groups
            .iter()
            .position(|it| it.name == *name)
            .unwrap();
        for metric in [
            Metric::ServiceLevel,
            Metric::SpeedOfAnswer,
            Metric::Abandonment,
        ] {
            let number = |key: &str| figures[metric.as_str()][key].as_f64().unwrap();
            let ours = summary.day(group, metric).unwrap();
            let (mean, expected) = (ours.mean, number("mean"));
            let half_width = number("half_width").hypot(ours.half_width.unwrap());
            let figure =
                format!("{case}, {name}, {metric:?}: {mean}, expected {expected} ± {half_width}");
            assert!(
                (mean - expected).abs() <= HALF_WIDTHS_MAX * half_width,
                "{figure}"
            );
            assert!(half_width < 0.15 * expected, "too uncertain: {figure}");
        }
    }
}

#[test]
fn priorities_are_those_of_ciw() {
    check(
        "priority",
        &simulated(&priority(), &[("high", 60), ("low", 110)]),
    );
}

#[test]
fn overflow_is_that_of_ciw() {
    check(
        "overflow",
        &simulated(&overflow(), &[("a", 140), ("b", 70)]),
    );
}

#[test]
fn skills_are_those_of_ciw() {
    check("skills", &simulated(&skills(), &[("en", 150), ("hi", 90)]));
}
