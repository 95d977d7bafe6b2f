//! The agents of a scenario: Workers of the centre's file or like them, and their shifts.

use std::collections::BTreeMap;

use ids::WorkerSid;
use ids::time::{Millis, Timestamp};
use serde_saphyr::Spanned;
use task_router::model::{Attributes, Worker};

use crate::centre::Centre;
use crate::scenario::{AGENTS_MAX, Agents, Scenario, ScenarioError, Shift, TimeOfDay};

/// An agent: a Worker, and when the Worker is on duty.
#[derive(Debug)]
pub(crate) struct Agent {
    pub worker: Worker,
    /// The changes of a day, in order: the time of day, and whether the agent is on duty from then
    /// on.
    pub changes: Vec<(Millis, Duty)>,
}

/// Whether an agent takes calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    On,
    Off,
}

/// The agents of a scenario, in its order.
pub(crate) fn agents(centre: &Centre, scenario: &Scenario) -> Result<Vec<Agent>, ScenarioError> {
    let Some(listed) = &scenario.agents else {
        let all_day = |worker: &Worker| Agent {
            worker: worker.clone(),
            changes: vec![(Millis::ZERO, Duty::On)],
        };
        return Ok(centre.workers.iter().map(all_day).collect());
    };
    let by_name: BTreeMap<&str, &Worker> = centre
        .workers
        .iter()
        .map(|worker| (worker.friendly_name.as_str(), worker))
        .collect();
    let mut agents = Vec::new();
    for entry in listed {
        agents.extend(agents_of(centre, &by_name, entry)?);
        if agents.len() > AGENTS_MAX {
            let message = format!("agents: expected at most {AGENTS_MAX} agents");
            return Err(ScenarioError::at(&entry.name, message));
        }
    }
    Ok(agents)
}

/// The agents of one entry. Each differs in name, id and date of creation, so that the order among
/// agents who have had no call is that of the file.
fn agents_of(
    centre: &Centre,
    by_name: &BTreeMap<&str, &Worker>,
    entry: &Agents,
) -> Result<Vec<Agent>, ScenarioError> {
    let worker_named = |name: &Spanned<String>, key: &str| {
        by_name.get(name.value.as_str()).copied().ok_or_else(|| {
            let message = format!("{key}: the centre's file has no Worker {:?}", name.value);
            ScenarioError::at(name, message)
        })
    };
    let changes = changes_of(entry.shifts.as_deref());
    if entry.like.is_none() && entry.attributes.is_none() {
        let worker = worker_named(&entry.name, "name")?.clone();
        return Ok(vec![Agent { worker, changes }]);
    }
    let like = entry.like.as_ref().map(|name| worker_named(name, "like"));
    let mut model = match like.transpose()? {
        Some(like) => like.clone(),
        None => {
            let sid = WorkerSid::derive(&[&entry.name.value]);
            let activity = centre.workspace.default_activity_sid;
            let now = Timestamp::from_millis(0);
            Worker::new(sid, centre.workspace.sid, &entry.name.value, activity, now)
        }
    };
    if let Some(attributes) = &entry.attributes {
        model.attributes = Attributes::new(attributes.clone())
            .map_err(|error| ScenarioError::at(&entry.name, format!("attributes: {error}")))?;
    }
    let count = entry.count.as_ref().map_or(1, |count| count.value);
    let copy = |number: u32| {
        let name = format!("{} {number}", entry.name.value);
        Agent {
            worker: Worker {
                sid: WorkerSid::derive(&["simulated", &name]),
                friendly_name: name,
                ..model.clone()
            },
            changes: changes.clone(),
        }
    };
    Ok((1..=count).map(copy).collect())
}

fn changes_of(shifts: Option<&[Spanned<Shift>]>) -> Vec<(Millis, Duty)> {
    let Some(shifts) = shifts else {
        return vec![(Millis::ZERO, Duty::On)];
    };
    let mut changes = Vec::new();
    let mut add = |at: TimeOfDay, duty| changes.push((at.0, duty));
    for shift in shifts {
        add(shift.value.from, Duty::On);
        for pause in &shift.value.breaks {
            add(pause.from, Duty::Off);
            add(pause.to, Duty::On);
        }
        add(shift.value.to, Duty::Off);
    }
    changes
}
