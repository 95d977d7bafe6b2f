//! CB801 to CB804, CB809: where calls can go. Every edge that may exist is one, so a step that is not
//! reached is proven to be none.

use std::collections::BTreeSet;

use routing_check::Rule;
use task_router::model::Expression;
use voice_flows::{Action, Case, Step, StepId, Target, VoiceFlows};

use super::{Centre, Report};
use crate::flows::defaults::ALWAYS;

pub(super) fn check(centre: &Centre<'_>, report: &mut Report) {
    flows(centre, report);
    steps(centre, report);
    circles(centre, report);
    menus(centre, report);
    without_effect(centre, report);
}

/// Which edges count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edges {
    /// All of them.
    All,
    /// Those of callers who answer: not those of silence, wrong keys and errors.
    Answers,
}

/// The steps that can follow a step.
fn followers(step: &Step, edges: Edges) -> Vec<StepId> {
    let mut found = Vec::new();
    let mut target = |target: Target| found.extend(target.from(step));
    match &step.action {
        Action::Menu(menu) => {
            menu.options.iter().for_each(|option| target(option.then));
            if edges == Edges::All {
                menu.on_no_input.into_iter().for_each(&mut target);
                menu.on_no_match.into_iter().for_each(target);
            }
        }
        Action::Branch(cases) => {
            cases.iter().for_each(|case| target(case.then));
            if !cases.iter().any(is_always) {
                target(Target::Next);
            }
        }
        Action::Collect(collect) => {
            collect.on_failure.into_iter().for_each(&mut target);
            target(Target::Next);
        }
        Action::Queue(queue) => {
            queue.on_timeout.into_iter().for_each(&mut target);
            queue.leave.iter().for_each(|leave| target(leave.then));
            target(Target::Next);
        }
        Action::Transfer(transfer) => {
            transfer.on_no_answer.into_iter().for_each(&mut target);
            target(Target::Next);
        }
        Action::Use(flow) => {
            target(Target::Step(*flow));
            target(Target::Next);
        }
        Action::GoTo(step) => target(Target::Step(*step)),
        Action::HangUp => {}
        Action::Say(_)
        | Action::Set(_)
        | Action::Tag(_)
        | Action::Language(_)
        | Action::LookUp(_)
        | Action::Record(_)
        | Action::Callback(_)
        | Action::Voicemail(_) => target(Target::Next),
    }
    found
}

fn is_always(case: &Case) -> bool {
    case.condition.source() == ALWAYS
}

/// The steps that can be reached from others, those included.
pub(super) fn reachable(
    flows: &VoiceFlows,
    from: impl IntoIterator<Item = StepId>,
) -> BTreeSet<StepId> {
    reachable_by(Edges::All, flows, from)
}

fn reachable_by(
    edges: Edges,
    flows: &VoiceFlows,
    from: impl IntoIterator<Item = StepId>,
) -> BTreeSet<StepId> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<StepId> = from.into_iter().collect();
    while let Some(id) = open.pop() {
        let Some(step) = flows.step(id).filter(|_| reached.insert(id)) else {
            continue;
        };
        open.extend(followers(step, edges));
        if edges == Edges::All {
            open.extend(step.on_error);
        }
    }
    reached
}

/// CB801.
fn flows(centre: &Centre<'_>, report: &mut Report) {
    let flows = centre.flows;
    let starts = flows
        .numbers
        .values()
        .filter_map(|flow| flows.flows.get(flow));
    let reached = reachable(flows, starts.copied());
    for (name, first) in &flows.flows {
        if !reached.contains(first) {
            let message = format!(
                "no number and no other flow leads to the flow \"{name}\"; only an application could, by its URL"
            );
            centre.add_at(
                Rule::FlowNeverUsed,
                &format!("flows.{name}"),
                message,
                report,
            );
        }
    }
}

/// CB802: the first step of those that are not reached.
fn steps(centre: &Centre<'_>, report: &mut Report) {
    let reached = reachable(centre.flows, centre.flows.flows.values().copied());
    let is_after_unreached = |id: StepId| {
        let mut steps = centre.steps();
        steps.any(|(before, step)| step.next == Some(id) && !reached.contains(&before))
    };
    let labels: BTreeSet<&str> = reached
        .iter()
        .filter_map(|id| Some(centre.flows.step(*id)?.label.as_str()))
        .collect();
    for (id, step) in centre.steps() {
        let is_reached = reached.contains(&id) || labels.contains(step.label.as_str());
        if !is_reached && !is_after_unreached(id) {
            let message =
                "no call reaches this step: the steps before it lead elsewhere in every case";
            centre.add(Rule::FlowStepNeverReached, id, message, report);
        }
    }
}

