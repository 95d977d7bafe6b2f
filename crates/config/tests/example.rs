//! The example that a new user starts with, `contact-centre.yaml`.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use config::{ContactCentre, read};
use ids::time::Millis;
use ids::{AccountSid, ActivitySid};
use serde_json::{Value, json};
use shared::menu::{Digit, Language};
use task_router::model::{AfterConversation, ChannelUse, RoutingRules, TaskChannelName, TaskOrder};

const ACCOUNT: AccountSid = AccountSid::from_bytes([7; 16]);
const EXAMPLE: &str = include_str!("../../../contact-centre.yaml");

fn example() -> ContactCentre {
    read(EXAMPLE, "contact-centre.yaml", ACCOUNT).unwrap()
}

fn name_of(centre: &ContactCentre, activity: ActivitySid) -> &str {
    &centre.workspace.activities[&activity].friendly_name
}

#[test]
fn example_has_workspace_and_activities() {
    let centre = example();
    let workspace = &centre.workspace;
    assert_eq!(workspace.friendly_name, "Customer Contact Center");
    assert_eq!(name_of(&centre, workspace.default_activity_sid), "Offline");
    assert_eq!(name_of(&centre, workspace.timeout_activity_sid), "Offline");
    let mut activities: Vec<_> = workspace
        .activities
        .values()
        .map(|activity| (activity.friendly_name.as_str(), activity.available))
        .collect();
    activities.sort_unstable();
    assert_eq!(
        activities,
        [
            ("Available", true),
            ("Offline", false),
            ("Unavailable", false),
            ("Wrap-Up", false)
        ]
    );
    let wrap_up = workspace.wrap_up.clone().unwrap();
    assert_eq!(name_of(&centre, wrap_up.activity_sid), "Wrap-Up");
    assert_eq!(name_of(&centre, wrap_up.next_activity_sid), "Available");
    assert_eq!(wrap_up.limit, Millis::from_secs(10));
}

#[test]
fn example_has_three_available_workers() {
    let centre = example();
    let workers: Vec<Value> = centre
        .workers
        .iter()
        .map(|worker| Value::Object(worker.attributes.as_object().clone()))
        .collect();
    assert_eq!(
        workers,
        [
            json!({"languages": ["en"], "contact_uri": "+17075550101"}),
            json!({"languages": ["hi"], "contact_uri": "+17075550102"}),
            json!({"languages": ["en", "hi"], "contact_uri": "+17075550103"}),
        ]
    );
    for worker in &centre.workers {
        assert_eq!(name_of(&centre, worker.activity_sid), "Available");
        assert_eq!(worker.capacity, [(TaskChannelName::VOICE, 1)]);
    }
}

