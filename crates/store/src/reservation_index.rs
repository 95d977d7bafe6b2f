//! Which Task a Reservation belongs to, for whoever knows nothing but the Reservation: `<Dial><Queue reservationSid>`
//! (voice-webhooks.md section 5.3).
//!
//! Written only for Reservations whose Worker may be led to the caller in this way: those that got no instruction, and
//! those of the instruction `call`.

use ids::time::{Millis, Timestamp};
use ids::{ReservationSid, TaskSid};
use serde::{Deserialize, Serialize};

use crate::keys::Key;
use crate::{Error, Store, items};

/// How long it can be looked up: as long as a Reservation can be pending (taskrouter.md section 14).
const KEPT: Millis = Millis::from_secs(86_400);

#[derive(Debug, Serialize, Deserialize)]
struct Pointer {
    task: TaskSid,
}

impl Store {
    /// Notes the Task of a Reservation. Noting it again changes nothing.
    pub async fn name_reservation(
        &self,
        reservation: ReservationSid,
        task: TaskSid,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut item = items::with_key(&Pointer { task }, &Key::reservation(reservation))?;
        items::keep_until(&mut item, now + KEPT);
        self.put(item).await
    }

    /// The Task of a Reservation that was noted.
    pub async fn task_of_reservation(
        &self,
        reservation: ReservationSid,
    ) -> Result<Option<TaskSid>, Error> {
        let pointer: Option<Pointer> = self.get(&Key::reservation(reservation)).await?;
        Ok(pointer.map(|pointer| pointer.task))
    }
}
