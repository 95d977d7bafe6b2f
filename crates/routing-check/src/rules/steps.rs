//! CB2xx: steps that are never reached, that can never offer their Task, and their limits.

use ids::time::Millis;
use task_router::model::{AfterFailedReservation, Expression, RESERVATION_TIMEOUT_DEFAULT, Target};

use super::Report;
use super::filters::may_skip;
use super::view::{StepView, is_constant};
use crate::reasoning::variable::Context;
use crate::reasoning::{Formula, Reasoner, Verdict};
use crate::{Centre, DeclaredWorkflow, Rule, Spot};

/// How long a Task may wait unless it says otherwise, and at most (taskrouter.md section 14).
const LIFETIME_DEFAULT: Millis = Millis::from_secs(86_400);
const LIFETIME_MAX: Millis = Millis::from_secs(1_209_600);

/// The path of Cordboard's own assignment callback, which rings the Worker's phone.
pub(super) const OWN_CALLBACK: &str = "/assignment";

pub(super) fn check(centre: &Centre, report: &mut Report) {
    for workflow in &centre.workflows {
        for filter in 0..workflow.workflow.configuration.filters.len() {
            let steps = workflow.steps_of(filter);
            never_reached(centre, &steps, report);
            beyond_lifetime(&steps, report);
            priorities(&steps, report);
            narrower(centre, &steps, report);
            for_a_moment(&steps, report);
            shorter_than_offer(centre, workflow, &steps, report);
            skipped_to_nothing(workflow, filter, &steps, report);
            last_step(centre, workflow, &steps, report);
        }
        for step in workflow.steps() {
            never_true(centre, workflow, &step, report);
            skip_if(&step, report);
        }
    }
}

