//! The console in headless Chromium, on a running contact centre, in real time.
//!
//! `CONSOLE_PICTURES=docs/console cargo test -p tests --test console pictures` renews the pictures
//! in the README.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by panicking"
)]

mod access;
mod calendars;
mod desk;
mod flows;
mod forms;
mod idle;
mod idle_console;
mod keyboard;
mod messages;
mod pages;
mod phones;
mod shadow;
mod simulation;
mod speed;
mod tables;
mod tabs;
mod test_console;
mod timeline;
mod warnings;
mod why;
mod workspaces;
