//! CB505: names that differ in case, or in blanks, only.

use std::collections::BTreeMap;

use super::Report;
use crate::{Centre, Rule, Spot};

pub(super) fn check(centre: &Centre, report: &mut Report) {
    let queues = centre.task_queues().iter();
    alike(
        "TaskQueue",
        queues.map(|queue| (queue.at.as_str(), queue.part.friendly_name.as_str())),
        report,
    );
    let activities = centre.activities().iter();
    alike(
        "Activity",
        activities.map(|activity| (activity.at.as_str(), activity.part.friendly_name.as_str())),
        report,
    );
    let workflows = centre.workflows.iter();
    alike(
        "Workflow",
        workflows.map(|one| (one.at.as_str(), one.workflow.friendly_name.as_str())),
        report,
    );
    let channels = centre.task_channels.iter();
    alike(
        "TaskChannel",
        channels.map(|channel| (channel.at.as_str(), channel.part.unique_name.as_str())),
        report,
    );
    for workflow in &centre.workflows {
        let filters = workflow.workflow.configuration.filters.iter().enumerate();
        let named: Vec<(String, &str)> = filters
            .map(|(index, filter)| {
                (
                    workflow.filter_at(index),
                    filter.filter_friendly_name.as_str(),
                )
            })
            .collect();
        let named = named.iter().map(|(at, name)| (at.as_str(), *name));
        alike("filter", named, report);
    }
}

fn alike<'c>(kind: &str, names: impl Iterator<Item = (&'c str, &'c str)>, report: &mut Report) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (at, name) in names {
        let words: Vec<&str> = name.split_whitespace().collect();
        let folded = words.join(" ").to_lowercase();
        match seen.get(&folded) {
            Some(first) if *first != name => {
                let message = format!(
                    "the {kind} \"{name}\" differs from \"{first}\" in case or blanks only: they are \
                     two different ones"
                );
                report.add(
                    Rule::NamesDifferInCase,
                    Spot::at(format!("{at}.name")),
                    message,
                );
            }
            Some(_) => {}
            None => {
                seen.insert(folded, name);
            }
        }
    }
}
