//! JSON: every figure by group, interval and agent.

use serde_json::{Map, Value, json};

use crate::estimate::Estimate;
use crate::metric::{AgentMetric, Metric};
use crate::summary::{Comparison, Summary};

/// A simulation as JSON.
pub fn summary(summary: &Summary) -> Value {
    let groups = summary.groups.iter().enumerate().map(|(index, group)| {
        let of_interval = |(interval, begin): (usize, &String)| {
            let figures = figures(|metric| summary.at(index, interval, metric));
            json!({ "from": begin, "figures": figures })
        };
        let intervals: Vec<Value> = summary
            .intervals
            .iter()
            .enumerate()
            .map(of_interval)
            .collect();
        json!({
            "by": group.by.as_str(),
            "name": group.name,
            "day": figures(|metric| summary.day(index, metric)),
            "intervals": intervals,
        })
    });
    let groups: Vec<Value> = groups.collect();
    let agents = summary.agents.iter().enumerate().map(|(agent, name)| {
        let figures: Map<String, Value> = AgentMetric::ALL
            .iter()
            .map(|metric| {
                (
                    metric.as_str().to_owned(),
                    value(summary.agent(agent, *metric)),
                )
            })
            .collect();
        json!({ "name": name, "day": figures })
    });
    let agents: Vec<Value> = agents.collect();
    json!({
        "calls": summary.calls,
        "replications": summary.replications,
        "days": summary.days,
        "service_level_secs": summary.within_secs,
        "formulas": formulas(),
        "groups": groups,
        "agents": agents,
    })
}

/// A comparison as JSON: both simulations, and the differences, other minus first.
pub fn comparison(comparison: &Comparison) -> Value {
    let difference = |(index, (base, _)): (usize, &(usize, usize))| {
        let group = &comparison.base.groups[*base];
        let figures: Map<String, Value> = Metric::ALL
            .iter()
            .map(|metric| {
                let estimate = comparison.difference(index, *metric);
                let mut figure = value(estimate);
                if let (Some(estimate), Some(figure)) = (estimate, figure.as_object_mut()) {
                    let significant = estimate.is_significant().into();
                    figure.insert("significant".to_owned(), significant);
                }
                (metric.as_str().to_owned(), figure)
            })
            .collect();
        json!({ "by": group.by.as_str(), "name": group.name, "day": figures })
    };
    let differences: Vec<Value> = comparison
        .common
        .iter()
        .enumerate()
        .map(difference)
        .collect();
    json!({
        "first": summary(&comparison.base),
        "other": summary(&comparison.other),
        "differences": differences,
    })
}

fn figures(of: impl Fn(Metric) -> Option<Estimate>) -> Map<String, Value> {
    let figure = |metric: &Metric| (metric.as_str().to_owned(), value(of(*metric)));
    Metric::ALL.iter().map(figure).collect()
}

fn formulas() -> Map<String, Value> {
    let formula = |metric: &Metric| (metric.as_str().to_owned(), metric.formula().into());
    Metric::ALL.iter().map(formula).collect()
}

fn value(estimate: Option<Estimate>) -> Value {
    estimate.map_or(Value::Null, |estimate| {
        json!({
            "mean": estimate.mean,
            "half_width": estimate.half_width,
            "replications": estimate.replications,
        })
    })
}