/// CB201.
fn never_reached(centre: &Centre, steps: &[StepView<'_>], report: &mut Report) {
    let rules = centre.settings.as_ref().map(|settings| &settings.rules);
    let moves_on = rules
        .is_some_and(|rules| rules.after_failed_reservation == AfterFailedReservation::NextStep);
    if moves_on {
        return;
    }
    let holding = steps
        .iter()
        .position(|step| step.target.timeout.is_none() && !may_skip(step.target.skip_if.as_ref()));
    let Some(holding) = holding else {
        return;
    };
    for step in steps.iter().skip(holding + 1) {
        let message = format!(
            "no Task reaches this step: step {} of its filter has no timeout and is never skipped, so \
             Tasks stay in it",
            holding + 1
        );
        report.add(Rule::StepNeverReached, Spot::at(&step.at), message);
    }
}

/// CB212. The timeouts of steps add up.
fn beyond_lifetime(steps: &[StepView<'_>], report: &mut Report) {
    let mut spent = Millis::ZERO;
    for step in steps {
        if spent >= LIFETIME_DEFAULT {
            let hours = spent.as_secs() / 3_600;
            let limit = if spent >= LIFETIME_MAX {
                "no Task may wait that long"
            } else {
                "a Task waits 24 hours unless it was created with a longer timeout"
            };
            report.add(
                Rule::StepsBeyondLifetime,
                Spot::at(&step.at),
                format!("this step begins after {hours} hours; {limit}"),
            );
            return;
        }
        spent = spent.saturating_add(step.target.timeout.unwrap_or(Millis::ZERO));
    }
}

/// CB208.
fn priorities(steps: &[StepView<'_>], report: &mut Report) {
    let mut highest: Option<(u32, usize)> = None;
    for (index, step) in steps.iter().enumerate() {
        let Some(priority) = step.target.priority else {
            continue;
        };
        match highest {
            Some((before, at)) if priority < before => report.add(
                Rule::PriorityLowered,
                Spot::at(format!("{}.priority", step.at)),
                format!(
                    "this step lowers the priority from {before}, set by step {}, to {priority}: a \
                     Task that has waited longer falls behind newer ones",
                    at + 1
                ),
            ),
            _higher => highest = Some((priority, index)),
        }
    }
}

/// CB211: every Worker of the step is one of the step before, and not the other way round.
fn narrower(centre: &Centre, steps: &[StepView<'_>], report: &mut Report) {
    for (before, step) in steps.iter().zip(steps.iter().skip(1)) {
        if before.target.known_worker.is_some() || step.target.known_worker.is_some() {
            continue;
        }
        let mut reasoner = Reasoner::new().assuming_single_values();
        let (Some(earlier), Some(later)) = (
            workers_of(centre, &mut reasoner, before.target),
            workers_of(centre, &mut reasoner, step.target),
        ) else {
            continue;
        };
        let one_cannot_be = reasoner.is_never(&[&earlier]) || reasoner.is_never(&[&later]);
        if !one_cannot_be
            && reasoner.implies(&later, &earlier)
            && !reasoner.implies(&earlier, &later)
        {
            report.add(
                Rule::NarrowerStep,
                Spot::at(&step.at),
                "this step considers fewer Workers than the step before it, and none who was not \
                 considered there: the Task waits for some of the same Workers alone",
            );
        }
    }
}

/// CB213: a step that is skipped whenever no Worker is free, before a step of the same TaskQueue
/// without some of its Workers.
fn for_a_moment(steps: &[StepView<'_>], report: &mut Report) {
    for (before, step) in steps.iter().zip(steps.iter().skip(1)) {
        let is_of_one_queue = before.target.queue == step.target.queue;
        let (Some(later), Some(skip_if)) = (&step.target.expression, &before.target.skip_if) else {
            continue;
        };
        let knows_worker =
            before.target.known_worker.is_some() || step.target.known_worker.is_some();
        if !is_of_one_queue || knows_worker || !is_always(skip_if) {
            continue;
        }
        let mut reasoner = Reasoner::new().assuming_single_values();
        let earlier = match &before.target.expression {
            Some(expression) => reasoner.formula(Context::Target, expression),
            None => Formula::constant(true),
        };
        let without = reasoner.formula(Context::Target, later).negated();
        let Verdict::Sometimes(solution) = reasoner.solve(&[&earlier, &without]) else {
            continue;
        };
        if !solution.has_opaque() {
            report.add(
                Rule::ConsideredForAMoment,
                Spot::at(format!("{}.expression", step.at)),
                "the step before is skipped whenever no Worker is free, and some of its Workers are not \
                 in this step: a Task that waits here is not offered to them when they become free",
            );
        }
    }
}

/// Is it proven that a step is skipped whenever no Worker is free?
fn is_always(skip_if: &Expression) -> bool {
    let mut reasoner = Reasoner::new();
    let formula = reasoner.formula(Context::SkipIf, skip_if);
    reasoner.is_never(&[&formula.negated()])
}

/// The condition on Workers of a step: that of its TaskQueue, and its own. `None`: the TaskQueue is
/// not known.
fn workers_of(centre: &Centre, reasoner: &mut Reasoner<'_>, target: &Target) -> Option<Formula> {
    let queue = &centre.task_queue(target.queue)?.part;
    let of_queue = match &queue.target_workers {
        Some(expression) => reasoner.formula(Context::Queue, expression),
        None => Formula::constant(false),
    };
    let own = match &target.expression {
        Some(expression) => reasoner.formula(Context::Target, expression),
        None => Formula::constant(true),
    };
    Some(Formula::All(vec![of_queue, own]).simplified())
}

/// CB207. An offer lasts until the reservation timeout; a call's offer ends when the phone has rung.
/// The default reservation timeout says nothing about how soon Workers answer.
fn shorter_than_offer(
    centre: &Centre,
    workflow: &DeclaredWorkflow,
    steps: &[StepView<'_>],
    report: &mut Report,
) {
    let Some(reservation_timeout) = workflow.reservation_timeout else {
        return;
    };
    let is_default = reservation_timeout == RESERVATION_TIMEOUT_DEFAULT;
    let callback = workflow.workflow.assignment_callback_url.as_deref();
    let ring = centre
        .voice_of(workflow.workflow.sid)
        .filter(|_| callback == Some(OWN_CALLBACK))
        .map(|voice| voice.ring_timeout);
    if is_default && ring.is_none() {
        return;
    }
    let offer = ring.map_or(reservation_timeout, |ring| ring.min(reservation_timeout));
    let has_next = |index: usize| index + 1 < steps.len();
    for (index, step) in steps.iter().enumerate() {
        let Some(timeout) = step.target.timeout else {
            continue;
        };
        if timeout >= offer || !has_next(index) || can_never_offer(centre, step.target) {
            continue;
        }
        report.add(
            Rule::StepShorterThanOffer,
            Spot::at(format!("{}.timeout", step.at)),
            format!(
                "this step lasts {} s, and one offer may last {} s: a Task that is offered does not \
                 move on before the offer ends",
                timeout.as_secs(),
                offer.as_secs()
            ),
        );
    }
}

/// Is it proven that a step offers its Task to no Worker, whatever the Task is?
fn can_never_offer(centre: &Centre, target: &Target) -> bool {
    let mut reasoner = Reasoner::new();
    let formula = workers_of(centre, &mut reasoner, target).or_else(|| {
        let expression = target.expression.as_ref()?;
        Some(reasoner.formula(Context::Target, expression))
    });
    formula.is_some_and(|formula| reasoner.is_never(&[&formula]))
}

/// CB206.
fn skipped_to_nothing(
    workflow: &DeclaredWorkflow,
    filter: usize,
    steps: &[StepView<'_>],
    report: &mut Report,
) {
    let configuration = &workflow.workflow.configuration;
    let is_last_filter = filter + 1 == configuration.filters.len();
    if configuration.default_filter.is_some() || !is_last_filter {
        return;
    }
    if let Some(step) = steps.last()
        && may_skip(step.target.skip_if.as_ref())
    {
        report.add(
            Rule::SkippedToNothing,
            Spot::at(format!("{}.skip_if", step.at)),
            "this is the last step of the last filter, and there is no default_filter: a Task that \
             skips it is canceled at once",
        );
    }
}

/// CB209, CB210.
fn last_step(
    centre: &Centre,
    workflow: &DeclaredWorkflow,
    steps: &[StepView<'_>],
    report: &mut Report,
) {
    let Some(step) = steps.last() else {
        return;
    };
    if step.target.timeout.is_some() || may_skip(step.target.skip_if.as_ref()) {
        return;
    }
    if step.target.known_worker.is_some() {
        report.add(
            Rule::WaitForKnownWorker,
            Spot::at(&step.at),
            "this step has no timeout: a Task waits for one Worker until its own timeout, even if that \
             Worker is offline or does not exist",
        );
    } else if waits_without_limit(centre, workflow) {
        report.add(
            Rule::WaitWithoutLimit,
            Spot::at(&step.at),
            "this step has no timeout: a caller may wait for 24 hours, and is not offered to leave a \
             message before",
        );
    }
}

fn waits_without_limit(centre: &Centre, workflow: &DeclaredWorkflow) -> bool {
    let voice = centre.voice_of(workflow.workflow.sid);
    voice.is_some_and(|voice| {
        voice
            .unlimited_workflow_sids
            .contains(&workflow.workflow.sid)
    })
}

/// CB202, CB203.
fn never_true(
    centre: &Centre,
    workflow: &DeclaredWorkflow,
    step: &StepView<'_>,
    report: &mut Report,
) {
    let expression_at = format!("{}.expression", step.at);
    if report.has(Rule::ComparisonNeverTrue, &expression_at) {
        return;
    }
    let Some(expression) = &step.target.expression else {
        never_without_expression(centre, step, report);
        return;
    };
    let mut reasoner = Reasoner::new().assuming_single_values();
    let own = reasoner.formula(Context::Target, expression);
    if reasoner.is_never(&[&own]) {
        own_never_true(step, expression, expression_at, report);
        return;
    }
    let queue = centre.task_queue(step.target.queue);
    if let Some(of_queue) = queue.and_then(|queue| queue.part.target_workers.as_ref()) {
        let of_queue = reasoner.formula(Context::Queue, of_queue);
        if !reasoner.is_never(&[&of_queue]) && reasoner.is_never(&[&of_queue, &own]) {
            let name = queue.map_or("", |queue| &queue.part.friendly_name);
            report.add(
                Rule::StepNeverTrue,
                Spot::at(expression_at),
                format!(
                    "no Worker can satisfy this expression and that of the TaskQueue \"{name}\": they \
                     contradict each other"
                ),
            );
            return;
        }
    }
    let filters = &workflow.workflow.configuration.filters;
    let filter = step.filter.and_then(|filter| filters.get(filter));
    if let Some(of_filter) = filter.and_then(|filter| filter.expression.as_ref()) {
        let of_filter = reasoner.formula(Context::Filter, of_filter);
        if !reasoner.is_never(&[&of_filter]) && reasoner.is_never(&[&of_filter, &own]) {
            report.add(
                Rule::FilterExcludesStep,
                Spot::at(expression_at),
                "no Task that matches the filter can satisfy this expression: they contradict each \
                 other",
            );
        }
    }
}

fn own_never_true(step: &StepView<'_>, expression: &Expression, at: String, report: &mut Report) {
    if !is_constant(expression) {
        let message = "this step offers no Task: its expression can never be true";
        report.add(Rule::StepNeverTrue, Spot::at(at), message);
    } else if step.target.timeout.is_none() && !may_skip(step.target.skip_if.as_ref()) {
        // With a timeout it is an idiom: a delay.
        let message = "this step offers no Task and has no timeout: a Task stays in it until its own \
                       timeout";
        report.add(Rule::StepNeverTrue, Spot::at(at), message);
    }
}

/// A step into a TaskQueue that is meant to have no Worker needs an end.
fn never_without_expression(centre: &Centre, step: &StepView<'_>, report: &mut Report) {
    let Some(queue) = centre.task_queue(step.target.queue) else {
        return;
    };
    let is_parking = queue.part.target_workers.as_ref().is_none_or(|expression| {
        let mut reasoner = Reasoner::new();
        let formula = reasoner.formula(Context::Queue, expression);
        is_constant(expression) && reasoner.is_never(&[&formula])
    });
    let has_end = step.target.timeout.is_some() || may_skip(step.target.skip_if.as_ref());
    if is_parking && !has_end {
        let name = &queue.part.friendly_name;
        report.add(
            Rule::StepNeverTrue,
            Spot::at(&step.at),
            format!(
                "the TaskQueue \"{name}\" never has a Worker, and this step has no timeout: a Task \
                 stays in it until its own timeout"
            ),
        );
    }
}

/// CB204, CB205. `1==1` is an idiom: skip whenever no Worker is free.
fn skip_if(step: &StepView<'_>, report: &mut Report) {
    let Some(skip_if) = &step.target.skip_if else {
        return;
    };
    let mut reasoner = Reasoner::new();
    let formula = reasoner.formula(Context::SkipIf, skip_if);
    let spot = || Spot::at(format!("{}.skip_if", step.at));
    if reasoner.is_never(&[&formula]) {
        let message = "this skip_if can never be true: the step is never skipped";
        report.add(Rule::SkipIfNever, spot(), message);
    } else if !is_constant(skip_if) && is_always(skip_if) {
        let message = "this skip_if is always true: the step is skipped whenever no Worker is free. If \
                       that is meant, write 1==1";
        report.add(Rule::SkipIfAlways, spot(), message);
    }
}
