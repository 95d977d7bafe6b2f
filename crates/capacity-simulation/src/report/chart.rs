//! Line charts as inline SVG.

use maud::{Markup, html};

use crate::estimate::Estimate;
use crate::metric::Unit;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 24.0;
const RIGHT: f64 = 24.0;

/// Labels of the x axis, at most.
const LABELS_MAX: usize = 12;

/// A line of a chart: a name, and an estimate for each interval.
pub struct Line {
    pub name: String,
    pub points: Vec<Option<Estimate>>,
}

/// A chart of lines over the intervals of the day, with their 95 % intervals as bands.
pub fn chart(title: &str, unit: Unit, intervals: &[String], lines: &[Line]) -> Markup {
    let highest = |estimate: &Estimate| estimate.mean + estimate.half_width.unwrap_or_default();
    let points = lines.iter().flat_map(|line| line.points.iter().flatten());
    let top = points.map(highest).fold(f64::MIN_POSITIVE, f64::max);
    let top = match unit {
        Unit::Share => top.min(1.0),
        Unit::Calls | Unit::Seconds | Unit::Hours => top,
    };
    let scale = Scale {
        top,
        count: intervals.len(),
    };
    let every = intervals.len().div_ceil(LABELS_MAX).max(1);
    html! {
        figure {
            figcaption { (title) }
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(title) {
                @for quarter in 0..=4_u8 {
                    @let value = top * f64::from(quarter) / 4.0;
                    @let y = scale.y(value);
                    line class="grid" x1=(LEFT) x2=(WIDTH - RIGHT) y1=(at(y)) y2=(at(y)) {}
                    text class="axis" x=(LEFT - 6.0) y=(at(y + 4.0)) text-anchor="end" { (unit.print(value)) }
                }
                @for (index, name) in intervals.iter().enumerate().step_by(every) {
                    text class="axis" x=(at(scale.x(index))) y=(HEIGHT - 6.0) text-anchor="middle" { (name) }
                }
                @for (number, line) in lines.iter().enumerate() {
                    @let class = format!("line{}", number % 6);
                    polygon class=(format!("band {class}")) points=(scale.band(line)) {}
                    polyline class=(class) points=(scale.line(line)) { title { (line.name) } }
                }
            }
            ul class="legend" {
                @for (number, line) in lines.iter().enumerate() {
                    li class=(format!("line{}", number % 6)) { (line.name) }
                }
            }
        }
    }
}

struct Scale {
    top: f64,
    count: usize,
}

impl Scale {
    #[allow(clippy::cast_precision_loss, reason = "a day has few intervals")]
    fn x(&self, index: usize) -> f64 {
        let steps = self.count.saturating_sub(1).max(1) as f64;
        LEFT + (WIDTH - LEFT - RIGHT) * index as f64 / steps
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value / self.top).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share
    }

    fn line(&self, line: &Line) -> String {
        let points = line.points.iter().enumerate();
        let points = points.filter_map(|(index, point)| Some((index, point.as_ref()?.mean)));
        self.path(points)
    }

    fn band(&self, line: &Line) -> String {
        let bound = |side: f64| {
            let points = line.points.iter().enumerate();
            points.filter_map(move |(index, point)| {
                let point = point.as_ref()?;
                Some((index, point.mean + side * point.half_width?))
            })
        };
        let lower: Vec<(usize, f64)> = bound(-1.0).collect();
        self.path(bound(1.0).chain(lower.into_iter().rev()))
    }

    fn path(&self, points: impl Iterator<Item = (usize, f64)>) -> String {
        let place = |(index, value)| format!("{},{}", at(self.x(index)), at(self.y(value)));
        points.map(place).collect::<Vec<_>>().join(" ")
    }
}

/// A coordinate with one digit.
fn at(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}
