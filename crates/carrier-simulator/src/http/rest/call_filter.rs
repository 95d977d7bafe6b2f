//! The filters of the list of calls (voice-webhooks.md section 8).

use ids::time::Timestamp;

use super::RestError;
use crate::http::form::Form;
use crate::http::resources;
use crate::network::{Call, CallStatus};

/// The filters of a request. `start` and `end` are: on the day, until the day, from the day.
pub(super) struct CallFilter {
    to: Option<String>,
    from: Option<String>,
    parent: Option<String>,
    status: Option<CallStatus>,
    start: [Option<Day>; 3],
    end: [Option<Day>; 3],
}

/// A day of a filter, as the Unix time of its beginning in milliseconds. A moment is compared by
/// its day.
type Day = i64;

const DAY_MILLIS: i64 = 86_400_000;

impl CallFilter {
    pub fn read(query: &Form) -> Result<Self, RestError> {
        let text = |name: &str| query.text(name).map(str::to_owned);
        let status = query.text("Status").map(|text| {
            CallStatus::read(text)
                .ok_or_else(|| RestError::bad_request(20001, "Status: not a status of a call"))
        });
        Ok(Self {
            to: text("To"),
            from: text("From"),
            parent: text("ParentCallSid"),
            status: status.transpose()?,
            start: [
                day(query, "StartTime")?,
                day(query, "StartTime<")?,
                day(query, "StartTime>")?,
            ],
            end: [
                day(query, "EndTime")?,
                day(query, "EndTime<")?,
                day(query, "EndTime>")?,
            ],
        })
    }

    pub fn matches(&self, call: &Call) -> bool {
        let parent = call.parent.map(|parent| parent.to_string());
        self.to.as_ref().is_none_or(|to| *to == call.to)
            && self.from.as_ref().is_none_or(|from| *from == call.from)
            && (self.parent.is_none() || self.parent == parent)
            && self.status.is_none_or(|status| status == call.status)
            && in_days(&self.start, Some(resources::start_time(call)))
            && in_days(&self.end, call.ended)
    }
}

/// Compares the day of a moment: on the day, up to it (`<`), or from it (`>`). Both ends are
/// inclusive, as the carrier reads them.
fn in_days([on, until, from]: &[Option<Day>; 3], moment: Option<Timestamp>) -> bool {
    let day = moment.map(|moment| moment.as_millis().div_euclid(DAY_MILLIS) * DAY_MILLIS);
    on.is_none_or(|on| day == Some(on))
        && until.is_none_or(|until| day.is_some_and(|day| day <= until))
        && from.is_none_or(|from| day.is_some_and(|day| day >= from))
}

fn day(query: &Form, name: &str) -> Result<Option<Day>, RestError> {
    let Some(text) = query.text(name) else {
        return Ok(None);
    };
    let moment = format!("{text}T00:00:00Z")
        .parse::<Timestamp>()
        .or_else(|_| text.parse());
    let moment = moment
        .map_err(|_| RestError::bad_request(20001, format!("{name}: expected YYYY-MM-DD")))?;
    Ok(Some(moment.as_millis().div_euclid(DAY_MILLIS) * DAY_MILLIS))
}
