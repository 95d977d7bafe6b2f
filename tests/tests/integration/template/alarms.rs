//! Alarms: what has one, and the section of the runbook that each names.

use std::collections::BTreeMap;

use ::metrics::Metric;
use serde_json::Value;
use tests::project;
use tests::template::{ALARM, FUNCTION, QUEUE, list, texts};

use super::queues::{is_for_dead_letters, stream_readers};
use super::{Check, Project, shown};

/// The page of the runbook, as an alarm's description names it before the section.
const RUNBOOK: &str = "docs/guide/operate.md";

/// What every section of the runbook says.
const PARTS: [&str; 3] = ["**Callers notice:**", "**Look at:**", "**Do:**"];

/// The function whose requests are long polls, which are slow by design.
const LONG_POLLS: &str = "EventStreams";

pub(crate) const CHECKS: &[Check] = &[metrics, actions, runbook, filters, subscription, dashboard];

/// Everything that can fail has an alarm.
fn metrics(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for (id, _) in template.of_type(FUNCTION) {
        wanted.extend([("Errors", id), ("Throttles", id)]);
        if id != LONG_POLLS {
            wanted.push(("Duration", id));
        }
    }
    for (id, _) in template.of_type(QUEUE) {
        let metric = if is_for_dead_letters(id) {
            "ApproximateNumberOfMessagesVisible"
        } else {
            "ApproximateAgeOfOldestMessage"
        };
        wanted.push((metric, id));
    }
    wanted.extend(
        stream_readers(template)
            .into_iter()
            .map(|id| ("IteratorAge", id)),
    );
    wanted.extend([("4xx", "HttpApi"), ("5xx", "HttpApi")]);
    let has_alarm = |metric: &str, resource: &str| {
        let mut alarms = template
            .of_type(ALARM)
            .map(|(_, alarm)| texts(&alarm["Properties"]));
        alarms.any(|texts| texts.contains(&metric) && texts.contains(&resource))
    };
    let missing = wanted
        .into_iter()
        .filter(|(metric, id)| !has_alarm(metric, id));
    missing
        .map(|(metric, id)| format!("{id} has no alarm on its {metric}"))
        .collect()
}

/// An alarm that notifies no topic wakes no engineer.
fn actions(project: &Project) -> Vec<String> {
    let silent = project
        .template
        .of_type(ALARM)
        .filter(|(_, alarm)| list(&alarm["Properties"]["AlarmActions"]).is_empty());
    silent
        .map(|(id, _)| format!("{id} has no action"))
        .collect()
}

/// Every description ends with a section of the runbook, which has all its parts.
fn runbook(project: &Project) -> Vec<String> {
    let sections = sections(&project::read(RUNBOOK));
    let mut problems = Vec::new();
    for (id, alarm) in project.template.of_type(ALARM) {
        let description = shown(&alarm["Properties"]["AlarmDescription"]);
        let named = description.rsplit_once(' ').map_or("", |(_, link)| link);
        let anchor = named
            .strip_prefix(RUNBOOK)
            .and_then(|rest| rest.strip_prefix('#'));
        let Some(text) = anchor.and_then(|anchor| sections.get(anchor)) else {
            problems.push(format!("{id} names no section of {RUNBOOK}, but {named}"));
            continue;
        };
        let missing = PARTS.iter().filter(|part| !text.contains(**part));
        problems.extend(missing.map(|part| format!("{id}: its section has no {part}")));
    }
    problems
}

/// The sections of a page by their anchors.
fn sections(page: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut anchor = String::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix('#') {
            anchor = heading
                .trim_start_matches('#')
                .trim()
                .to_lowercase()
                .replace(' ', "-");
        }
        let section = sections.entry(anchor.clone()).or_default();
        section.push_str(line);
        section.push('\n');
    }
    sections
}

/// A metric filter that names a message finds it in the code, and an alarm watches its metric.
fn filters(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for (id, filter) in project.template.of_type("AWS::Logs::MetricFilter") {
        let pattern = shown(&filter["Properties"]["FilterPattern"]);
        let message = pattern
            .split_once("$.fields.message = \"")
            .and_then(|(_, rest)| rest.split_once('"'));
        if let Some((message, _)) = message
            && !project.runtime.contains(&format!("\"{message}\""))
        {
            problems.push(format!("{id} looks for {message:?}, which is not logged"));
        }
        let metric = &filter["Properties"]["MetricTransformations"][0]["MetricName"];
        let mut alarms = project.template.of_type(ALARM);
        if !alarms.any(|(_, alarm)| alarm["Properties"]["MetricName"] == *metric) {
            problems.push(format!("{id} has no alarm on its {}", shown(metric)));
        }
    }
    problems
}

/// Metrics that only the local server measures: AWS measures them itself.
const OF_THE_LOCAL_SERVER: [Metric; 5] = [
    Metric::TimersQueued,
    Metric::CallbacksQueued,
    Metric::EventsQueued,
    Metric::StreamLag,
    Metric::ResidentMemory,
];

/// The dashboard is JSON, and shows every function, queue and metric.
fn dashboard(project: &Project) -> Vec<String> {
    let template = &project.template;
    let body = template
        .resource("Dashboard")
        .map(|dashboard| shown(&dashboard["Properties"]["DashboardBody"]))
        .unwrap_or_default();
    let widgets: Value = match serde_json::from_str(&body) {
        Ok(widgets) => widgets,
        Err(error) => return vec![format!("the dashboard is no JSON: {error}")],
    };
    let shows = texts(&widgets);
    let functions = template
        .of_type(FUNCTION)
        .map(|(id, _)| format!("${{{id}}}"));
    let queues = template
        .of_type(QUEUE)
        .map(|(id, _)| format!("${{{id}.QueueName}}"));
    let metrics = Metric::ALL
        .into_iter()
        .filter(|metric| !OF_THE_LOCAL_SERVER.contains(metric))
        .map(|metric| metric.definition().name.to_owned());
    let missing = functions
        .chain(queues)
        .chain(metrics)
        .filter(|name| !shows.contains(&name.as_str()));
    missing
        .map(|name| format!("the dashboard does not show {name}"))
        .collect()
}

/// `AlarmEmail` is subscribed, if it is given.
fn subscription(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut subscriptions = template.of_type("AWS::SNS::Subscription");
    let subscribed = subscriptions.any(|(_, subscription)| {
        let endpoint = &subscription["Properties"]["Endpoint"];
        *endpoint == "AlarmEmail" && subscription["Condition"] != Value::Null
    });
    let optional = *template.part("/Parameters/AlarmEmail/Default") == "";
    match (subscribed, optional) {
        (true, true) => Vec::new(),
        (_, _) => vec!["AlarmEmail is not subscribed to the alarms on request".to_owned()],
    }
}
