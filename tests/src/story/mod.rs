//! The project's own stories: `crates/stories` has their grammar and plays them, as for users.
//!
//! A story with a `set-up` has the sections of `plain.yaml` that it does not replace; one without
//! has the example's configuration, and one with `file PATH` that of a file of the project. A story
//! plays over real HTTP and the embedded DynamoDB, and again as `cordboard test` plays it, over the
//! table in memory.

mod over_http;

use std::path::Path;

use cordboard::story_centre::{Prepared, StoryCentre, account_sid, customer};
use stories::{Failure, Story, with_sections};

use crate::project;
use crate::test_centre::EXAMPLE;
use over_http::OverHttp;

pub use stories::SLACK;

/// The base of a story's own configuration.
const PLAIN: &str = include_str!("plain.yaml");

/// Plays every story in `file` over HTTP and in memory; panics with the line and the actual state
/// when an expectation fails.
pub async fn play(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    for story in read(file, &text) {
        let set_up = set_up_of(&story);
        let mut centre = OverHttp::open(&story, &set_up).await;
        let set_up = stories::Centre::customer(&centre).with_address(&set_up);
        let played = stories::play(&story, &mut centre, &set_up).await;
        expect_played("over HTTP", file, &text, played);
        centre.close().await;
        let played = in_memory(&story).await;
        expect_played("in memory", file, &text, played);
    }
}

async fn in_memory(story: &Story) -> Result<(), Box<Failure>> {
    let set_up = customer().with_address(&set_up_of(story));
    let read = |text: &str| {
        let files = &project::file_beside;
        let read = config::read_with_files(text, "contact-centre.yaml", account_sid(), files);
        read.map_err(|problems| format!("{problems:?}").into())
    };
    let prepared = Prepared::new(set_up.clone(), std::sync::Arc::new(read));
    let prepared = prepared.await.unwrap();
    let mut centre = StoryCentre::open(&prepared, story).await.unwrap();
    stories::play(story, &mut centre, &set_up).await
}

fn expect_played(how: &str, file: &Path, text: &str, played: Result<(), Box<Failure>>) {
    if let Err(failure) = played {
        let shown = failure.place.render(&file.display().to_string(), text);
        panic!("{how}: {}\n{shown}{:#?}", failure.message, failure.phones);
    }
}

/// The headings of a file of stories, in order.
pub fn headings(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    read(file, &text)
        .into_iter()
        .map(|story| story.heading)
        .collect()
}

fn read(file: &Path, text: &str) -> Vec<Story> {
    stories::read(text).unwrap_or_else(|problems| {
        let file = file.display().to_string();
        let shown = problems.iter().map(|problem| problem.render(&file, text));
        panic!("{}", shown.collect::<String>());
    })
}

fn set_up_of(story: &Story) -> String {
    let base = match &story.configuration.file {
        Some(file) => project::read(file),
        None if story.configuration.sections.is_some() => PLAIN.to_owned(),
        None => EXAMPLE.to_owned(),
    };
    match &story.configuration.sections {
        Some(sections) => with_sections(&base, sections).unwrap(),
        None => base,
    }
}
