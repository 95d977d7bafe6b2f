//! The periods in which a calendar is open, day by day.
//!
//! A day begins at its first `00:00` and ends where the next day begins. Where the clock is put
//! forward, a time that does not exist is the one after the gap; where it is put back, a time that
//! exists twice is the first one. A period is therefore one interval of moments, and days have no
//! gaps between them, whatever the clock does.

use ids::time::Timestamp;
use jiff::civil::Date;

use crate::calendar::{Calendar, Zone};
use crate::hours::{Hours, TimeOfDay, TimeRange};
use crate::special_days::SpecialDays;
use crate::status::{Rule, Status};
use crate::weekdays::Weekday;

/// Days in which the next change is searched: a year and some, so that a yearly holiday is found.
pub const HORIZON_DAYS: usize = 400;

/// Moments outside these years are treated as the nearest one within: in them, a day has a day
/// before it and [`HORIZON_DAYS`] after it.
const YEARS: (Date, Date) = (Date::constant(1, 1, 1), Date::constant(9990, 1, 1));

/// The rule of a day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DayRule {
    /// The exception with this index.
    Exception(usize),
    /// The holiday with this index.
    Holiday(usize),
    WeeklyHours,
}

/// Opening hours as moments, the end excluded.
#[derive(Clone, Copy)]
struct Period {
    from: Timestamp,
    to: Timestamp,
}

impl Period {
    fn contains(self, moment: Timestamp) -> bool {
        self.from <= moment && moment < self.to
    }
}

impl Calendar {
    /// The state at `now`, without a switch.
    pub(crate) fn scheduled(&self, now: Timestamp) -> Status {
        let today = self.day_of(now);
        // Yesterday's hours may have passed midnight.
        let open_day = [today, before(today)].into_iter().find(|day| {
            let mut periods = self.periods(*day).into_iter();
            periods.any(|period| period.contains(now))
        });
        Status {
            open: open_day.is_some(),
            rule: self.rule(open_day.unwrap_or(today)),
            next_change: self.next_change(today, now),
        }
    }

    /// The end of the contiguous periods that contain `now`, or the beginning of the next period.
    fn next_change(&self, today: Date, now: Timestamp) -> Option<Timestamp> {
        let mut open_until: Option<Timestamp> = None;
        let mut day = before(today);
        for _ in 0..HORIZON_DAYS {
            for period in self.periods(day) {
                match open_until {
                    None if period.to <= now => {}
                    None if period.from > now => return Some(period.from),
                    None => open_until = Some(period.to),
                    Some(end) if period.from <= end => open_until = Some(end.max(period.to)),
                    Some(end) => return Some(end),
                }
            }
            day = after(day);
        }
        open_until.filter(|end| *end < self.moment(day, TimeOfDay::MIDNIGHT))
    }

    /// The periods that begin on a day, in the order of their beginnings.
    fn periods(&self, day: Date) -> Vec<Period> {
        let rule = self.day_rule(day);
        let begins = self.moment(day, TimeOfDay::MIDNIGHT);
        let ends = self.moment(after(day), TimeOfDay::MIDNIGHT);
        let period = |range: &TimeRange| {
            // The time after a gap of the clock can be on the next day.
            let from = self.moment(day, range.from()).clamp(begins, ends);
            let to = if range.passes_midnight() {
                self.end_after_midnight(day, rule, range.to())
            } else {
                self.moment(day, range.to()).clamp(begins, ends)
            };
            // Hours within a gap can be empty.
            (from < to).then_some(Period { from, to })
        };
        let ranges = self.hours_of(rule, day).ranges();
        let mut periods: Vec<Period> = ranges.iter().filter_map(period).collect();
        periods.sort_by_key(|period| period.from);
        periods
    }

    /// The end of hours that pass midnight. A special day has its own hours only, so that hours
    /// which began on the day before end when it begins.
    fn end_after_midnight(&self, day: Date, rule: DayRule, to: TimeOfDay) -> Timestamp {
        let next = after(day);
        let next_rule = self.day_rule(next);
        if next_rule == rule || next_rule == DayRule::WeeklyHours {
            self.moment(next, to)
        } else {
            self.moment(next, TimeOfDay::MIDNIGHT)
        }
    }

    fn day_rule(&self, day: Date) -> DayRule {
        let covers = |days: &SpecialDays| days.contain(day);
        if let Some(index) = self.exceptions.iter().position(covers) {
            return DayRule::Exception(index);
        }
        match self.holidays.iter().position(covers) {
            Some(index) => DayRule::Holiday(index),
            None => DayRule::WeeklyHours,
        }
    }

    fn special_days(&self, rule: DayRule) -> Option<&SpecialDays> {
        match rule {
            DayRule::Exception(index) => self.exceptions.get(index),
            DayRule::Holiday(index) => self.holidays.get(index),
            DayRule::WeeklyHours => None,
        }
    }

    fn hours_of(&self, rule: DayRule, day: Date) -> &Hours {
        const CLOSED: &Hours = &Hours::CLOSED;
        let weekday = Weekday::of(day.weekday());
        match self.special_days(rule) {
            Some(days) => days.hours(),
            None => self.hours.get(&weekday).unwrap_or(CLOSED),
        }
    }

    fn rule(&self, day: Date) -> Rule {
        let rule = self.day_rule(day);
        let Some(days) = self.special_days(rule) else {
            return Rule::WeeklyHours;
        };
        let name = days.name().to_owned();
        match rule {
            DayRule::Exception(_) => Rule::Exception { name },
            DayRule::Holiday(_) => Rule::Holiday { name },
            DayRule::WeeklyHours => Rule::WeeklyHours,
        }
    }

    /// The day that contains a moment. Not the date that a clock shows: a clock that is put back
    /// over midnight shows a date again that has ended.
    fn day_of(&self, moment: Timestamp) -> Date {
        let shown = self.time_zone.date_at(moment);
        [after(shown), shown]
            .into_iter()
            .find(|day| self.moment(*day, TimeOfDay::MIDNIGHT) <= moment)
            .unwrap_or_else(|| before(shown))
    }

    fn moment(&self, day: Date, time: TimeOfDay) -> Timestamp {
        self.time_zone.moment(day, time)
    }
}

impl Zone {
    /// The moment of a time of a day; `24:00` is the beginning of the next day.
    pub(crate) fn moment(&self, day: Date, time: TimeOfDay) -> Timestamp {
        let (day, minutes) = if time == TimeOfDay::END {
            (after(day), 0)
        } else {
            (day, time.minutes())
        };
        let [hour, minute] =
            [minutes / 60, minutes % 60].map(|part| i8::try_from(part).unwrap_or(0));
        let moment = self.rules().to_timestamp(day.at(hour, minute, 0, 0));
        // Every moment of the years in `YEARS` exists.
        Timestamp::from_millis(moment.unwrap_or(jiff::Timestamp::MAX).as_millisecond())
    }

    /// The date that the zone's clocks show at a moment.
    pub(crate) fn date_at(&self, moment: Timestamp) -> Date {
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis());
        moment
            .map_or(YEARS.1, |moment| self.rules().to_datetime(moment).date())
            .clamp(YEARS.0, YEARS.1)
    }
}

fn after(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

fn before(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}
