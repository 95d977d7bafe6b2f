//! Checks of a parsed expression: warnings, and the restrictions of `skip_if`.

use super::{Comparison, Expression, Operand, Operator, Path, PathStep, Term};
use ids::ActivitySid;

/// The built-in name of a Worker's channels (taskrouter.md section 4).
pub const CHANNEL_KEY: &str = "channel";

/// The key of a Worker's channel that counts accepted Reservations (taskrouter.md section 2.4).
pub const ASSIGNED_TASKS_KEY: &str = "assigned_tasks";

/// Why an expression cannot be a target's `skip_if` (taskrouter.md section 7.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipIfError {
    /// An operand is neither a count of Workers nor a number.
    #[error(
        "`{operand}` cannot be in a skip_if: expected `workers.available`, `workers.unavailable`, `workers.WA…` (the sid of an Activity) or a number"
    )]
    Operand {
        /// The operand, in normal form.
        operand: String,
    },
    /// The operator compares texts or arrays.
    #[error("`{operator}` cannot be in a skip_if: expected ==, !=, <, <=, > or >=")]
    Operator {
        /// The operator.
        operator: String,
    },
    /// `NOT` is not allowed before a condition.
    #[error("`NOT` cannot be in a skip_if: conditions are joined with AND and OR only")]
    Not,
}

impl Expression {
    /// Sentences about comparisons that are allowed but most likely a mistake: a key in quotes is a
    /// text (taskrouter.md section 8.1, "quoted key").
    pub fn warnings(&self) -> Vec<String> {
        let conditions = self.conditions().into_iter();
        conditions
            .filter_map(|condition| quoted_key(condition.comparison))
            .collect()
    }

    /// Whether it reads `assigned_tasks` of any channel of a Worker.
    pub fn asks_for_assigned_tasks(&self) -> bool {
        let mut paths = self.paths().into_iter();
        paths.any(Path::asks_for_assigned_tasks)
    }

    /// Checks that it may be the `skip_if` of a target: comparisons of numbers and counts of
    /// Workers, joined with AND and OR.
    ///
    /// # Errors
    /// [`SkipIfError`] names the first term that is not allowed.
    pub fn check_skip_if(&self) -> Result<(), SkipIfError> {
        skip_if_term(self.root())
    }
}

impl Path {
    /// Whether the path ends in `channel.<name>.assigned_tasks`.
    pub fn asks_for_assigned_tasks(&self) -> bool {
        let [
            ..,
            PathStep::Key(channel),
            PathStep::Key(_),
            PathStep::Key(figure),
        ] = self.steps()
        else {
            return false;
        };
        channel == CHANNEL_KEY && figure == ASSIGNED_TASKS_KEY
    }
}

fn quoted_key(comparison: &Comparison) -> Option<String> {
    let suspicious = matches!(comparison.left, Operand::Text(_)) && is_constant(&comparison.right);
    suspicious.then(|| {
        format!("`{comparison}` is about constants alone: a key is written without quotes")
    })
}

fn is_constant(operand: &Operand) -> bool {
    match operand {
        Operand::Null | Operand::Bool(_) | Operand::Number(_) | Operand::Text(_) => true,
        Operand::Array(elements) => elements.iter().all(is_constant),
        Operand::Path(_) => false,
    }
}

fn skip_if_term(term: &Term) -> Result<(), SkipIfError> {
    match term {
        Term::Any(terms) | Term::All(terms) => terms.iter().try_for_each(skip_if_term),
        Term::Not(_) => Err(SkipIfError::Not),
        Term::Compare(comparison) => skip_if_comparison(comparison),
    }
}

fn skip_if_comparison(comparison: &Comparison) -> Result<(), SkipIfError> {
    match comparison.operator {
        Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual => {}
        Operator::Contains | Operator::Has | Operator::In | Operator::NotIn => {
            return Err(SkipIfError::Operator {
                operator: comparison.operator.to_string(),
            });
        }
    }
    [&comparison.left, &comparison.right]
        .into_iter()
        .try_for_each(skip_if_operand)
}

fn skip_if_operand(operand: &Operand) -> Result<(), SkipIfError> {
    let allowed = match operand {
        Operand::Number(_) => true,
        Operand::Path(path) => is_worker_count(path),
        Operand::Null | Operand::Bool(_) | Operand::Text(_) | Operand::Array(_) => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(SkipIfError::Operand {
            operand: operand.to_string(),
        })
    }
}

/// Whether the path is `workers.available`, `workers.unavailable` or `workers.WA…`.
fn is_worker_count(path: &Path) -> bool {
    let [PathStep::Key(workers), PathStep::Key(name)] = path.steps() else {
        return false;
    };
    workers == "workers"
        && (matches!(name.as_str(), "available" | "unavailable")
            || name.parse::<ActivitySid>().is_ok())
}
