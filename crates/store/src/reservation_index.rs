//! The index from a Reservation to its Task, for `<Dial><Queue reservationSid>`, which names only
//! the Reservation (voice-webhooks.md section 5.3).
//!
//! It contains only the Reservations whose Worker may be connected to the caller in this way: those
//! that got no instruction, and those of the instruction `call`.

use ids::time::{Millis, Timestamp};
use ids::{ReservationSid, TaskSid};
use serde::{Deserialize, Serialize};

use crate::keys::Key;
use crate::{Error, Store, items};

/// How long an entry is kept: as long as a Reservation can be pending (taskrouter.md section 14).
const KEPT: Millis = Millis::from_secs(86_400);

#[derive(Debug, Serialize, Deserialize)]
struct Pointer {
    task: TaskSid,
}

impl Store {
    /// Adds a Reservation to the index. Idempotent.
    pub async fn index_reservation(
        &self,
        reservation: ReservationSid,
        task: TaskSid,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut item = items::with_key(&Pointer { task }, &Key::reservation(reservation))?;
        items::keep_until(&mut item, now + KEPT);
        self.put(item).await
    }

    /// The Task of a Reservation in the index.
    pub async fn task_of_reservation(
        &self,
        reservation: ReservationSid,
    ) -> Result<Option<TaskSid>, Error> {
        let pointer: Option<Pointer> = self.get(&Key::reservation(reservation)).await?;
        Ok(pointer.map(|pointer| pointer.task))
    }
}
