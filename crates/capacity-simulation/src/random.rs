//! Random numbers. Each call has a generator of its own, seeded by the scenario's seed, the
//! replication, the kind of call and the number of the call.
//!
//! So a call has the same talk time, wrap-up and patience whatever the centre does with it: two
//! set-ups are compared on common random numbers.

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator: portable, the same numbers on every machine.
pub type Generator = Xoshiro256PlusPlus;

/// The generator for this purpose; other parts, other numbers.
pub fn generator(parts: [u64; 4]) -> Generator {
    let mut state = 0x243F_6A88_85A3_08D3;
    for part in parts {
        state = mixed(state ^ part);
    }
    Generator::seed_from_u64(state)
}

/// A number that depends on this text alone (FNV-1a).
pub fn number_of(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// An exponential draw of mean 1.
pub fn exponential(rng: &mut impl Rng) -> f64 {
    Exp1.sample(rng)
}

/// A bijection whose every output bit depends on every input bit (SplitMix64).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of this generator, written down: another version of it would change every result.
    #[test]
    fn generator_is_the_same_everywhere() {
        let mut rng = generator([1, 2, 3, 4]);
        let numbers = [rng.next_u64(), rng.next_u64()];
        assert_eq!(
            numbers,
            [5_641_262_242_182_655_952, 10_893_633_616_067_081_765]
        );
        assert_ne!(generator([1, 2, 3, 5]).next_u64(), numbers[0]);
        assert_ne!(generator([2, 1, 3, 4]).next_u64(), numbers[0]);
    }
}
