//! The wallboard: the statistics of each TaskQueue, and plots of the last hours. All figures are
//! the API's statistics; a figure that the API does not report is a dash.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use http::StatusCode;
use ids::time::{Millis, Timestamp};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::resource::{longest_wait_of, pager};
use crate::changes::Watch;
use crate::console::{Refused, entries, text};
use crate::layout::{self, Page};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Section;

/// TaskQueues of a page: eight rows of three on a wide screen. Further ones are on the next page.
const QUEUES_PER_PAGE: usize = 24;

/// Statistics of one request, in which those of the page are looked up: the API's largest page.
const STATISTICS_MAX: usize = 1_000;

/// The threshold of the service level in seconds.
const SERVICE_LEVEL_SECS: u64 = 20;

/// Time range of the figures in minutes.
const MINUTES: u32 = 4 * 60;

/// Number of points of a plot.
const POINTS: u64 = 8;

/// Time range of one point.
const POINT: Millis = Millis::from_secs(30 * 60);

/// The page: figures that follow every change, and plots that are fetched once a minute.
pub async fn show(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let split = format!("Minutes={MINUTES}&SplitByWaitTime={SERVICE_LEVEL_SECS}");
    let (queues, numbers) = join(queues(context), statistics(context, &split)).await;
    let list = queues?;
    let numbers = numbers.unwrap_or_default();
    let cards: Vec<QueueCard> = entries(&list)
        .iter()
        .map(|queue| QueueCard::of(queue, &numbers))
        .collect();
    let live = html! {
        @if cards.is_empty() { p .empty { "There is no TaskQueue." } }
        div .board { @for card in &cards { (card.show()) } }
        @let pages = pager(Section::Wallboard, &list);
        @if !pages.0.is_empty() { p .quiet { "There are more TaskQueues than fit on this page." } (pages) }
    };
    let head = html! {
        p .quiet { "Figures of the last " (MINUTES / 60) " hours. Service level: the share of Tasks that were accepted within " (SERVICE_LEVEL_SECS) " s." }
    };
    let plots = format!("/console/wallboard/plots?{}", context.query.encode(&PAGE));
    let tail =
        html! { div #plots hx-get=(plots) hx-trigger="load, every 60s" hx-swap="innerHTML" {} };
    let page = Page {
        title: "Wallboard",
        section: Some(Section::Wallboard),
        watch: Some(Watch::Everything),
        head,
        live,
    };
    Ok(layout::page_and(context, StatusCode::OK, page, tail))
}

/// The plots, as a part of the page.
pub async fn plots(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let list = queues(context).await?;
    let ranges = time_ranges(context.now);
    let answers = ranges.iter().map(|(from, until)| async move {
        let span = format!(
            "StartDate={}&EndDate={}",
            from.to_iso8601(),
            until.to_iso8601()
        );
        statistics(context, &span).await.ok()
    });
    let Some(numbers) = join_all(answers)
        .await
        .into_iter()
        .collect::<Option<Vec<Numbers>>>()
    else {
        return Ok(Reply::page(StatusCode::OK, html! {}));
    };
    let times: Vec<Timestamp> = ranges.into_iter().map(|(from, _)| from).collect();
    let series = entries(&list)
        .iter()
        .map(|queue| Series::of(queue, &times, &numbers));
    Ok(Reply::page(
        StatusCode::OK,
        html! { @for series in series { (series.show()) } },
    ))
}

/// The API's parameters that select the page of the TaskQueues.
const PAGE: [&str; 2] = ["Page", "PageToken"];

async fn queues(context: &RequestContext<'_>) -> Result<Value, Refused> {
    let page = context.query.encode(&PAGE);
    context
        .get(&format!("TaskQueues?PageSize={QUEUES_PER_PAGE}&{page}"))
        .await
}

/// The API's statistics by the SID of the TaskQueue.
type Numbers = BTreeMap<String, Value>;

/// The statistics of all TaskQueues, in one request: the API reads their source once.
async fn statistics(context: &RequestContext<'_>, query: &str) -> Result<Numbers, Refused> {
    let list = context
        .get(&format!(
            "TaskQueues/Statistics?PageSize={STATISTICS_MAX}&{query}"
        ))
        .await?;
    Ok(entries(&list)
        .iter()
        .map(|queue| (text(queue, "task_queue_sid").to_owned(), queue.clone()))
        .collect())
}

/// The figures of one TaskQueue.
struct QueueCard {
    name: String,
    realtime: Value,
    cumulative: Value,
}

impl QueueCard {
    fn of(queue: &Value, numbers: &Numbers) -> Self {
        let part = |name: &str| {
            numbers
                .get(text(queue, "sid"))
                .and_then(|queue| queue.get(name))
                .cloned()
        };
        Self {
            name: text(queue, "friendly_name").to_owned(),
            realtime: part("realtime").unwrap_or_default(),
            cumulative: part("cumulative").unwrap_or_default(),
        }
    }

    fn show(&self) -> Markup {
        let status = |name: &str| {
            self.realtime
                .pointer(&format!("/tasks_by_status/{name}"))
                .and_then(Value::as_u64)
        };
        let waiting = status("pending")
            .zip(status("reserved"))
            .map(|(pending, reserved)| pending + reserved);
        let busy = status("assigned")
            .zip(status("wrapping"))
            .map(|(assigned, wrapping)| assigned + wrapping);
        let available = whole(&self.realtime, "/total_available_workers");
        let figures = [
            ("Waiting", number(waiting)),
            ("Longest wait", longest_wait_of(&self.realtime)),
            ("Service level", percent(service_level(&self.cumulative))),
            (
                "Abandoned",
                number(whole(&self.cumulative, "/tasks_canceled")),
            ),
            (
                "Speed of answer",
                seconds(
                    self.cumulative
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

/// The accepted and canceled Tasks of one TaskQueue, one number for each time range of [`POINT`].
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

    /// The plot, and the same data as a table.
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

/// The last time ranges, oldest first. They begin at full half hours, so the figures of a past one
/// never change.
fn time_ranges(now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
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

/// The service level in per cent: the share of Tasks accepted within the threshold among all
/// accepted and canceled ones.
fn service_level(cumulative: &Value) -> Option<u64> {
    let split = |side: &str, what: &str| {
        whole(
            cumulative,
            &format!("/split_by_wait_time/{SERVICE_LEVEL_SECS}/{side}/{what}"),
        )
    };
    let in_time = split("below", "reservations_accepted")?;
    let late = split("above", "reservations_accepted")?;
    let canceled = split("below", "tasks_canceled")? + split("above", "tasks_canceled")?;
    share(in_time, in_time + late + canceled)
}

/// `part` in per cent of `all`; `None` if `all` is 0.
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
    fn service_level_counts_canceled_tasks() {
        let split = json!({ "split_by_wait_time": { "20": {
            "below": { "reservations_accepted": 6, "tasks_canceled": 1 }, "above": { "reservations_accepted": 2, "tasks_canceled": 1 },
        } } });
        assert_eq!(service_level(&split), Some(60));
        assert_eq!(service_level(&json!({})), None);
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn time_ranges_begin_at_half_hours() {
        let now = Timestamp::from_millis(1_795_348_800_000) + Millis::from_secs(600);
        let ranges = time_ranges(now);
        assert_eq!(ranges.len(), 8);
        assert_eq!(
            ranges.last(),
            Some(&(Timestamp::from_millis(1_795_348_800_000), now))
        );
        assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }
}
