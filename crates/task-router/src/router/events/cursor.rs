//! Where an event stands among all others, and how its id says so.

use ids::EventSid;
use ids::time::Timestamp;

/// Shards the events of one hour of a Workspace are spread over. A call is half a dozen items, so sixteen, each good for a
/// thousand a second, hold more calls than a Workspace can have.
pub const EVENT_SHARDS: u8 = 16;

/// Milliseconds in the hour by which events are kept together.
const HOUR_MILLIS: i64 = 3_600_000;

/// The latest moment an id can carry, in milliseconds since 1970: 44 bits, the year 2527.
const MILLIS_MAX: i64 = (1 << 44) - 1;

/// The highest version an id can carry: 24 bits. Later ones begin anew; the digest still tells them apart.
const VERSION_MAX: u64 = (1 << 24) - 1;

/// What an event is about, and which write of it: the same cause again names the same events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause<'a> {
    /// The id of the Task, the Worker or the part of the configuration.
    pub about: &'a str,
    /// Its version, or another number that is of this write alone and higher than those before.
    pub version: u64,
    /// When it was written.
    pub at: Timestamp,
}

/// The place of an event. Places are ordered as the events are listed; those of one Task are in the order of its versions,
/// also within a millisecond.
///
/// An [`EventSid`] is a place: 44 bits of milliseconds, 4 of the shard, 24 of the version, 48 of a digest of the cause and 8
/// of the number within the write. So an event is found by its id without an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventCursor {
    /// When it happened.
    pub at: Timestamp,
    version: u32,
    digest: u64,
    shard: u8,
    /// Which of the events of one write, counted from 0.
    pub index: u8,
}

impl EventCursor {
    /// The place of the first event of this cause.
    pub fn of(cause: Cause<'_>) -> Self {
        let [high, low, d2, d3, d4, d5, ..] = EventSid::derive(&[
            cause.about,
            &cause.version.to_string(),
            &cause.at.as_millis().to_string(),
        ])
        .to_bytes();
        Self {
            at: Timestamp::from_millis(cause.at.as_millis().clamp(0, MILLIS_MAX)),
            version: (cause.version & VERSION_MAX) as u32,
            digest: u64::from_be_bytes([0, 0, high, low, d2, d3, d4, d5]),
            shard: Self::shard_of(cause.about),
            index: 0,
        }
    }

    /// The place an id names.
    pub fn of_sid(sid: EventSid) -> Self {
        let [
            b0,
            b1,
            b2,
            b3,
            b4,
            b5,
            v0,
            v1,
            v2,
            d0,
            d1,
            d2,
            d3,
            d4,
            d5,
            index,
        ] = sid.to_bytes();
        let moment_and_shard = i64::from_be_bytes([0, 0, b0, b1, b2, b3, b4, b5]);
        Self {
            at: Timestamp::from_millis(moment_and_shard >> 4),
            version: u32::from_be_bytes([0, v0, v1, v2]),
            digest: u64::from_be_bytes([0, 0, d0, d1, d2, d3, d4, d5]),
            shard: b5 & (EVENT_SHARDS - 1),
            index,
        }
    }

    /// The place before all events of a moment and after all earlier ones.
    pub fn before(moment: Timestamp) -> Self {
        let at = Timestamp::from_millis(moment.as_millis().clamp(0, MILLIS_MAX));
        Self {
            at,
            version: 0,
            digest: 0,
            shard: 0,
            index: 0,
        }
    }

    /// The shard of the events about a Task or Worker.
    pub fn shard_of(about: &str) -> u8 {
        let [first, ..] = EventSid::derive(&[about]).to_bytes();
        first % EVENT_SHARDS
    }

    /// The place of another event of the same write.
    #[must_use]
    pub fn numbered(self, index: u8) -> Self {
        Self { index, ..self }
    }

    /// The id that names it.
    pub fn sid(self) -> EventSid {
        let [_, _, b0, b1, b2, b3, b4, b5] =
            ((self.at.as_millis() << 4) | i64::from(self.shard)).to_be_bytes();
        let [_, v0, v1, v2] = self.version.to_be_bytes();
        let [_, _, d0, d1, d2, d3, d4, d5] = self.digest.to_be_bytes();
        EventSid::from_bytes([
            b0, b1, b2, b3, b4, b5, v0, v1, v2, d0, d1, d2, d3, d4, d5, self.index,
        ])
    }

    /// The hour it happened in, counted from 1970.
    pub fn hour(self) -> i64 {
        self.at.as_millis().div_euclid(HOUR_MILLIS)
    }

    /// The moment an hour begins.
    pub fn hour_begins(hour: i64) -> Timestamp {
        Timestamp::from_millis(hour.saturating_mul(HOUR_MILLIS))
    }

    /// The shard it is kept in, below [`EVENT_SHARDS`].
    pub fn shard(self) -> u8 {
        self.shard
    }

    /// A text that orders the writes of one shard as places are ordered; the same for all events of one write.
    pub fn write_key(self) -> String {
        format!(
            "{:013}#{:06x}{:012x}",
            self.at.as_millis(),
            self.version,
            self.digest
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_795_348_800_123);

    fn place(about: &str, version: u64, at: Timestamp) -> EventCursor {
        EventCursor::of(Cause { about, version, at })
    }

    #[test]
    fn an_id_is_read_back_as_the_place_it_was_made_from() {
        for at in [0, 1, 1_795_348_800_123, MILLIS_MAX] {
            for version in [0, 1, 255, VERSION_MAX, u64::MAX] {
                for index in [0, 3, 255] {
                    let made = place("WT1", version, Timestamp::from_millis(at)).numbered(index);
                    assert_eq!(EventCursor::of_sid(made.sid()), made);
                    assert!(made.shard() < EVENT_SHARDS);
                }
            }
        }
        for anything in [[0; 16], [255; 16]] {
            assert_eq!(
                EventCursor::of_sid(EventSid::from_bytes(anything)).sid(),
                EventSid::from_bytes(anything)
            );
        }
    }

    #[test]
    fn the_same_cause_has_the_same_place_and_another_cause_another() {
        assert_eq!(place("WT1", 1, AT), place("WT1", 1, AT));
        let others = [
            place("WT2", 1, AT),
            place("WT1", 2, AT),
            place("WT1", 1 + (1 << 24), AT),
        ];
        assert!(
            others
                .iter()
                .all(|other| other.sid() != place("WT1", 1, AT).sid())
        );
    }

    #[test]
    fn later_is_higher_and_within_a_millisecond_the_version_decides() {
        let later = Timestamp::from_millis(AT.as_millis() + 1);
        let ordered = [
            EventCursor::before(AT),
            place("WT1", 1, AT),
            place("WT1", 1, AT).numbered(1),
            place("WT1", 2, AT),
            EventCursor::before(later),
            place("WT1", 1, later),
        ];
        assert!(ordered.is_sorted(), "{ordered:?}");
        assert!(ordered.iter().map(|place| place.write_key()).is_sorted());
    }
}
