//! What an instance remembers of what it did: a cache without which it would do more than it must.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The last value for each key, for `MAX` keys at most. Beyond that all are forgotten.
#[derive(Debug)]
pub(crate) struct Remembered<K, V, const MAX: usize>(Mutex<BTreeMap<K, V>>);

impl<K: Ord, V: Copy, const MAX: usize> Remembered<K, V, MAX> {
    /// The last value for the key.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.values().get(key).copied()
    }

    /// Remembers a value.
    pub(crate) fn insert(&self, key: K, value: V) {
        let mut values = self.values();
        if values.len() >= MAX {
            values.clear();
        }
        values.insert(key, value);
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V, const MAX: usize> Default for Remembered<K, V, MAX> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_forgotten_beyond_the_limit() {
        let remembered = Remembered::<u8, char, 2>::default();
        remembered.insert(1, 'a');
        remembered.insert(2, 'b');
        assert_eq!(
            (remembered.get(&1), remembered.get(&2)),
            (Some('a'), Some('b'))
        );
        remembered.insert(3, 'c');
        assert_eq!(
            (remembered.get(&1), remembered.get(&2), remembered.get(&3)),
            (None, None, Some('c'))
        );
    }
}
