//! Stored statistics: rows of a minute, an hour and a day, and the active Tasks.
//!
//! There is one writer, the roll-up that the schedule starts. It writes a row only if the row
//! changed. Readers read a time range of rows with one query. The rows of Tasks and of Workers are
//! in partitions of their own, so that a query reads only the family it asks for.

use std::collections::BTreeMap;

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use task_router::statistics::{ActiveTasks, Entry, Family, Grain, RolledUp, Tallies, pack, unpack};

use crate::items::{self, text};
use crate::keys::{self, Key};
use crate::{Error, Store};

/// The attribute with a row's entries.
const ROW: &str = "row";

/// How long rows are kept: as long as Events, and one day more.
const ROWS_KEPT: Millis = Millis::from_secs(31 * 86_400);

/// The most pages of rows, a megabyte each, that are read for one answer: the active Tasks, or the
/// rows of a month, of the largest Workspaces. The number of Tasks in that time does not matter.
const PAGES_MAX: usize = 64;

/// The same for the roll-up, which has more memory than a function that answers: some 750,000 active
/// Tasks.
const ROLL_UP_PAGES_MAX: usize = 192;

/// A row with no entries.
const EMPTY: &str = "[]";

/// When rows expire: those with entries, if ever, and those that became empty.
#[derive(Clone, Copy)]
struct Ends {
    rows: Option<Timestamp>,
    emptied: Timestamp,
}

/// Rows by sort key, as stored.
type Rows = BTreeMap<String, String>;

impl Store {
    /// The time up to which the Events of a Workspace are rolled up; `None` before the first
    /// roll-up.
    pub async fn rolled_up(&self, workspace: WorkspaceSid) -> Result<Option<RolledUp>, Error> {
        self.get(&Key::rolled_up(workspace)).await
    }

    /// Stores the time up to which the Events of a Workspace are rolled up.
    pub async fn save_rolled_up(
        &self,
        workspace: WorkspaceSid,
        rolled: &RolledUp,
    ) -> Result<(), Error> {
        self.put(items::with_key(rolled, &Key::rolled_up(workspace))?)
            .await
    }

