//! Reports: a text table, CSV, JSON, and one HTML file with charts.

mod chart;
mod csv;
mod html;
mod json;
mod text;

pub use csv::{comparison as csv_comparison, summary as csv};
pub use html::{comparison as html_comparison, summary as html, tables_and_charts};
pub use json::{comparison as json_comparison, summary as json};
pub use text::{comparison as text_comparison, summary as text};

use crate::estimate::Estimate;
use crate::metric::Unit;

/// A value and its interval: `83.1 % ± 0.4 %`; a dash without a value.
fn printed(estimate: Option<Estimate>, unit: Unit) -> String {
    match estimate {
        None => "-".to_owned(),
        Some(Estimate {
            mean,
            half_width: None,
            ..
        }) => unit.print(mean),
        Some(Estimate {
            mean,
            half_width: Some(half_width),
            ..
        }) => format!("{} ± {}", unit.print(mean), unit.print(half_width)),
    }
}
