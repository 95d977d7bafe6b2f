//! The cursor of an Event among all Events, and the id that contains it.

use ids::EventSid;
use ids::time::Timestamp;

/// Shards over which the Events of one hour of a Workspace are spread. A call has half a dozen
/// items, and a shard takes a thousand items a second, so sixteen shards hold more calls than a
/// Workspace can have.
pub const EVENT_SHARDS: u8 = 16;

/// Milliseconds in an hour: the Events of one hour and shard are in one partition.
const HOUR_MILLIS: i64 = 3_600_000;

/// The latest moment in an id, in milliseconds since 1970: 44 bits, the year 2527.
const MILLIS_MAX: i64 = (1 << 44) - 1;

/// The highest version in an id: 24 bits. Later versions start again at 0; the digest still
/// distinguishes them.
const VERSION_MAX: u64 = (1 << 24) - 1;

/// The write that an Event is about. The same cause gives the same Events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause<'a> {
    /// The id of the Task, the Worker or the part of the configuration.
    pub about: &'a str,
    /// Its version, or another number that is unique to this write and higher than earlier ones.
    pub version: u64,
    /// The moment of the write.
    pub at: Timestamp,
}

/// A cursor among all Events, in the order in which they are listed. The Events of one Task are in
/// the order of its versions, also within a millisecond.
///
/// An [`EventSid`] is a cursor: 44 bits of milliseconds, 4 of the shard, 24 of the version, 48 of a
/// digest of the cause and 8 of the number within the write. So an Event is found by its id without
/// an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventCursor {
    /// The moment of the write.
    pub at: Timestamp,
    version: u32,
    digest: u64,
    shard: u8,
    /// The number of the Event within its write, counted from 0.
    pub index: u8,
}

impl EventCursor {
    /// The cursor of the first Event of this cause.
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

    /// The cursor that an id contains.
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

    /// The cursor before all Events of a moment and after all earlier ones.
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

    /// The shard of the Events about a Task, a Worker or a part of the configuration.
    pub fn shard_of(about: &str) -> u8 {
        let [first, ..] = EventSid::derive(&[about]).to_bytes();
        first % EVENT_SHARDS
    }

    /// The cursor of another Event of the same write.
    #[must_use]
    pub fn numbered(self, index: u8) -> Self {
        Self { index, ..self }
    }

    /// The id that contains the cursor.
    pub fn sid(self) -> EventSid {
        let [_, _, b0, b1, b2, b3, b4, b5] =
            ((self.at.as_millis() << 4) | i64::from(self.shard)).to_be_bytes();
        let [_, v0, v1, v2] = self.version.to_be_bytes();
        let [_, _, d0, d1, d2, d3, d4, d5] = self.digest.to_be_bytes();
        EventSid::from_bytes([
            b0, b1, b2, b3, b4, b5, v0, v1, v2, d0, d1, d2, d3, d4, d5, self.index,
        ])
    }

    /// The hour of the moment, counted from 1970.
    pub fn hour(self) -> i64 {
        self.at.as_millis().div_euclid(HOUR_MILLIS)
    }

    /// The moment at which an hour begins.
    pub fn hour_begins(hour: i64) -> Timestamp {
        Timestamp::from_millis(hour.saturating_mul(HOUR_MILLIS))
    }

    /// The shard in which the Event is stored, below [`EVENT_SHARDS`].
    pub fn shard(self) -> u8 {
        self.shard
    }

    /// A sort key of the writes of one shard, in the order of cursors. All Events of one write have
    /// the same key.
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

    fn cursor(about: &str, version: u64, at: Timestamp) -> EventCursor {
        EventCursor::of(Cause { about, version, at })
    }

    #[test]
    fn id_round_trips_as_a_cursor() {
        for at in [0, 1, 1_795_348_800_123, MILLIS_MAX] {
            for version in [0, 1, 255, VERSION_MAX, u64::MAX] {
                for index in [0, 3, 255] {
                    let made = cursor("WT1", version, Timestamp::from_millis(at)).numbered(index);
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
    fn same_cause_has_the_same_cursor() {
        assert_eq!(cursor("WT1", 1, AT), cursor("WT1", 1, AT));
        let others = [
            cursor("WT2", 1, AT),
            cursor("WT1", 2, AT),
            cursor("WT1", 1 + (1 << 24), AT),
        ];
        assert!(
            others
                .iter()
                .all(|other| other.sid() != cursor("WT1", 1, AT).sid())
        );
    }

    #[test]
    fn cursors_are_in_the_order_of_time_and_version() {
        let later = Timestamp::from_millis(AT.as_millis() + 1);
        let ordered = [
            EventCursor::before(AT),
            cursor("WT1", 1, AT),
            cursor("WT1", 1, AT).numbered(1),
            cursor("WT1", 2, AT),
            EventCursor::before(later),
            cursor("WT1", 1, later),
        ];
        assert!(ordered.is_sorted(), "{ordered:?}");
        assert!(ordered.iter().map(|cursor| cursor.write_key()).is_sorted());
    }

    /// Stored Events are found by these values, so they never change.
    #[test]
    fn place_of_an_event_is_fixed() {
        let made = cursor("WT1", 1, AT);
        assert_eq!((made.hour(), made.shard()), (498_708, 7));
        assert_eq!(
            EventCursor::hour_begins(made.hour()),
            Timestamp::from_millis(498_708 * HOUR_MILLIS)
        );
        let key = made.write_key();
        assert!(
            key.starts_with("1795348800123#000001") && key.len() == 32,
            "{key}"
        );
        for number in 0..100 {
            let about = format!("WT{number}");
            let [first, ..] = EventSid::derive(&[&about]).to_bytes();
            assert_eq!(EventCursor::shard_of(&about), first & (EVENT_SHARDS - 1));
        }
    }
}