    /// The sum of one family's rows in `from..until`. Both are ends of rows of this grain.
    pub async fn tallies(
        &self,
        workspace: WorkspaceSid,
        (grain, family): (Grain, Family),
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Tallies, Error> {
        let partition = keys::statistics_partition(workspace, grain, family);
        let rows = self
            .rows(
                &partition,
                &keys::statistics_sk(from),
                &keys::statistics_sk(until),
            )
            .await?;
        let mut sum = Tallies::default();
        for (key, row) in rows {
            sum.merge(&Tallies::of(entries(&partition, &key, &row)?));
        }
        Ok(sum)
    }

    /// Writes the rows of `from..until`; `counted` has the tallies by the moment at which each row
    /// of this grain begins. A stored row of that time that is not among them is emptied.
    pub async fn save_tallies(
        &self,
        workspace: WorkspaceSid,
        grain: Grain,
        (from, until): (Timestamp, Timestamp),
        counted: &BTreeMap<Timestamp, Tallies>,
    ) -> Result<(), Error> {
        for family in [Family::Tasks, Family::Workers] {
            let partition = keys::statistics_partition(workspace, grain, family);
            let before = self
                .rows(
                    &partition,
                    &keys::statistics_sk(from),
                    &keys::statistics_sk(until),
                )
                .await?;
            let mut after = Rows::new();
            for (begin, tallies) in counted {
                after.extend(rows_of(
                    &keys::statistics_sk(*begin),
                    &tallies.entries(family),
                    &partition,
                )?);
            }
            let end = until + ROWS_KEPT;
            self.rewrite(
                &partition,
                &before,
                &after,
                Ends {
                    rows: Some(end),
                    emptied: end,
                },
            )
            .await?;
        }
        Ok(())
    }

    /// The active Tasks, as of the time up to which minutes are rolled up, for the roll-up.
    pub async fn active_tasks(&self, workspace: WorkspaceSid) -> Result<ActiveTasks, Error> {
        self.active_tasks_of(workspace, ROLL_UP_PAGES_MAX).await
    }

    /// The same for an answer: [`Error::Unavailable`] beyond some 250,000 active Tasks.
    pub(crate) async fn active_tasks_for_answer(
        &self,
        workspace: WorkspaceSid,
    ) -> Result<ActiveTasks, Error> {
        self.active_tasks_of(workspace, PAGES_MAX).await
    }

    async fn active_tasks_of(
        &self,
        workspace: WorkspaceSid,
        pages_max: usize,
    ) -> Result<ActiveTasks, Error> {
        let partition = keys::active_tasks_partition(workspace);
        let mut all = Vec::new();
        for (key, row) in self.active_tasks_rows(&partition, pages_max).await? {
            all.extend(entries(&partition, &key, &row)?);
        }
        Ok(ActiveTasks::of(all))
    }

    /// Writes the active Tasks.
    pub async fn save_active_tasks(
        &self,
        workspace: WorkspaceSid,
        tasks: &ActiveTasks,
        now: Timestamp,
    ) -> Result<(), Error> {
        let partition = keys::active_tasks_partition(workspace);
        let before = self
            .active_tasks_rows(&partition, ROLL_UP_PAGES_MAX)
            .await?;
        let mut after = Rows::new();
        for (hour, entries) in tasks.by_hour() {
            after.extend(rows_of(&format!("{hour:010}"), &entries, &partition)?);
        }
        self.rewrite(
            &partition,
            &before,
            &after,
            Ends {
                rows: None,
                emptied: now,
            },
        )
        .await
    }

    async fn active_tasks_rows(&self, partition: &str, pages_max: usize) -> Result<Rows, Error> {
        self.rows_up_to(partition, (keys::BEFORE_ALL, keys::AFTER_ALL), pages_max)
            .await
    }

    async fn rows(&self, partition: &str, from: &str, until: &str) -> Result<Rows, Error> {
        self.rows_up_to(partition, (from, until), PAGES_MAX).await
    }

    async fn rows_up_to(
        &self,
        partition: &str,
        (from, until): (&str, &str),
        pages_max: usize,
    ) -> Result<Rows, Error> {
        let mut rows = Rows::new();
        let mut start = None;
        for _ in 0..pages_max {
            let found = self
                .client
                .query()
                .table_name(&*self.table)
                .key_condition_expression("#pk = :partition AND #sk BETWEEN :from AND :until")
                .expression_attribute_names("#pk", keys::PK)
                .expression_attribute_names("#sk", keys::SK)
                .expression_attribute_values(":partition", text(partition))
                .expression_attribute_values(":from", text(from))
                // A row of the moment `until` has a longer key, so it sorts after this bound.
                .expression_attribute_values(":until", text(until))
                .set_exclusive_start_key(start)
                .send()
                .await?;
            for item in found.items.unwrap_or_default() {
                let key = items::key_of(&item);
                let row = item
                    .get(ROW)
                    .and_then(|row| row.as_s().ok())
                    .cloned()
                    .unwrap_or_default();
                rows.insert(key.sk, row);
            }
            start = found.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(rows);
            }
        }
        Err(Error::Unavailable(format!(
            "{partition} has more than {pages_max} pages of rows"
        )))
    }

    /// Writes the rows that changed. A row whose last entry disappeared is written empty.
    async fn rewrite(
        &self,
        partition: &str,
        before: &Rows,
        after: &Rows,
        ends: Ends,
    ) -> Result<(), Error> {
        let changed = after
            .iter()
            .filter(|(sk, row)| before.get(*sk) != Some(*row));
        let changed = changed.map(|(sk, row)| (sk, row.as_str(), ends.rows));
        let emptied = before
            .iter()
            .filter(|(sk, row)| *row != EMPTY && !after.contains_key(*sk));
        let emptied = emptied.map(|(sk, _)| (sk, EMPTY, Some(ends.emptied)));
        for (sk, row, end) in changed.chain(emptied) {
            let mut item = items::key_attributes(&Key {
                pk: partition.to_owned(),
                sk: sk.clone(),
            });
            item.insert(ROW.to_owned(), text(row));
            if let Some(end) = end {
                items::keep_until(&mut item, end);
            }
            self.put(item).await?;
        }
        Ok(())
    }
}

fn rows_of(prefix: &str, entries: &[Entry], partition: &str) -> Result<Rows, Error> {
    let packed = pack(entries).map_err(|error| corrupt(partition, prefix, error))?;
    Ok(packed
        .into_iter()
        .enumerate()
        .map(|(number, row)| (format!("{prefix}#{number:04}"), row))
        .collect())
}

fn entries(partition: &str, sk: &str, row: &str) -> Result<Vec<Entry>, Error> {
    unpack(row).map_err(|error| corrupt(partition, sk, error))
}

fn corrupt(partition: &str, sk: &str, error: impl std::fmt::Display) -> Error {
    let key = Key {
        pk: partition.to_owned(),
        sk: sk.to_owned(),
    };
    items::corrupt(&key, serde::de::Error::custom(error))
}