/// The steps that follow without anything that a call waits for, or that can end the circle.
fn at_once(step: &Step) -> Vec<StepId> {
    match &step.action {
        Action::Say(_)
        | Action::Set(_)
        | Action::Tag(_)
        | Action::Language(_)
        | Action::Use(_)
        | Action::GoTo(_) => followers(step, Edges::All),
        Action::Branch(cases) if !cases.iter().any(|case| may_change(&case.condition)) => {
            followers(step, Edges::All)
        }
        Action::Branch(_)
        | Action::Menu(_)
        | Action::Collect(_)
        | Action::LookUp(_)
        | Action::Record(_)
        | Action::Queue(_)
        | Action::Callback(_)
        | Action::Voicemail(_)
        | Action::Transfer(_)
        | Action::HangUp => Vec::new(),
    }
}

/// Whether a condition asks for figures or hours, which change by themselves.
fn may_change(condition: &Expression) -> bool {
    let mut paths = condition.paths().into_iter();
    paths.any(|path| matches!(path.keys().first(), Some(&"queue" | &"hours")))
}

/// CB803: a circle that no condition leaves: every way from it leads back to it.
fn circles(centre: &Centre<'_>, report: &mut Report) {
    let mut known = BTreeSet::new();
    let ids = 0..u16::try_from(centre.flows.steps.len()).unwrap_or(u16::MAX);
    for (id, step) in ids.map(StepId).zip(&centre.flows.steps) {
        let mut circle = BTreeSet::new();
        let mut open = at_once(step);
        let mut ends = open.is_empty();
        while let Some(next) = open.pop() {
            let Some(step) = centre.flows.step(next).filter(|_| circle.insert(next)) else {
                continue;
            };
            let further = at_once(step);
            ends |= further.is_empty();
            open.extend(further);
        }
        let is_circle = circle.contains(&id) && !ends;
        if is_circle && known.is_disjoint(&circle) {
            let message =
                "the steps from here on repeat without a question: the call ends after 500 of them";
            centre.add(Rule::EndlessCircle, id, message, report);
        }
        if is_circle {
            known.extend(circle);
        }
    }
}

/// CB804.
fn menus(centre: &Centre<'_>, report: &mut Report) {
    for (id, step) in centre.steps() {
        let Action::Menu(menu) = &step.action else {
            continue;
        };
        let targets = menu.options.iter().map(|option| option.then.from(step));
        let targets: Option<Vec<StepId>> = targets.collect();
        // A target without a step is the end of the flow.
        let Some(targets) = targets else {
            continue;
        };
        let reached = reachable_by(Edges::Answers, centre.flows, targets);
        let leads_out = reached
            .iter()
            .filter_map(|id| centre.flows.step(*id))
            .any(ends_or_connects);
        if !leads_out {
            let message = "every key leads back to a question: no caller reaches a Worker, a voicemail or the end";
            centre.add(Rule::MenuWithoutExit, id, message, report);
        }
    }
}

fn ends_or_connects(step: &Step) -> bool {
    match step.action {
        Action::Queue(_)
        | Action::Callback(_)
        | Action::Voicemail(_)
        | Action::Transfer(_)
        | Action::HangUp => true,
        Action::GoTo(_) | Action::Menu(_) => false,
        Action::Say(_)
        | Action::Branch(_)
        | Action::Collect(_)
        | Action::Set(_)
        | Action::Tag(_)
        | Action::Language(_)
        | Action::LookUp(_)
        | Action::Record(_)
        | Action::Use(_) => step.next.is_none(),
    }
}

/// CB809: a branch whose cases all lead to the next step.
fn without_effect(centre: &Centre<'_>, report: &mut Report) {
    for (id, step) in centre.steps() {
        let Action::Branch(cases) = &step.action else {
            continue;
        };
        let leads_on = |case: &Case| case.then.from(step) == step.next;
        if cases.iter().all(leads_on) {
            let message = "every case of this step leads to the next step: write what follows under `then`, `open` or `closed`";
            centre.add(Rule::StepWithoutEffect, id, message, report);
        }
    }
}
