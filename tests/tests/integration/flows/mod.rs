//! Voice flows: the file, the documents of each step, and calls through the whole centre (the
//! stories of `tests/stories/flows`).

mod player;

mod application;
mod callbacks;
mod file;
mod outline;
mod questions;
mod recording;
mod sounds;
mod steps;
mod waiting;
