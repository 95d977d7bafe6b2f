//! Numbers of expressions and attributes: integers of 64 bits are exact (taskrouter.md section
//! 8.3).

use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

/// A number that is written in an expression or in attributes.
///
/// Two numbers compare by their values, exactly: an integer of 64 bits, signed or unsigned, is not
/// rounded to a decimal first, so `9007199254740993` is not `9007199254740992`. A decimal, and an
/// integer beyond 64 bits, is the closest IEEE 754 number of 64 bits.
#[derive(Debug, Clone, Copy)]
pub struct Number(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Integer(i64),
    /// Larger than every [`Kind::Integer`].
    LargeInteger(u64),
    /// Finite.
    Decimal(f64),
}

impl Number {
    /// The number of a JSON value. `None`: it is too large for a decimal.
    pub fn of_json(number: &serde_json::Number) -> Option<Self> {
        let integer = number.as_i64().map(Self::from);
        integer
            .or_else(|| number.as_u64().map(Self::from))
            .or_else(|| Self::decimal(number.as_f64()?))
    }

    /// The number of digits, with a sign and a decimal point where it has them. `None`: the text
    /// is no number, or it is too large for a decimal.
    pub(super) fn of_digits(text: &str) -> Option<Self> {
        let integer = text.parse::<i64>().ok().map(Self::from);
        integer
            .or_else(|| text.parse::<u64>().ok().map(Self::from))
            .or_else(|| Self::decimal(text.parse().ok()?))
    }

    fn decimal(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Kind::Decimal(value)))
    }

    /// Is it an integer, however it is written?
    pub fn is_whole(self) -> bool {
        match self.0 {
            Kind::Integer(_) | Kind::LargeInteger(_) => true,
            Kind::Decimal(value) => value.fract() == 0.0,
        }
    }

    /// The number without its fraction. A decimal beyond 128 bits becomes the largest or smallest
    /// value, which is on the same side of every integer of 64 bits.
    fn trunc(self) -> i128 {
        match self.0 {
            Kind::Integer(value) => value.into(),
            Kind::LargeInteger(value) => value.into(),
            Kind::Decimal(value) => value as i128,
        }
    }

    fn fract(self) -> f64 {
        match self.0 {
            Kind::Integer(_) | Kind::LargeInteger(_) => 0.0,
            Kind::Decimal(value) => value.fract(),
        }
    }

    /// The number as an array index. `None`: it is not a whole number from 0 to `max`.
    pub(super) fn index(self, max: u16) -> Option<usize> {
        let index = usize::try_from(self.trunc()).ok()?;
        (self.is_whole() && index <= usize::from(max)).then_some(index)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Kind::Integer(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(i64::try_from(value).map_or(Kind::LargeInteger(value), Kind::Integer))
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self::from(i64::from(value))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let rounded = |left: f64, right: f64| left.partial_cmp(&right).unwrap_or(Ordering::Equal);
        match (self.0, other.0) {
            (Kind::Decimal(left), Kind::Decimal(right)) => rounded(left, right),
            (
                Kind::Integer(_) | Kind::LargeInteger(_) | Kind::Decimal(_),
                Kind::Integer(_) | Kind::LargeInteger(_) | Kind::Decimal(_),
            ) => self
                .trunc()
                .cmp(&other.trunc())
                .then_with(|| rounded(self.fract(), other.fract())),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Integer(value) => value.fmt(f),
            Kind::LargeInteger(value) => value.fmt(f),
            Kind::Decimal(value) => {
                let digits = value.to_string();
                f.write_str(&digits)?;
                // The digits of a large decimal may be those of another number, an integer.
                if Self::of_digits(&digits) == Some(*self) {
                    return Ok(());
                }
                f.write_str(".0")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_compare_as_the_order_does() {
        let (one, two) = (Number::from(1_u32), Number::from(2_u32));
        assert!(one < two);
    }

    /// In ascending order, with no two equal: neighbours around the bounds of 53, 63 and 64 bits,
    /// and decimals between integers.
    const ASCENDING: [&str; 20] = [
        "-1000000000000000000000000000000000000000000",
        "-9223372036854775809000",
        "-9223372036854775808",
        "-9223372036854775807",
        "-9007199254740993",
        "-9007199254740992",
        "-3.5",
        "-3",
        "-2.5",
        "0",
        "2.5",
        "3",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551614",
        "18446744073709551615",
        "18446744073709551616",
        "1000000000000000000000000000000000000000000",
    ];

    #[test]
    fn numbers_compare_exactly() {
        let numbers: Vec<Number> = ASCENDING
            .map(|text| Number::of_digits(text).unwrap())
            .into();
        for (at, left) in numbers.iter().enumerate() {
            for (other, right) in numbers.iter().enumerate() {
                assert_eq!(left.cmp(right), at.cmp(&other), "{left} {right}");
            }
        }
    }

    #[test]
    fn spelling_does_not_matter() {
        for (left, right) in [
            ("3", "3.0"),
            ("-3", "-3.0"),
            ("0", "-0.0"),
            ("9007199254740992", "9007199254740992.0"),
            ("18446744073709551616", "18446744073709551616.0"),
        ] {
            assert_eq!(Number::of_digits(left), Number::of_digits(right));
        }
    }

    /// Beyond 64 bits the JSON parser does not always choose the closest decimal.
    #[test]
    fn json_and_digits_are_the_same_number() {
        let is_of_64_bits = |text: &&str| text.len() <= 20;
        for text in ASCENDING.into_iter().filter(is_of_64_bits) {
            let json = serde_json::from_str(text).unwrap();
            assert_eq!(Number::of_json(&json), Number::of_digits(text), "{text}");
        }
    }

    #[test]
    fn integer_of_64_bits_is_printed_with_all_digits() {
        for text in [
            "9007199254740993",
            "-9223372036854775808",
            "18446744073709551615",
        ] {
            assert_eq!(Number::of_digits(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn printed_number_is_read_as_the_same() {
        for text in [
            "6.0",
            "4444444444444444200.0",
            "-9223372036854775807.5",
            "1e22",
        ] {
            let number = Number::of_digits(text).unwrap();
            let printed = number.to_string();
            assert_eq!(Number::of_digits(&printed), Some(number), "{printed}");
        }
    }

    #[test]
    fn index_is_a_small_whole_number() {
        let index = |text| Number::of_digits(text).unwrap().index(4_096);
        assert_eq!(index("0"), Some(0));
        assert_eq!(index("4096.0"), Some(4_096));
        for wrong in ["-1", "0.5", "4097", "18446744073709551616"] {
            assert_eq!(index(wrong), None, "{wrong}");
        }
    }
}
