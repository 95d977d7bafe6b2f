//! Distributions of talk times, wrap-up, patience and answers.

use ids::time::Millis;
use rand::{Rng, RngExt};
use rand_distr::{Distribution as _, Exp1, Gamma, LogNormal};
use serde::Deserialize;
use serde::de::Deserializer;
use serde_saphyr::Spanned;

use super::scalars::{Span, error_at, millis};

/// The most recorded values of one distribution: a value is 8 bytes.
pub const VALUES_MAX: usize = 100_000;

/// A distribution of durations.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Always this duration.
    Fixed(Span),
    /// Exponential, with this mean in seconds.
    Exponential(f64),
    /// Log-normal; `LogNormal` of the natural logarithm of seconds.
    LogNormal(LogNormal<f64>),
    /// Gamma, in seconds; Erlang distributions are a special case.
    Gamma(Gamma<f64>),
    /// Each duration between both equally likely.
    Uniform(Span, Span),
    /// One of these recorded durations, each equally likely.
    Values(Vec<Span>),
}

impl Distribution {
    /// Draws a duration.
    pub fn draw(&self, rng: &mut impl Rng) -> Millis {
        match self {
            Self::Fixed(span) => span.0,
            Self::Exponential(mean) => {
                let unit: f64 = Exp1.sample(rng);
                millis(unit * mean)
            }
            Self::LogNormal(distribution) => millis(distribution.sample(rng)),
            Self::Gamma(distribution) => millis(distribution.sample(rng)),
            Self::Uniform(min, max) => {
                let share: f64 = rng.random();
                millis(min.as_secs() + share * (max.as_secs() - min.as_secs()))
            }
            Self::Values(values) => {
                let index = rng.random_range(0..values.len().max(1));
                values.get(index).map_or(Millis::ZERO, |span| span.0)
            }
        }
    }
}

/// A distribution as it is written: a mapping with one key.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Fixed(Span),
    Exponential(Span),
    Lognormal(Moments),
    Gamma(Moments),
    Uniform(Limits),
    Values(Vec<Span>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moments {
    mean: Span,
    deviation: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    min: Span,
    max: Span,
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Spanned::<Written>::deserialize(deserializer)?;
        written
            .value
            .checked()
            .map_err(|message| error_at(&written, message))
    }
}

impl Written {
    fn checked(&self) -> Result<Distribution, &'static str> {
        Ok(match self {
            Self::Fixed(span) => Distribution::Fixed(*span),
            Self::Exponential(mean) => Distribution::Exponential(mean.as_secs()),
            Self::Lognormal(moments) => {
                let (mean, deviation) = moments.positive()?;
                let variance = (1.0 + (deviation / mean).powi(2)).ln();
                let distribution = LogNormal::new(mean.ln() - variance / 2.0, variance.sqrt());
                Distribution::LogNormal(distribution.map_err(|_| POSITIVE)?)
            }
            Self::Gamma(moments) => {
                let (mean, deviation) = moments.positive()?;
                let shape = (mean / deviation).powi(2);
                Distribution::Gamma(Gamma::new(shape, mean / shape).map_err(|_| POSITIVE)?)
            }
            Self::Uniform(limits) if limits.min > limits.max => {
                return Err("expected a uniform distribution whose `min` is not above its `max`");
            }
            Self::Uniform(limits) => Distribution::Uniform(limits.min, limits.max),
            Self::Values(values) if values.is_empty() || values.len() > VALUES_MAX => {
                return Err("expected `values` to have 1 to 100000 durations");
            }
            Self::Values(values) => Distribution::Values(values.clone()),
        })
    }
}

const POSITIVE: &str = "expected a `mean` and a `deviation` above 0";

impl Moments {
    fn positive(&self) -> Result<(f64, f64), &'static str> {
        let moments = (self.mean.as_secs(), self.deviation.as_secs());
        if moments.0 > 0.0 && moments.1 > 0.0 {
            Ok(moments)
        } else {
            Err(POSITIVE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::generator;

    fn read(text: &str) -> Result<Distribution, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    /// Mean and standard deviation of many draws are those that the scenario names.
    #[test]
    fn draws_have_the_written_moments() {
        for (text, mean, deviation) in [
            ("fixed: 30s", 30.0, 0.0),
            ("exponential: 4m", 240.0, 240.0),
            ("lognormal: { mean: 4m, deviation: 3m }", 240.0, 180.0),
            ("gamma: { mean: 100, deviation: 50 }", 100.0, 50.0),
            ("uniform: { min: 10s, max: 20s }", 15.0, 2.8868),
            ("values: [10, 20, 60s]", 30.0, 21.602),
        ] {
            let distribution = read(text).unwrap();
            let mut rng = generator([7, 0, 0, 0]);
            let draws: Vec<f64> = (0..200_000)
                .map(|_| Span(distribution.draw(&mut rng)).as_secs())
                .collect();
            let count = draws.len() as f64;
            let average = draws.iter().sum::<f64>() / count;
            let spread = draws.iter().map(|draw| (draw - average).powi(2));
            let spread = (spread.sum::<f64>() / count).sqrt();
            assert!((average - mean).abs() < 0.02 * mean, "{text}: {average}");
            let tolerance = 0.03 * deviation + 0.001;
            assert!((spread - deviation).abs() < tolerance, "{text}: {spread}");
        }
    }

    #[test]
    fn wrong_distribution_says_what_is_expected() {
        for (text, expected) in [
            ("exponential: soon", "a duration such as 90"),
            (
                "lognormal: { mean: 0, deviation: 3 }",
                "a `deviation` above 0",
            ),
            ("uniform: { min: 3, max: 2 }", "not above its `max`"),
            ("values: []", "1 to 100000 durations"),
            ("normal: 3", "normal"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
