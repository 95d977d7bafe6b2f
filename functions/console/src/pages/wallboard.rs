//! Numbers for a whole room: each TaskQueue now, and its last hours as plots. All of them are the API's statistics; a
//! number the API does not have is a dash.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use http::StatusCode;
use ids::time::{Millis, Timestamp};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::resource::waits;
use crate::changes::Watch;
use crate::layout::{self, Page};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext, entries, text};

/// TaskQueues on the board: more could not be read across a room.
const QUEUES_MAX: usize = 8;

/// Seconds within which a Task should be accepted, for the service level.
const ANSWERED_WITHIN_SECS: u64 = 20;

/// How far back the numbers count, in minutes.
const MINUTES: u32 = 4 * 60;

/// Points of a plot.
const POINTS: u64 = 8;

/// What one point covers.
const POINT: Millis = Millis::from_secs(30 * 60);

/// The page: numbers that follow every change, and plots that are drawn once a minute.
pub async fn show(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    let split = format!("Minutes={MINUTES}&SplitByWaitTime={ANSWERED_WITHIN_SECS}");
    let (queues, numbers) = join(queues(visit), statistics(visit, &split)).await;
    let (queues, numbers) = (queues?, numbers.unwrap_or_default());
    let boards: Vec<Board> = queues
        .iter()
        .map(|queue| Board::of(queue, &numbers))
        .collect();
    let live = html! {
        @if boards.is_empty() { p .empty { "There is no TaskQueue." } }
        div .board { @for board in &boards { (board.show()) } }
    };
    let head = html! {
        p .quiet { "The last " (MINUTES / 60) " hours; the service level counts what was accepted within " (ANSWERED_WITHIN_SECS) " s." }
    };
    let tail = html! { div #plots hx-get="/console/wallboard/plots" hx-trigger="load, every 60s" hx-swap="innerHTML" {} };
    let page = Page {
        title: "Wallboard",
        section: "wallboard",
        watch: Some(Watch::Everything),
        head,
        live,
    };
    Ok(layout::page_and(visit, StatusCode::OK, page, tail))
}

/// The plots, without a page around them.
pub async fn plots(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    let queues = queues(visit).await?;
    let spans = spans(visit.now);
    let answers = spans.iter().map(|(from, until)| async move {
        let span = format!(
            "StartDate={}&EndDate={}",
            from.to_iso8601(),
            until.to_iso8601()
        );
        statistics(visit, &span).await.ok()
    });
    let Some(numbers) = join_all(answers)
        .await
        .into_iter()
        .collect::<Option<Vec<Numbers>>>()
    else {
        return Ok(Reply::page(StatusCode::OK, html! {}));
    };
    let times: Vec<Timestamp> = spans.into_iter().map(|(from, _)| from).collect();
    let series = queues
        .iter()
        .map(|queue| Series::of(queue, &times, &numbers));
    Ok(Reply::page(
        StatusCode::OK,
        html! { @for series in series { (series.show()) } },
    ))
}

async fn queues(visit: &RequestContext<'_>) -> Result<Vec<Value>, Refused> {
    let list = visit
        .get(&format!("TaskQueues?PageSize={QUEUES_MAX}"))
        .await?;
    Ok(entries(&list).to_vec())
}

/// What the API says of each TaskQueue, by its SID.
type Numbers = BTreeMap<String, Value>;

/// The statistics of all TaskQueues of the board: what they are made from is read once.
async fn statistics(visit: &RequestContext<'_>, query: &str) -> Result<Numbers, Refused> {
    let list = visit
        .get(&format!(
            "TaskQueues/Statistics?PageSize={QUEUES_MAX}&{query}"
        ))
        .await?;
    Ok(entries(&list)
        .iter()
        .map(|queue| (text(queue, "task_queue_sid").to_owned(), queue.clone()))
        .collect())
}

/// A TaskQueue's numbers.
struct Board {
    name: String,
    now: Value,
    lately: Value,
}

impl Board {
    fn of(queue: &Value, numbers: &Numbers) -> Self {
        let part = |name: &str| {
            numbers
                .get(text(queue, "sid"))
                .and_then(|queue| queue.get(name))
                .cloned()
        };
        Self {
            name: text(queue, "friendly_name").to_owned(),
            now: part("realtime").unwrap_or_default(),
            lately: part("cumulative").unwrap_or_default(),
        }
    }

    fn show(&self) -> Markup {
        let status = |name: &str| {
            self.now
                .pointer(&format!("/tasks_by_status/{name}"))
                .and_then(Value::as_u64)
        };
        let waiting = status("pending")
            .zip(status("reserved"))
            .map(|(pending, reserved)| pending + reserved);
        let busy = status("assigned")
            .zip(status("wrapping"))
            .map(|(assigned, wrapping)| assigned + wrapping);
        let available = whole(&self.now, "/total_available_workers");
        let figures = [
            ("Waiting", number(waiting)),
            ("Longest wait", waits(&self.now)),
            ("Service level", percent(service_level(&self.lately))),
            ("Abandoned", number(whole(&self.lately, "/tasks_canceled"))),
            (
                "Speed of answer",
                seconds(
                    self.lately
                        .get("avg_task_acceptance_time")
                        .and_then(Value::as_f64),
                ),
            ),
            (
                "Occupied",
                percent(
                    busy.zip(available)
                        .and_then(|(busy, available)| share(busy.min(available), available)),
                ),
            ),
        ];
        html! {
            section .card aria-label=(self.name) {
                h2 { (self.name) }
                dl .figures { @for (name, figure) in figures { div { dt { (name) } dd { (figure) } } } }
            }
        }
    }
}

/// What happened in a TaskQueue, one number for each span of [`POINT`].
struct Series {
    name: String,
    times: Vec<Timestamp>,
    accepted: Vec<u64>,
    abandoned: Vec<u64>,
}

impl Series {
    fn of(queue: &Value, times: &[Timestamp], numbers: &[Numbers]) -> Self {
        let sid = text(queue, "sid");
        let all = |name: &str| {
            let pointer = format!("/cumulative/{name}");
            numbers
                .iter()
                .map(|span| {
                    span.get(sid)
                        .and_then(|queue| whole(queue, &pointer))
                        .unwrap_or_default()
                })
                .collect()
        };
        Self {
            name: text(queue, "friendly_name").to_owned(),
            accepted: all("reservations_accepted"),
            abandoned: all("tasks_canceled"),
            times: times.to_vec(),
        }
    }

    /// A plot for the eye, and the same as a table.
    fn show(&self) -> Markup {
        let times: Vec<i64> = self.times.iter().map(|time| time.as_secs()).collect();
        let data = json!({ "labels": ["Accepted", "Abandoned"], "data": [times, self.accepted, self.abandoned] });
        html! {
            section .card aria-label={ "Plot of " (self.name) } {
                h2 { (self.name) }
                div .plot role="img" aria-label={ "Accepted and abandoned Tasks of " (self.name) ", as in the table below" } data-plot=(data) {}
                details {
                    summary { "As a table" }
                    table {
                        thead { tr { th scope="col" { "From" } th scope="col" { "Accepted" } th scope="col" { "Abandoned" } } }
                        tbody {
                            @for ((time, accepted), abandoned) in self.times.iter().zip(&self.accepted).zip(&self.abandoned) {
                                tr { th scope="row" { time { (time.to_iso8601()) } } td { (accepted) } td { (abandoned) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The last spans, oldest first; they begin at full half hours, so that a past one never changes.
fn spans(now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let point = i64::try_from(POINT.as_millis()).unwrap_or(1);
    let current = now.as_millis().div_euclid(point) * point;
    let start = |back: u64| {
        Timestamp::from_millis(
            current.saturating_sub(point * i64::try_from(back).unwrap_or_default()),
        )
    };
    (0..POINTS)
        .rev()
        .map(|back| (start(back), (start(back) + POINT).min(now)))
        .collect()
}

fn whole(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

/// Of all who were accepted or went away, the share that was accepted in time.
fn service_level(lately: &Value) -> Option<u64> {
    let split = |side: &str, what: &str| {
        whole(
            lately,
            &format!("/split_by_wait_time/{ANSWERED_WITHIN_SECS}/{side}/{what}"),
        )
    };
    let in_time = split("below", "reservations_accepted")?;
    let late = split("above", "reservations_accepted")?;
    let gone = split("below", "tasks_canceled")? + split("above", "tasks_canceled")?;
    share(in_time, in_time + late + gone)
}

/// In hundredths; `None` of nothing.
fn share(part: u64, all: u64) -> Option<u64> {
    part.saturating_mul(100).checked_div(all)
}

fn number(value: Option<u64>) -> Markup {
    html! { @if let Some(value) = value { (value) } @else { "–" } }
}

fn percent(value: Option<u64>) -> Markup {
    html! { @if let Some(value) = value { (value) " %" } @else { "–" } }
}

fn seconds(value: Option<f64>) -> Markup {
    html! { @if let Some(value) = value { (format!("{value:.0}")) " s" } @else { "–" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_level_counts_who_went_away_as_not_answered() {
        let split = json!({ "split_by_wait_time": { "20": {
            "below": { "reservations_accepted": 6, "tasks_canceled": 1 }, "above": { "reservations_accepted": 2, "tasks_canceled": 1 },
        } } });
        assert_eq!(service_level(&split), Some(60));
        assert_eq!(service_level(&json!({})), None);
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn spans_begin_at_full_half_hours_and_end_now() {
        let now = Timestamp::from_millis(1_795_348_800_000) + Millis::from_secs(600);
        let spans = spans(now);
        assert_eq!(spans.len(), 8);
        assert_eq!(
            spans.last(),
            Some(&(Timestamp::from_millis(1_795_348_800_000), now))
        );
        assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }
}
