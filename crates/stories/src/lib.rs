//! Stories: tests of a contact centre in plain text, one moment a line.
//!
//! ```text
//! == A call is offered to a Worker who speaks the language
//! 00:00  c1 dials and presses 1     -> Maya rings
//! +10s   Maya answers               -> c1 talks to Maya, task c1 is assigned
//! ```
//!
//! [`read`] parses a file: pure, with line and column of every mistake. [`play`] plays a story in a
//! [`Centre`], whose clock moves only when the story advances it. `cordboard test` plays the
//! stories of users over a table in memory; the tests of this project play theirs over real HTTP
//! and the embedded DynamoDB, too. [`record`] writes the story of a Task that happened.
//!
//! `docs/guide/test.md` is the documentation of the grammar. Reading order: `file`, `when`,
//! [`step`], [`expectation`], [`customer`], then [`play`].

pub mod clock;
pub mod customer;
pub mod expectation;
mod file;
mod play;
mod problem;
pub mod record;
mod sections;
pub mod step;
mod when;
mod words;

pub use clock::ManualClock;
pub use file::{Configuration, FILE_BYTES_MAX, Moment, STORIES_MAX, Story, read};
pub use play::{Centre, Failure, Line, Phone, SLACK, play};
pub use problem::{Place, Problem};
pub use sections::with_sections;
pub use when::BEGIN;
