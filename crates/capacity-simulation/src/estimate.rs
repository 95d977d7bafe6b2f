//! Means of independent replications, with 95 % confidence intervals.

/// The mean of replications.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of its 95 % confidence interval (Student's t); `None` with fewer than two
    /// replications.
    pub half_width: Option<f64>,
    /// The replications that have a value.
    pub replications: u32,
}

impl Estimate {
    /// Whether 0 is outside of the interval: the difference of two set-ups is significant.
    pub fn is_significant(&self) -> bool {
        self.half_width
            .is_some_and(|half_width| self.mean.abs() > half_width)
    }
}

/// Mean and variance of the values so far (Welford's algorithm).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Accumulator {
    count: u32,
    mean: f64,
    squares: f64,
}

impl Accumulator {
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / f64::from(self.count);
        self.squares += before * (value - self.mean);
    }

    /// `None` without a value.
    pub fn estimate(&self) -> Option<Estimate> {
        let freedom = self.count.checked_sub(1)?;
        let half_width = (freedom > 0).then(|| {
            let variance = self.squares / f64::from(freedom);
            t_quantile(freedom) * (variance / f64::from(self.count)).sqrt()
        });
        Some(Estimate {
            mean: self.mean,
            half_width,
            replications: self.count,
        })
    }
}

/// The 97.5 % quantile of Student's t distribution for 1 to 30 degrees of freedom.
const T_QUANTILES: [f64; 30] = [
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010,
    2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687,
    2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
];

/// The same quantile for any number of degrees of freedom; beyond the table by the Cornish-Fisher
/// expansion, which is exact to four digits there.
fn t_quantile(freedom: u32) -> f64 {
    const Z: f64 = 1.959_964;
    let index = usize::try_from(freedom.saturating_sub(1)).unwrap_or(usize::MAX);
    T_QUANTILES.get(index).copied().unwrap_or_else(|| {
        let n = f64::from(freedom);
        let first = (Z.powi(3) + Z) / 4.0;
        let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
        Z + first / n + second / n.powi(2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_is_students() {
        let mut values = Accumulator::default();
        assert_eq!(values.estimate(), None);
        values.add(1.0);
        assert_eq!(values.estimate().and_then(|it| it.half_width), None);
        for value in [2.0, 3.0, 4.0, 5.0] {
            values.add(value);
        }
        let estimate = values.estimate().unwrap();
        assert_eq!((estimate.mean, estimate.replications), (3.0, 5));
        // The deviation is 1.5811, four degrees of freedom.
        let half_width = estimate.half_width.unwrap();
        assert!((half_width - 2.7764 * 1.581_139 / 5_f64.sqrt()).abs() < 1e-5);
        assert!(estimate.is_significant());
    }

    #[test]
    fn quantile_is_that_of_the_tables() {
        for (freedom, expected) in [
            (1, 12.7062),
            (30, 2.0423),
            (31, 2.0395),
            (60, 2.0003),
            (1_000, 1.9623),
        ] {
            assert!((t_quantile(freedom) - expected).abs() < 1e-4, "{freedom}");
        }
    }
}
