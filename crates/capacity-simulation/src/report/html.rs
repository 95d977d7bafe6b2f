//! One HTML file: tables, and charts as inline SVG. It loads nothing.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{Line, chart};
use super::printed;
use crate::metric::{AgentMetric, Metric};
use crate::plan::GroupedBy;
use crate::summary::{Comparison, Summary};

const STYLE: &str = "
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } .scroll { overflow-x: auto; }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; }
.grid { stroke: #8884; } .axis { font-size: 11px; fill: currentColor; }
polyline { fill: none; stroke: currentColor; stroke-width: 2; } .band { fill: currentColor; opacity: .15; }
.line0 { color: #1f6feb; } .line1 { color: #d9480f; } .line2 { color: #2b8a3e; }
.line3 { color: #9c36b5; } .line4 { color: #c92a2a; } .line5 { color: #087f8c; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; margin: 0; }
.yes { font-weight: 600; } .texts td { text-align: left; white-space: normal; }
";

/// The figures that have a chart.
const CHARTS: [(Metric, &str); 5] = [
    (Metric::Offered, "Calls offered in each interval, a day"),
    (Metric::ServiceLevel, "Service level"),
    (Metric::SpeedOfAnswer, "Average speed of answer"),
    (Metric::Abandonment, "Abandonment"),
    (Metric::Occupancy, "Occupancy"),
];

/// A simulation as a page.
pub fn summary(summary: &Summary) -> String {
    page(html! {
        h1 { "Simulation of a contact centre" }
        (tables_and_charts(summary))
    })
}

/// The content of the page of a simulation, for a page with styles of its own.
pub fn tables_and_charts(summary: &Summary) -> Markup {
    html! {
        (size(summary))
        (groups(summary))
        (charts(summary))
        (agents(summary))
        (formulas(summary))
    }
}

/// A comparison as a page.
pub fn comparison(comparison: &Comparison) -> String {
    page(html! {
        h1 { "Simulation of a contact centre" }
        (size(&comparison.base))
        h2 { "Differences" }
        p { "Other minus first, on common random numbers, with 95 % intervals. A difference is significant if its interval does not contain 0." }
        (scrolled("Differences", html! {
            table {
                thead { tr { th { "Calls" } th { "Figure" } th { "First" } th { "Other" } th { "Difference" } th { "Significant" } } }
                tbody {
                    @for (index, (base, other)) in comparison.common.iter().enumerate() {
                        @for metric in Metric::ALL {
                            @if let Some(difference) = comparison.difference(index, metric) {
                                tr {
                                    td { (comparison.base.groups[*base].name) }
                                    td { (metric.as_str()) }
                                    td { (printed(comparison.base.day(*base, metric), metric.unit())) }
                                    td { (printed(comparison.other.day(*other, metric), metric.unit())) }
                                    td { (printed(Some(difference), metric.unit())) }
                                    @if difference.is_significant() { td class="yes" { "yes" } } @else { td { "no" } }
                                }
                            }
                        }
                    }
                }
            }
        }))
        @for (metric, title) in CHARTS {
            (chart(title, metric.unit(), &comparison.base.intervals, &[
                line("First, all calls", &comparison.base, 0, metric),
                line("Other, all calls", &comparison.other, 0, metric),
            ]))
        }
        (formulas(&comparison.base))
    })
}

fn page(body: Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Simulation of a contact centre" }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

fn size(summary: &Summary) -> Markup {
    html! {
        p {
            (summary.calls) " calls in " (summary.replications) " replications of " (summary.days)
            @if summary.days == 1 { " day" } @else { " days" }
            ". Each figure is a mean with its 95 % interval."
        }
    }
}

/// A table that may be wider than the page. The keyboard scrolls it, too.
fn scrolled(name: &str, table: Markup) -> Markup {
    html! { div class="scroll" role="region" tabindex="0" aria-label=(name) { (table) } }
}

fn groups(summary: &Summary) -> Markup {
    html! {
        h2 { "The day" }
        (scrolled("The day", html! {
            table {
                thead { tr { th { "Calls" } @for metric in Metric::ALL { th { (metric.as_str()) } } } }
                tbody {
                    @for (index, group) in summary.groups.iter().enumerate() {
                        tr {
                            td { (group.name) }
                            @for metric in Metric::ALL {
                                td { (printed(summary.day(index, metric), metric.unit())) }
                            }
                        }
                    }
                }
            }
        }))
    }
}

fn charts(summary: &Summary) -> Markup {
    let is_charted = |index: &usize| match summary.groups[*index].by {
        GroupedBy::All | GroupedBy::TaskQueue => true,
        GroupedBy::Kind => false,
    };
    let charted: Vec<usize> = (0..summary.groups.len()).filter(is_charted).collect();
    html! {
        h2 { "By interval" }
        @for (metric, title) in CHARTS {
            @let lines: Vec<Line> = charted
                .iter()
                .map(|index| line(&summary.groups[*index].name, summary, *index, metric))
                .collect();
            (chart(title, metric.unit(), &summary.intervals, &lines))
        }
    }
}

fn line(name: &str, summary: &Summary, group: usize, metric: Metric) -> Line {
    let intervals = 0..summary.intervals.len();
    Line {
        name: name.to_owned(),
        points: intervals
            .map(|interval| summary.at(group, interval, metric))
            .collect(),
    }
}

fn agents(summary: &Summary) -> Markup {
    html! {
        h2 { "By agent" }
        (scrolled("By agent", html! {
            table {
                thead { tr { th { "Agent" } @for metric in AgentMetric::ALL { th { (metric.as_str()) } } } }
                tbody {
                    @for (agent, name) in summary.agents.iter().enumerate() {
                        tr {
                            td { (name) }
                            @for metric in AgentMetric::ALL {
                                td { (printed(summary.agent(agent, metric), metric.unit())) }
                            }
                        }
                    }
                }
            }
        }))
    }
}

fn formulas(summary: &Summary) -> Markup {
    html! {
        h2 { "Formulas" }
        p { "N is " (summary.within_secs) " s." }
        table class="texts" {
            tbody {
                @for metric in Metric::ALL {
                    tr { td { (metric.as_str()) } td { (metric.formula()) } }
                }
            }
        }
    }
}
