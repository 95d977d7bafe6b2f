//! The parameter `Ordering`: a comma-separated list of `Attribute:asc` and `Attribute:desc`
//! (taskrouter.md section 2, "List filters").

use crate::error::ApiError;
use crate::parameters::Parameters;

const ORDERING: &str = "Ordering";

/// One attribute to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause<A> {
    /// The attribute.
    pub attribute: A,
    /// Its direction.
    pub direction: Direction,
}

/// The direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The smallest value, or the oldest date, first.
    Ascending,
    /// The greatest value, or the newest date, first.
    Descending,
}

impl Direction {
    /// The sort field for a value: its negation in a descending order, because sort keys ascend.
    pub fn sort_field(self, value: i64) -> i64 {
        match self {
            Self::Ascending => value,
            Self::Descending => value.saturating_neg(),
        }
    }
}

/// Parses `Ordering`; empty without it, which means the list's default order.
///
/// # Errors
/// [`ApiError::Parameter`] for an attribute that is not among `known`, and for a duplicate one.
pub fn read<A: Copy + PartialEq>(
    query: &Parameters,
    known: &[(&'static str, A)],
) -> Result<Vec<Clause<A>>, ApiError> {
    let clauses = query.parsed(ORDERING, |text| {
        text.split(',').map(|text| clause(text, known)).collect()
    });
    let clauses: Vec<Clause<A>> = clauses?.unwrap_or_default();
    for (index, clause) in clauses.iter().enumerate() {
        let mut later = clauses.iter().skip(index + 1);
        if later.any(|other| other.attribute == clause.attribute) {
            return Err(ApiError::parameter(
                ORDERING,
                "expected every attribute once",
            ));
        }
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
    let (name, direction) = text.split_once(':').unwrap_or((text, "asc"));
    let found = known
        .iter()
        .find(|(known, _)| *known == name.trim())
        .ok_or_else(problem)?;
    let direction = match direction.trim().to_ascii_lowercase().as_str() {
        "asc" => Direction::Ascending,
        "desc" => Direction::Descending,
        _ => return Err(problem()),
    };
    Ok(Clause {
        attribute: found.1,
        direction,
    })
}
