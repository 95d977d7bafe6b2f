//! CSV: a line for each figure of each group, interval and agent.

use std::fmt::Write;

use crate::estimate::Estimate;
use crate::metric::{AgentMetric, Metric};
use crate::summary::{Comparison, Summary};

const HEADER: &str = "by,name,interval,figure,mean,half_width,replications\n";

/// A simulation as CSV. The interval `day` is the whole day.
pub fn summary(summary: &Summary) -> String {
    let mut text = HEADER.to_owned();
    for (index, group) in summary.groups.iter().enumerate() {
        for metric in Metric::ALL {
            let by = group.by.as_str();
            line(
                &mut text,
                [by, &group.name, "day", metric.as_str()],
                summary.day(index, metric),
            );
            for (interval, begin) in summary.intervals.iter().enumerate() {
                let labels = [by, &group.name, begin, metric.as_str()];
                line(&mut text, labels, summary.at(index, interval, metric));
            }
        }
    }
    for (agent, name) in summary.agents.iter().enumerate() {
        for metric in AgentMetric::ALL {
            let labels = ["agent", name, "day", metric.as_str()];
            line(&mut text, labels, summary.agent(agent, metric));
        }
    }
    text
}

/// The differences of a comparison as CSV, other minus first.
pub fn comparison(comparison: &Comparison) -> String {
    let mut text = HEADER.to_owned();
    for (index, (base, _)) in comparison.common.iter().enumerate() {
        let group = &comparison.base.groups[*base];
        for metric in Metric::ALL {
            let labels = [group.by.as_str(), &group.name, "day", metric.as_str()];
            line(&mut text, labels, comparison.difference(index, metric));
        }
    }
    text
}

fn line(text: &mut String, labels: [&str; 4], estimate: Option<Estimate>) {
    let Some(estimate) = estimate else {
        return;
    };
    for label in labels {
        text.push_str(&quoted(label));
        text.push(',');
    }
    let half_width = estimate
        .half_width
        .map(|it| it.to_string())
        .unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{},{half_width},{}",
        estimate.mean, estimate.replications
    );
}

/// A field in quotes, if it needs them (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        let mut text = String::new();
        let estimate = Estimate {
            mean: 0.5,
            half_width: None,
            replications: 1,
        };
        line(
            &mut text,
            ["calls", "a, \"b\"", "day", "asa"],
            Some(estimate),
        );
        assert_eq!(text, "calls,\"a, \"\"b\"\"\",day,asa,0.5,,1\n");
    }
}
