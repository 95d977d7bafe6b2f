//! A process started by a test, with its descendants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// A process and all its current descendants.
pub fn of(pid: u32) -> BTreeSet<u32> {
    let parents = parents();
    let mut tree = BTreeSet::from([pid]);
    loop {
        let known = tree.len();
        tree.extend(
            parents
                .iter()
                .filter(|(_, parent)| tree.contains(parent))
                .map(|(child, _)| *child)
                .collect::<Vec<_>>(),
        );
        if tree.len() == known {
            return tree;
        }
    }
}

/// Kills these processes, and no others (SIGKILL).
pub fn end(pids: &BTreeSet<u32>) {
    let pids = pids.iter().map(u32::to_string);
    let _some_may_have_ended = Command::new("kill").arg("-KILL").args(pids).output();
}

/// The processes of this set that still run.
pub fn running(pids: &BTreeSet<u32>) -> BTreeSet<u32> {
    let runs = |pid: &&u32| state(**pid).is_some_and(|(state, _)| state != "Z");
    pids.iter().filter(runs).copied().collect()
}

/// Every process with its parent.
fn parents() -> BTreeMap<u32, u32> {
    let names = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    let pids = names.filter_map(|name| name.to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| Some((pid, state(pid)?.1))).collect()
}

/// The state of a process, as one letter, and its parent; `None` without such a process.
fn state(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may contain any character, including a bracket.
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    Some((rest.next()?.to_owned(), rest.next()?.parse().ok()?))
}
