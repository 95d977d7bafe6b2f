//! A process that was started here, with the processes it started.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// A process and all that descend from it, as they are now.
pub fn of(pid: u32) -> BTreeSet<u32> {
    let parents = parents();
    let mut family = BTreeSet::from([pid]);
    loop {
        let known = family.len();
        family.extend(
            parents
                .iter()
                .filter(|(_, parent)| family.contains(parent))
                .map(|(child, _)| *child)
                .collect::<Vec<_>>(),
        );
        if family.len() == known {
            return family;
        }
    }
}

/// Ends these processes, and no others, at once.
pub fn end(pids: &BTreeSet<u32>) {
    let pids = pids.iter().map(u32::to_string);
    let _some_are_gone_already = Command::new("kill").arg("-KILL").args(pids).output();
}

/// Those of these processes that still run.
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

/// What a process does, as one letter, and its parent; `None`: there is none.
fn state(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Its name stands in brackets and may have any characters.
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    Some((rest.next()?.to_owned(), rest.next()?.parse().ok()?))
}
