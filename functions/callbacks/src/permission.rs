//! Permission to dial: the last check before the carrier is asked for a call. A stolen API key, or an
//! application with a defect, would otherwise dial numbers that are billed by the minute (toll
//! fraud).

use std::num::NonZeroU32;

use shared::dialing::NotAllowed;

use crate::{Callbacks, Error};

/// Why a call is not placed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Denied {
    /// An address is not among the allowed ones.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The minute has its calls.
    #[error("{0} calls were placed in this minute, as many as dialing.calls_per_minute allows")]
    TooMany(NonZeroU32),
}

impl Callbacks {
    /// Checks the addresses that a call or its conference dials, and counts the call. `None`: it may
    /// be placed.
    pub(crate) async fn denial(&self, addresses: &[&str]) -> Result<Option<Denied>, Error> {
        let dialing = self.dialing().await?;
        for address in addresses {
            if let Err(not_allowed) = dialing.check(address) {
                return Ok(Some(not_allowed.into()));
            }
        }
        let Some(per_minute) = dialing.calls_per_minute else {
            return Ok(None);
        };
        let is_counted = self.store.count_call(per_minute, self.clock.now()).await?;
        Ok((!is_counted).then_some(Denied::TooMany(per_minute)))
    }
}
