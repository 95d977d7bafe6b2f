//! Text tables for a terminal.

use std::fmt::Write;

use super::printed;
use crate::metric::{AgentMetric, Metric};
use crate::summary::{Comparison, Summary};

/// The figures of the table of groups.
const GROUP_METRICS: [Metric; 8] = [
    Metric::Offered,
    Metric::ServiceLevel,
    Metric::SpeedOfAnswer,
    Metric::Abandonment,
    Metric::Lost,
    Metric::Moved,
    Metric::LongestWait,
    Metric::Occupancy,
];

/// The figures of the tables of intervals.
const INTERVAL_METRICS: [Metric; 6] = [
    Metric::Offered,
    Metric::ServiceLevel,
    Metric::SpeedOfAnswer,
    Metric::Abandonment,
    Metric::LongestWait,
    Metric::Occupancy,
];

/// Agents that are listed one by one; of more, the spread is printed.
const AGENTS_LISTED: usize = 20;

/// A simulation as text.
pub fn summary(summary: &Summary) -> String {
    let mut text = heading(summary);
    text.push_str(&groups(summary));
    text.push_str(&intervals(summary));
    text.push_str(&agents(summary));
    text.push_str(&formulas(summary));
    text
}

/// A comparison as text: the figures of both, and the differences.
pub fn comparison(comparison: &Comparison) -> String {
    let mut table = Table::new(&["", "figure", "first", "other", "difference", ""]);
    for (index, (base, other)) in comparison.common.iter().enumerate() {
        for metric in GROUP_METRICS {
            let Some(difference) = comparison.difference(index, metric) else {
                continue;
            };
            let verdict = if difference.is_significant() {
                "significant"
            } else {
                "not significant"
            };
            table.row(vec![
                comparison.base.groups[*base].name.clone(),
                metric.as_str().to_owned(),
                printed(comparison.base.day(*base, metric), metric.unit()),
                printed(comparison.other.day(*other, metric), metric.unit()),
                printed(Some(difference), metric.unit()),
                verdict.to_owned(),
            ]);
        }
    }
    format!(
        "{}{}\nThe differences are other minus first, on common random numbers, with 95 % intervals.\n\
         A difference is significant if its interval does not contain 0.\n{}",
        heading(&comparison.base),
        table.print(),
        formulas(&comparison.base)
    )
}

fn heading(summary: &Summary) -> String {
    format!(
        "{} calls in {} replications of {} day{}; each figure is a mean with its 95 % interval.\n\n",
        summary.calls,
        summary.replications,
        summary.days,
        if summary.days == 1 { "" } else { "s" }
    )
}

fn groups(summary: &Summary) -> String {
    let mut table = Table::new(&with_names("", &GROUP_METRICS));
    for (index, group) in summary.groups.iter().enumerate() {
        let cells = GROUP_METRICS.map(|metric| printed(summary.day(index, metric), metric.unit()));
        table.row(with_label(&group.name, cells));
    }
    table.print()
}

/// The intervals of all calls.
fn intervals(summary: &Summary) -> String {
    let mut table = Table::new(&with_names("all calls", &INTERVAL_METRICS));
    for (interval, name) in summary.intervals.iter().enumerate() {
        let cells =
            INTERVAL_METRICS.map(|metric| printed(summary.at(0, interval, metric), metric.unit()));
        table.row(with_label(name, cells));
    }
    format!("\n{}", table.print())
}

fn agents(summary: &Summary) -> String {
    if summary.agents.len() > AGENTS_LISTED {
        return spread(summary);
    }
    let mut header = vec!["agent"];
    header.extend(AgentMetric::ALL.map(AgentMetric::as_str));
    let mut table = Table::new(&header);
    for (agent, name) in summary.agents.iter().enumerate() {
        let cells =
            AgentMetric::ALL.map(|metric| printed(summary.agent(agent, metric), metric.unit()));
        table.row(with_label(name, cells));
    }
    format!("\n{}", table.print())
}

/// The spread of work: minimum, quartiles and maximum over the agents.
fn spread(summary: &Summary) -> String {
    let title = format!("{} agents", summary.agents.len());
    let mut table = Table::new(&[
        &title,
        "least",
        "quarter",
        "median",
        "three quarters",
        "most",
    ]);
    for metric in AgentMetric::ALL {
        let values = (0..summary.agents.len()).filter_map(|agent| summary.agent(agent, metric));
        let mut values: Vec<f64> = values.map(|estimate| estimate.mean).collect();
        values.sort_by(f64::total_cmp);
        let Some(last) = values.len().checked_sub(1) else {
            continue;
        };
        let cells = [0, 1, 2, 3, 4].map(|quarter| metric.unit().print(values[last * quarter / 4]));
        table.row(with_label(metric.as_str(), cells));
    }
    format!("\n{}", table.print())
}

fn formulas(summary: &Summary) -> String {
    let mut text = format!("\nN is {} s.\n", summary.within_secs);
    for metric in Metric::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<28}{}", metric.as_str(), metric.formula());
    }
    text
}

fn with_names<'n>(label: &'n str, metrics: &[Metric]) -> Vec<&'n str> {
    let names = metrics.iter().map(|metric| metric.as_str());
    std::iter::once(label).chain(names).collect()
}

fn with_label<const N: usize>(label: &str, cells: [String; N]) -> Vec<String> {
    std::iter::once(label.to_owned()).chain(cells).collect()
}

/// A table with aligned columns: the first to the left, the others to the right.
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Self { rows: vec![header] }
    }

    fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn print(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let space = " ".repeat(width - cell.chars().count());
                match column {
                    0 => line.extend([cell.as_str(), &space]),
                    _ => line.extend(["  ", &space, cell]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Unit;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["", "asa"]);
        table.row(vec!["all".to_owned(), "1.5 s".to_owned()]);
        table.row(vec!["Größe".to_owned(), Unit::Seconds.print(12.0)]);
        assert_eq!(
            table.print(),
            "          asa\nall     1.5 s\nGröße  12.0 s\n"
        );
    }
}
