//! The parameter `Ordering`: `Attribute:asc` or `Attribute:desc`, a comma list (taskrouter.md section 2, "List filters").

use crate::error::ApiError;
use crate::parameters::Parameters;

const ORDERING: &str = "Ordering";

/// One attribute to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause<A> {
    /// Which.
    pub attribute: A,
    /// Is the greatest first?
    pub descending: bool,
}

impl<A> Clause<A> {
    /// A value so that the smaller one comes first, as a page's place wants it.
    pub fn key(&self, value: i64) -> i64 {
        if self.descending {
            value.saturating_neg()
        } else {
            value
        }
    }
}

/// Reads the order a list is asked for; none: the list's own.
///
/// # Errors
/// [`ApiError::Parameter`] for an attribute that is not among `known`, or that comes twice.
pub fn read<A: Copy + PartialEq>(
    query: &Parameters,
    known: &[(&'static str, A)],
) -> Result<Vec<Clause<A>>, ApiError> {
    let clauses = query.parsed(ORDERING, |text| {
        text.split(',').map(|text| clause(text, known)).collect()
    });
    let clauses: Vec<Clause<A>> = clauses?.unwrap_or_default();
    let twice = |(index, clause): (usize, &Clause<A>)| {
        clauses
            .iter()
            .skip(index + 1)
            .any(|other| other.attribute == clause.attribute)
    };
    if clauses.iter().enumerate().any(twice) {
        return Err(ApiError::parameter(
            ORDERING,
            "expected every attribute once",
        ));
    }
    Ok(clauses)
}

fn clause<A: Copy>(text: &str, known: &[(&'static str, A)]) -> Result<Clause<A>, String> {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let problem = || {
        format!(
            "expected a comma list of Attribute:asc or Attribute:desc with {}",
            names.join(", ")
        )
    };
    let (name, way) = text.split_once(':').unwrap_or((text, "asc"));
    let found = known
        .iter()
        .find(|(known, _)| *known == name.trim())
        .ok_or_else(problem)?;
    let descending = match way.trim().to_ascii_lowercase().as_str() {
        "asc" => false,
        "desc" => true,
        _ => return Err(problem()),
    };
    Ok(Clause {
        attribute: found.1,
        descending,
    })
}
