//! The rows of statistics in the table: JSON lists of entries, none larger than an item may be.

use serde::{Deserialize, Serialize};

use super::{ActiveTask, ActivityDurations, Tallies, Tally, TaskCell, WorkerCell};
use ids::{TaskSid, WorkerSid};

/// Bytes of one row. An item may have 400 KB; the rest is left for keys and attribute names.
pub const ROW_BYTES_MAX: usize = 300_000;

/// A family of rows; the rows of one family are read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The counts of Tasks.
    Tasks,
    /// The counts of Workers.
    Workers,
}

/// One entry of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// The counts of one cell of Tasks.
    #[serde(rename = "t")]
    Tasks(TaskCell, Tally),
    /// The counts of one cell of Reservations.
    #[serde(rename = "o")]
    Offers(WorkerCell, Tally),
    /// A Worker's changes of Activity.
    #[serde(rename = "s")]
    ActivityDurations(WorkerSid, ActivityDurations),
    /// A Task that exists.
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
                let activity_durations =
                    self.activity_durations
                        .iter()
                        .map(|(worker, activity_durations)| {
                            Entry::ActivityDurations(*worker, activity_durations.clone())
                        });
                offers.chain(activity_durations).collect()
            }
        }
    }

    /// The tallies of these entries.
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut tallies = Self::default();
        for entry in entries {
            match entry {
                Entry::Tasks(cell, tally) => drop(tallies.tasks.insert(cell, tally)),
                Entry::Offers(cell, tally) => drop(tallies.offers.insert(cell, tally)),
                Entry::ActivityDurations(worker, activity_durations) => drop(
                    tallies
                        .activity_durations
                        .insert(worker, activity_durations),
                ),
                Entry::ActiveTasks(..) => {}
            }
        }
        tallies
    }
}

/// Packs entries into as few rows as `ROW_BYTES_MAX` allows, in their order.
pub fn pack(entries: &[Entry]) -> serde_json::Result<Vec<String>> {
    let mut rows: Vec<String> = Vec::new();
    for entry in entries {
        let text = serde_json::to_string(entry)?;
        match rows.last_mut() {
            Some(row) if row.len() + text.len() + 2 <= ROW_BYTES_MAX => {
                row.push(',');
                row.push_str(&text);
            }
            _ => rows.push(format!("[{text}")),
        }
    }
    rows.iter_mut().for_each(|row| row.push(']'));
    Ok(rows)
}

/// Reads the entries of a row back.
pub fn unpack(row: &str) -> serde_json::Result<Vec<Entry>> {
    serde_json::from_str(row)
}
