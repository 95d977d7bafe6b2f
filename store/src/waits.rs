//! How long callers of a queue waited lately: samples for the expected wait.
//!
//! A sample, not a statistic: whoever writes it does so at most every few seconds for a queue, so that a busy queue's
//! calls do not all write one item.

use serde::{Deserialize, Serialize};
use shared::model::{Millis, TaskQueueSid, TaskSid, Timestamp};

use crate::keys::Key;
use crate::{Error, Store, items};

/// Samples kept for a queue: enough for an average that one long wait does not rule.
const SAMPLES_MAX: usize = 20;

/// How old a sample may be to say something about now.
const SAMPLE_LIFE: Millis = Millis::from_secs(3_600);

/// The waits of the callers of one queue who were answered lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecentWaits {
    samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sample {
    task: TaskSid,
    at: Timestamp,
    waited: Millis,
}

impl RecentWaits {
    /// The average wait, if anybody was answered in the last hour.
    pub fn expected(&self, now: Timestamp) -> Option<Millis> {
        let recent = self.samples.iter().filter(|sample| now.since(sample.at) < SAMPLE_LIFE);
        let waits: Vec<u64> = recent.map(|sample| sample.waited.as_millis()).collect();
        let count = u64::try_from(waits.len()).ok().filter(|count| *count > 0)?;
        Some(Millis::from_millis(waits.iter().sum::<u64>() / count))
    }

    /// With one sample more; a Task counts once.
    fn with(mut self, task: TaskSid, waited: Millis, now: Timestamp) -> Self {
        self.samples.retain(|sample| sample.task != task);
        self.samples.push(Sample { task, at: now, waited });
        let excess = self.samples.len().saturating_sub(SAMPLES_MAX);
        self.samples.drain(..excess);
        self
    }
}

impl Store {
    /// The recent waits of a queue; empty if nobody was answered.
    pub async fn recent_waits(&self, queue: TaskQueueSid) -> Result<RecentWaits, Error> {
        Ok(self.get(&Key::waits(queue)).await?.unwrap_or_default())
    }

    /// Adds a sample. Two writers at once may lose one sample to the other: it is a sample.
    pub async fn add_wait(
        &self,
        queue: TaskQueueSid,
        task: TaskSid,
        waited: Millis,
        now: Timestamp,
    ) -> Result<(), Error> {
        let waits = self.recent_waits(queue).await?.with(task, waited, now);
        self.put(items::with_key(&waits, &Key::waits(queue))?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_wait_is_the_average_of_the_last_hour_and_a_task_counts_once() {
        let now = Timestamp::from_millis(10_000_000);
        let queue = |secs: u64| (TaskSid::derive(&[&secs.to_string()]), Millis::from_secs(secs));
        let (first, ten) = queue(10);
        let (second, twenty) = queue(20);
        let waits = RecentWaits::default().with(first, ten, now).with(second, twenty, now).with(second, twenty, now);
        assert_eq!(waits.expected(now), Some(Millis::from_secs(15)));
        assert_eq!(waits.expected(now + SAMPLE_LIFE), None);
    }
}
