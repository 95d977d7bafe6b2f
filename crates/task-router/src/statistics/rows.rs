//! How statistics look in the table: lists of entries as JSON, none longer than an item may be.

use serde::{Deserialize, Serialize};

use super::{ActiveTask, ActivityDurations, Tallies, Tally, TaskCell, WorkerCell};
use ids::{TaskSid, WorkerSid};

/// Bytes of one row: an item may have 400 KB, and keys and names want some of it.
pub const ROW_BYTES_MAX: usize = 300_000;

/// Rows that are read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// What was counted of Tasks.
    Tasks,
    /// What was counted of Workers.
    Workers,
}

/// One entry of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// Tasks counted together.
    #[serde(rename = "t")]
    Tasks(TaskCell, Tally),
    /// Reservations counted together.
    #[serde(rename = "o")]
    Offers(WorkerCell, Tally),
    /// A Worker's changes of Activity.
    #[serde(rename = "s")]
    ActivityDurations(WorkerSid, ActivityDurations),
    /// A Task there is.
    #[serde(rename = "l")]
    ActiveTasks(TaskSid, ActiveTask),
}

impl Tallies {
    /// The entries of one family.
    pub fn entries(&self, family: Family) -> Vec<Entry> {
        match family {
            Family::Tasks => self
                .tasks
                .iter()
                .map(|(cell, tally)| Entry::Tasks(*cell, tally.clone()))
                .collect(),
            Family::Workers => {
                let offers = self
                    .offers
                    .iter()
                    .map(|(cell, tally)| Entry::Offers(*cell, tally.clone()));
                let stays = self
                    .stays
                    .iter()
                    .map(|(worker, stays)| Entry::ActivityDurations(*worker, stays.clone()));
                offers.chain(stays).collect()
            }
        }
    }

    /// What these entries count.
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut tallies = Self::default();
        for entry in entries {
            match entry {
                Entry::Tasks(cell, tally) => drop(tallies.tasks.insert(cell, tally)),
                Entry::Offers(cell, tally) => drop(tallies.offers.insert(cell, tally)),
                Entry::ActivityDurations(worker, stays) => {
                    drop(tallies.stays.insert(worker, stays))
                }
                Entry::ActiveTasks(..) => {}
            }
        }
        tallies
    }
}

/// Entries as rows.
pub fn pack(entries: &[Entry]) -> serde_json::Result<Vec<String>> {
    let mut rows: Vec<String> = Vec::new();
    for entry in entries {
        let text = serde_json::to_string(entry)?;
        match rows
            .last_mut()
            .filter(|row| row.len() + text.len() + 2 <= ROW_BYTES_MAX)
        {
            Some(row) => {
                row.push(',');
                row.push_str(&text);
            }
            None => rows.push(format!("[{text}")),
        }
    }
    rows.iter_mut().for_each(|row| row.push(']'));
    Ok(rows)
}

/// The entries of a row.
pub fn unpack(row: &str) -> serde_json::Result<Vec<Entry>> {
    serde_json::from_str(row)
}
