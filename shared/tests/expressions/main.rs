//! Expressions from outside: what keys mean in each context, presence, and properties that hold for all of them.

mod fixtures;
mod hostile;
mod naive;
mod presence;
mod properties;
mod scopes;