#[test]
fn example_routes_each_language_to_its_queue() {
    let centre = example();
    let queue = |name: &str| {
        centre
            .workspace
            .task_queues
            .values()
            .find(|queue| queue.friendly_name == name)
            .unwrap()
            .clone()
    };
    let english = queue("Customer Contact Center English");
    let hindi = queue("Customer Contact Center Hindi");
    for (queue, target_workers) in [
        (&english, r#"languages HAS "en""#),
        (&hindi, r#"languages HAS "hi""#),
    ] {
        assert_eq!(
            queue.target_workers.as_ref().unwrap().source(),
            target_workers
        );
        assert_eq!(queue.max_reserved_workers, 1);
    }
    let workflow = &centre.workspace.workflows[&centre.voice_settings.workflow_sid];
    assert_eq!(workflow.friendly_name, "Incoming Customer Requests");
    assert_eq!(workflow.task_reservation_timeout, Millis::from_secs(120));
    assert_eq!(
        workflow.assignment_callback_url.as_deref(),
        Some("/assignment")
    );
    for (filter, (expression, queue)) in workflow.configuration.filters.iter().zip([
        (r#"selected_language == "en""#, &english),
        (r#"selected_language == "hi""#, &hindi),
    ]) {
        assert_eq!(filter.expression.as_ref().unwrap().source(), expression);
        let [target] = filter.targets.as_slice() else {
            panic!("expected one step")
        };
        assert_eq!(
            (target.queue, target.timeout),
            (queue.sid, Some(Millis::from_secs(1_200)))
        );
        assert_eq!(target.order_by, None, "longest idle first");
    }
    assert_eq!(workflow.configuration.filters.len(), 2);
    assert_eq!(
        workflow
            .configuration
            .default_filter
            .as_ref()
            .unwrap()
            .queue,
        english.sid
    );
}

#[test]
fn example_has_two_languages_and_voicemail() {
    let contact_centre = example();
    let settings = &contact_centre.voice_settings;
    assert_eq!(settings.phone_number, "+17075550183");
    assert_eq!(settings.workspace_sid, contact_centre.workspace.sid);
    assert_eq!(
        name_of(&contact_centre, settings.post_work_activity_sid.unwrap()),
        "Wrap-Up"
    );
    assert_eq!(settings.worker_ring_timeout_secs, 20);
    let languages: Vec<_> = [("en", '1'), ("hi", '2')]
        .map(|(name, key)| Language::built_in(Digit::new(key).unwrap(), name).unwrap())
        .into();
    assert_eq!(settings.menu.languages, languages);
    assert_eq!(settings.menu.voicemail.unwrap().max_length_secs, 120);
}

#[test]
fn commented_keys_of_the_example_are_valid() {
    let text = EXAMPLE
        .replace("\n  # event", "\n  event")
        .replace("\n            # The worker", "\n            ## The worker");
    let text = text.replace("\n            # ", "\n            ");
    assert!(text.matches("skip_if:").count() == 1 && !text.contains("# skip_if"));
    let workspace = read(&text, "contact-centre.yaml", ACCOUNT)
        .unwrap()
        .workspace;
    assert_eq!(
        (
            workspace.event_callback_url.is_some(),
            workspace.events_filter.len()
        ),
        (true, 3)
    );
    let workflow = workspace.workflows.values().next().unwrap();
    let step = &workflow.configuration.filters[0].targets[0];
    assert!(step.expression.is_some() && step.order_by.is_some() && step.skip_if.is_some());
    assert!(step.known_worker.is_some() && step.priority == Some(5));
}

#[test]
fn example_spells_out_the_defaults() {
    let example = example();
    assert_eq!(example.workspace.rules, RoutingRules::default());
    let channels = example.workspace.task_channels.values();
    let used: Vec<_> = channels
        .filter(|channel| channel.usage == ChannelUse::Used)
        .collect();
    let [voice] = used.as_slice() else {
        panic!("expected one channel in use: {used:?}")
    };
    assert_eq!(
        (voice.unique_name, voice.after_conversation),
        (TaskChannelName::VOICE, AfterConversation::Complete)
    );
    assert!(!voice.channel_optimized_routing);
    assert!(
        example
            .workspace
            .task_queues
            .values()
            .all(|queue| queue.task_order == TaskOrder::Fifo)
    );
    assert_eq!(
        (example.re_evaluate_tasks.len(), example.warnings.len()),
        (0, 0)
    );
}

#[test]
fn ids_derive_from_account_and_names() {
    assert_eq!(example(), example());
    let other_account = read(
        EXAMPLE,
        "contact-centre.yaml",
        AccountSid::from_bytes([8; 16]),
    )
    .unwrap();
    assert_ne!(example().workspace.sid, other_account.workspace.sid);
    assert_ne!(example().workers[0].sid, other_account.workers[0].sid);

    let renamed = |old: &str, new: &str| read(&EXAMPLE.replace(old, new), "", ACCOUNT).unwrap();
    assert_eq!(
        example().workers[0].sid,
        renamed("name: Maya", "name: MAYA").workers[0].sid
    );
    assert_ne!(
        example().workers[0].sid,
        renamed("name: Maya", "name: Mira").workers[0].sid
    );
}

#[test]
fn number_may_be_unquoted() {
    let plain = EXAMPLE
        .replace(
            "phone_number: \"+17075550183\"",
            "phone_number: +17075550183",
        )
        .replace(
            "\"contact_uri\":\"+17075550101\"",
            "contact_uri: +17075550101",
        );
    let plain = read(&plain, "", ACCOUNT).unwrap();
    // Without the quotes the text after them is at another column.
    assert_eq!(
        ContactCentre {
            file: example().file,
            places: example().places,
            ..plain
        },
        example()
    );
}
