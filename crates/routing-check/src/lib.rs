//! Checks of routing: faults of TaskQueues, Workflows and Workers that are valid, and accepted in
//! silence.
//!
//! Reading order: [`Centre`] (what is checked), [`check`] (the findings), [`Rule`] (what is looked
//! for), [`reasoning`] (whether expressions can be true, and which one implies others). A finding is
//! made where the reasoning is a proof. Where it is not, nothing is said.
//!
//! The crate has no IO. Positions are paths such as `workflows[0].filters[2].expression`; the
//! reader of a file turns them into lines and columns.

mod centre;
mod finding;
pub mod reasoning;
mod rules;
mod stored;

pub use centre::{Centre, Declared, DeclaredWorkflow, Keys, Settings, Voice};
pub use finding::{Finding, Level, Rule, Spot};
pub use stored::check_workflow;

/// Most findings of one check; further ones are dropped.
pub const FINDINGS_MAX: usize = 500;

/// Most Workers that are looked at. With more, rules about what no Worker has are silent.
pub const WORKERS_LOOKED_AT_MAX: usize = 2_000;

/// Why a deployed contact centre refuses to request a URL: it is not https, or its address is private.
/// `None`: it does not refuse.
pub fn refused_by_deployed(url: &str) -> Option<&'static str> {
    rules::problem_of(url)
}

/// The findings of a contact centre, in the order of the rules' families.
pub fn check(centre: &Centre) -> Vec<Finding> {
    let mut findings = rules::check(centre);
    findings.truncate(FINDINGS_MAX);
    findings
}
