//! Plays the stories again whenever a file changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::{UNREADABLE, plan, play};
use crate::cli::{Start, Test};
use crate::start::Failure;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// The time at which each file was written last, and its length.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Plays until Ctrl-C.
async fn play_again(options: &Test, start: &Start) -> Result<(), Failure> {
    loop {
        let _code = play(options, start);
        println!("\nWaiting for a change of a file. Stop: Ctrl-C");
        let seen = look(options, start);
        loop {
            tokio::select! {
                stopped = tokio::signal::ctrl_c() => return Ok(stopped?),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if look(options, start) != seen {
                break;
            }
        }
    }
}

/// Plays until Ctrl-C; says why it cannot wait for changes.
pub(super) async fn play_until_stopped(options: &Test, start: &Start) -> ExitCode {
    match play_again(options, start).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(UNREADABLE)
        }
    }
}

/// The files of the stories and of their configurations. With mistakes in a file of stories, those
/// of the paths alone.
fn look(options: &Test, start: &Start) -> Seen {
    let mut seen = Seen::new();
    for path in &options.paths {
        note(path, &mut seen);
        note_folder(path, &mut seen);
    }
    if let Ok(plan) = plan(options, start) {
        for file in &plan.files {
            note(Path::new(&file.name), &mut seen);
        }
        for configuration in &plan.configurations {
            if let Some(file) = &configuration.file {
                note(file, &mut seen);
                note_folder(configuration.folder(), &mut seen);
            }
        }
    }
    seen
}

/// Notes the files of a folder, such as lists and calendars.
fn note_folder(folder: &Path, seen: &mut Seen) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        note(&entry.path(), seen);
    }
}

fn note(path: &Path, seen: &mut Seen) {
    if let Ok(metadata) = path.metadata()
        && metadata.is_file()
    {
        seen.insert(path.to_owned(), (metadata.modified().ok(), metadata.len()));
    }
}
