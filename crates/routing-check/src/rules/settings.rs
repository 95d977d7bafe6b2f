//! CB6xx: settings that contradict each other, and callbacks that a deployed centre refuses.

use std::net::IpAddr;

use ids::ActivitySid;
use task_router::model::OnTimeout;
use vocabulary::is_private_address;

use super::Report;
use super::steps::OWN_CALLBACK;
use crate::{Centre, Rule, Settings, Spot};

pub(super) fn check(centre: &Centre, report: &mut Report) {
    offers(centre, report);
    callbacks(centre, report);
    if let Some(settings) = &centre.settings {
        activities(centre, settings, report);
    }
}

/// CB601.
fn offers(centre: &Centre, report: &mut Report) {
    for workflow in &centre.workflows {
        let callback = workflow.workflow.assignment_callback_url.as_deref();
        let (Some(voice), Some(offer)) = (
            centre.voice_of(workflow.workflow.sid),
            workflow.reservation_timeout,
        ) else {
            continue;
        };
        if callback == Some(OWN_CALLBACK) && voice.ring_timeout > offer {
            report.add(
                Rule::RingLongerThanOffer,
                Spot::at(workflow.key_at(workflow.keys.reservation_timeout)),
                format!(
                    "an offer lasts {} s, and a Worker's phone rings for {} s: the offer ends while it \
                     rings",
                    offer.as_secs(),
                    voice.ring_timeout.as_secs()
                ),
            );
        }
    }
}

/// CB602, CB603.
fn callbacks(centre: &Centre, report: &mut Report) {
    for workflow in &centre.workflows {
        let of_workflow = &workflow.workflow;
        let urls = [
            (
                workflow.keys.assignment_callback,
                &of_workflow.assignment_callback_url,
            ),
            (
                workflow.keys.fallback_assignment_callback,
                &of_workflow.fallback_assignment_callback_url,
            ),
        ];
        for (key, url) in urls {
            refused(workflow.key_at(key), url.as_deref(), report);
        }
        let fallback = of_workflow.fallback_assignment_callback_url.as_ref();
        if fallback.is_some() && fallback == of_workflow.assignment_callback_url.as_ref() {
            report.add(
                Rule::FallbackIsSame,
                Spot::at(workflow.key_at(workflow.keys.fallback_assignment_callback)),
                "the fallback is the URL that has just failed",
            );
        }
    }
    if let Some(settings) = &centre.settings {
        let at = format!("{}.event_callback", settings.at);
        refused(at, settings.event_callback_url.as_deref(), report);
    }
}

/// CB602.
fn refused(at: String, url: Option<&str>, report: &mut Report) {
    let Some(problem) = url.and_then(problem_of) else {
        return;
    };
    report.add(
        Rule::CallbackRefused,
        Spot::at(at),
        format!("{problem}: on one machine this works, a deployed centre refuses it"),
    );
}

/// Why a deployed centre does not request a URL. `None`: it does.
pub(crate) fn problem_of(url: &str) -> Option<&'static str> {
    if url.starts_with('/') {
        return None;
    }
    let Some(rest) = url.strip_prefix("https://") else {
        return Some("the URL does not begin with https://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_local = host.eq_ignore_ascii_case("localhost") || host.ends_with(".local");
    // What a host name leads to is checked when it is resolved.
    let is_private = host.parse::<IpAddr>().is_ok_and(is_private_address);
    (is_local || is_private).then_some("the URL names a private address")
}

/// CB604 to CB606.
fn activities(centre: &Centre, settings: &Settings, report: &mut Report) {
    let is_available = |sid: ActivitySid| {
        let mut all = centre.activities().iter();
        all.any(|activity| activity.part.sid == sid && activity.part.available)
    };
    let mut add = |rule, key: &str, message: &str| {
        report.add(rule, Spot::at(format!("{}.{key}", settings.at)), message);
    };
    if let Some(wrap_up) = &settings.wrap_up {
        if is_available(wrap_up.activity_sid) {
            let message = "this Activity is available: a Worker is offered Tasks in wrap-up";
            add(Rule::WrapUpAvailable, "wrap_up.activity", message);
        }
        if !is_available(wrap_up.next_activity_sid) {
            let message = "this Activity is not available: a Worker is offered nothing after each \
                           conversation until they change it";
            add(Rule::UnavailableAfterWrapUp, "wrap_up.next", message);
        }
    }
    let moves = settings.rules.on_timeout == OnTimeout::Compatible;
    if moves && is_available(settings.timeout_activity_sid) {
        let message = "this Activity is available: a Worker who did not answer is offered the next Task \
                       at once";
        add(Rule::TimeoutActivityAvailable, "timeout_activity", message);
    }
    if let Some(post_work) = centre
        .voice
        .as_ref()
        .and_then(|voice| voice.post_work_activity_sid)
        && settings.wrap_up.is_none()
        && is_available(post_work)
    {
        report.add(
            Rule::WrapUpAvailable,
            Spot::at("post_work_activity"),
            "this Activity is available: a Worker is offered Tasks in wrap-up",
        );
    }
}
