//! Reports: for people and for programs.

mod json;
mod text;

pub use json::{checked as json_checked, comparison as json_comparison};
pub use text::{checked as text_checked, comparison as text_comparison};
