//! Formulas over atoms: what expressions become, so that they can be reasoned about.

/// A condition over atoms, without negation except of an atom.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// Every formula is true. Without formulas it is true.
    All(Vec<Formula>),
    /// At least one formula is true. Without formulas it is false.
    Any(Vec<Formula>),
    /// An atom, or its negation: its index and the truth that is wanted.
    Atom(usize, bool),
}

impl Formula {
    /// The formula that is always `truth`.
    pub fn constant(truth: bool) -> Self {
        if truth {
            Self::All(Vec::new())
        } else {
            Self::Any(Vec::new())
        }
    }

    /// True when this formula is false.
    #[must_use]
    pub fn negated(&self) -> Self {
        let all = |formulas: &[Self]| formulas.iter().map(Self::negated).collect();
        match self {
            Self::All(formulas) => Self::Any(all(formulas)),
            Self::Any(formulas) => Self::All(all(formulas)),
            Self::Atom(atom, truth) => Self::Atom(*atom, !truth),
        }
    }

    /// The formula without constants inside.
    #[must_use]
    pub fn simplified(self) -> Self {
        match self {
            Self::All(formulas) => {
                let formulas: Vec<_> = formulas.into_iter().map(Self::simplified).collect();
                if formulas.iter().any(|one| one.is_constant(false)) {
                    return Self::constant(false);
                }
                let rest = formulas.into_iter().filter(|one| !one.is_constant(true));
                Self::All(rest.collect())
            }
            Self::Any(formulas) => {
                let formulas: Vec<_> = formulas.into_iter().map(Self::simplified).collect();
                if formulas.iter().any(|one| one.is_constant(true)) {
                    return Self::constant(true);
                }
                let rest = formulas.into_iter().filter(|one| !one.is_constant(false));
                Self::Any(rest.collect())
            }
            atom @ Self::Atom(..) => atom,
        }
    }

    /// Is it the constant of this truth?
    pub fn is_constant(&self, truth: bool) -> bool {
        *self == Self::constant(truth)
    }
}
