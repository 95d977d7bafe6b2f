//! The clock of `cordboard call --at`: it shows the moment at which the call takes place.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::sync::Arc;

use calendars::{Moment, Zone};
use config::ContactCentre;
use ids::time::{Clock, Timestamp};

use crate::start::Failure;
use crate::steady_clock::{ShiftedClock, SteadyClock};

/// The clock of a contact centre that is started for the call: the real one without a moment.
///
/// # Errors
/// The calendars' time zones do not agree on the moment.
pub(crate) fn starting_at(
    at: Option<Moment>,
    centre: &ContactCentre,
) -> Result<Arc<dyn Clock>, Failure> {
    let real = SteadyClock::start();
    let Some(at) = at else {
        return Ok(Arc::new(real));
    };
    let zone = zone_of(centre, at, real.now())?;
    let begin = at.resolve(&zone, real.now());
    println!(
        "The call takes place on {} ({zone}), in a contact centre that is started for it.",
        zone.shown(begin)
    );
    Ok(Arc::new(ShiftedClock::start(real, begin)))
}

/// The time zone of a moment: that of the calendars. UTC without one.
fn zone_of(centre: &ContactCentre, at: Moment, now: Timestamp) -> Result<Zone, Failure> {
    let flows = centre.voice_flows.as_ref();
    let calendars = flows.into_iter().flat_map(|flows| flows.calendars.values());
    let zones: Vec<&Zone> = calendars.map(|calendar| &calendar.time_zone).collect();
    let Some(first) = zones.first() else {
        return Ok("UTC".parse()?);
    };
    let moment = |zone: &Zone| at.resolve(zone, now);
    match zones.iter().find(|zone| moment(zone) != moment(first)) {
        None => Ok((*first).clone()),
        Some(other) => Err(format!(
            "--at: the calendars are in {first} and {other}, so a moment needs its offset from UTC: 2026-12-07T18:05:00+01:00"
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ids::AccountSid;

    use super::*;

    const UTILITY: &str = include_str!("../../examples/utility/contact-centre.yaml");

    fn centre(text: &str) -> ContactCentre {
        let account_sid = AccountSid::derive(&["call"]);
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/utility"));
        crate::start::read_text(text, "centre.yaml", folder, account_sid).unwrap()
    }

    fn zone(text: &str, at: &str) -> Result<String, String> {
        let now = "2026-11-30T17:30:00+01:00".parse().unwrap();
        let zone = zone_of(&centre(text), at.parse().unwrap(), now);
        zone.map(|zone| zone.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn zones_that_agree_have_one_moment() {
        // Berlin and Paris have the same clock.
        assert_eq!(zone(UTILITY, "Mon 18:05"), Ok("Europe/Paris".to_owned()));
        let example = include_str!("../../contact-centre.yaml");
        assert_eq!(zone(example, "Mon 18:05"), Ok("UTC".to_owned()));
    }

    #[test]
    fn zones_that_differ_need_an_offset() {
        let far = UTILITY.replace("Europe/Berlin", "Asia/Tokyo");
        let error = zone(&far, "Mon 18:05").unwrap_err();
        assert!(error.contains("in Europe/Paris and Asia/Tokyo"), "{error}");
        assert!(zone(&far, "2026-12-07T18:05:00+01:00").is_ok());
        assert!(zone(&far, "2h").is_ok());
    }
}
