//! Every key of the sections workspace, task_queues and workflows, and its effect.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::num::NonZeroU32;

use config::{ContactCentre, read};
use ids::AccountSid;
use ids::time::Millis;
use task_router::model::{
    AfterConversation, AfterFailedReservation, ChannelUse, EventType, KnownWorker, OnTimeout,
    RoutingRules, TaskChannelName, TaskOrder, TaskQueue, Workspace,
};

const FILE: &str = r#"
phone_number: "+17075550183"
workflow: Requests
dialing: { allow: ["+1", "sip:"], calls_per_minute: 90, calls_per_second: 3 }
workspace:
  name: Everything
  default_activity: Offline
  timeout_activity: Offline
  activities: [{ name: Offline, available: false }, { name: Available, available: true }]
  task_channels:
    - { name: voice, after_conversation: wrap }
    - { name: chat, friendly_name: Live Chat, optimized_routing: true, after_conversation: { wrap_for: 2m } }
    - { name: e_mail }
  prioritize_queue_order: LIFO
  on_timeout: stay
  after_failed_reservation: next_step
  reoffer_pause: 0s
  ended_task_kept: 1h
  task_queues_max: 20
  workers_max: 40
  waiting_calls_max: 30
  event_callback: https://example.com/events#rt=3000
  events_filter: [task.created, reservation.wrapup, task.created]
workers:
  - { name: Maya, capacity: { chat: 3, e_mail: 0 } }
task_queues:
  - { name: Newest, task_order: LIFO }
  - { name: Oldest, task_order: FIFO }
  - { name: Ordinary }
workflows:
  - name: Requests
    re_evaluate_tasks: true
    filters:
      - name: Known
        expression: agent != null
        targets:
          - { queue: Oldest, known_worker_sid: task.agent.sid, timeout: 30s }
          - { known_worker_friendly_name: "task.agents[0]", skip_if: workers.available == 0 OR 1 > 2 }
          - {}
      - { name: New, queue: Newest }
    default_filter: { queue: Ordinary, skip_if: 1 == 1 }
  - { name: Others, filters: [] }
"#;

fn everything() -> ContactCentre {
    read(FILE, "centre.yaml", AccountSid::from_bytes([7; 16])).unwrap()
}

fn queue<'w>(workspace: &'w Workspace, name: &str) -> &'w TaskQueue {
    workspace
        .task_queues
        .values()
        .find(|queue| queue.friendly_name == name)
        .unwrap()
}

#[test]
fn dialing_has_its_limits() {
    let dialing = everything().voice_settings.dialing;
    assert_eq!(dialing.calls_per_second.map(NonZeroU32::get), Some(3));
    assert_eq!(dialing.calls_per_minute.map(NonZeroU32::get), Some(90));
    assert!(dialing.check("+17075550101").is_ok());
    assert!(dialing.check("+4930123456").is_err());
}

#[test]
fn workspace_has_its_rules_and_events() {
    let workspace = everything().workspace;
    let rules = RoutingRules {
        prioritize_queue_order: TaskOrder::Lifo,
        on_timeout: OnTimeout::Stay,
        after_failed_reservation: AfterFailedReservation::NextStep,
        reoffer_pause: Millis::ZERO,
        ended_task_kept: Millis::from_secs(3_600),
        task_queues_max: 20,
        workers_max: 40,
        waiting_calls_max: 30,
    };
    assert_eq!(workspace.rules, rules);
    assert_eq!(
        workspace.event_callback_url.as_deref(),
        Some("https://example.com/events#rt=3000")
    );
    assert_eq!(
        workspace.events_filter,
        [EventType::TaskCreated, EventType::ReservationWrapup]
    );
}

/// The standard TaskChannels that are not in the list exist, and are unused.
#[test]
fn only_declared_channels_are_used() {
    let contact_centre = everything();
    let all = &contact_centre.workspace.task_channels;
    assert!(
        TaskChannelName::STANDARD
            .iter()
            .all(|name| all.contains_key(name))
    );
    let channels: Vec<_> = all
        .values()
        .filter(|channel| channel.usage == ChannelUse::Used)
        .collect();
    assert_eq!((all.len(), channels.len()), (6, 3));
    let seen = |index: usize| {
        let channel = channels[index];
        let name = (channel.unique_name.as_str(), channel.friendly_name.as_str());
        (
            name,
            channel.channel_optimized_routing,
            channel.after_conversation,
        )
    };
    assert_eq!(
        seen(0),
        (
            ("chat", "Live Chat"),
            true,
            AfterConversation::WrapFor(Millis::from_secs(120))
        )
    );
    assert_eq!(
        seen(1),
        (("e_mail", "e_mail"), false, AfterConversation::Complete)
    );
    assert_eq!(
        seen(2),
        (("voice", "voice"), false, AfterConversation::Wrap)
    );

    let capacity: Vec<_> = contact_centre.workers[0]
        .capacity
        .iter()
        .map(|(name, capacity)| (name.as_str(), *capacity))
        .collect();
    assert_eq!(capacity, [("chat", 3), ("e_mail", 0), ("voice", 1)]);
}

#[test]
fn defaults_are_taskrouters() {
    let start = FILE.find("  task_channels").unwrap();
    let end = FILE.find("workers:").unwrap();
    let text = format!("{}{}", &FILE[..start], &FILE[end..])
        .replace(", capacity: { chat: 3, e_mail: 0 }", "");
    let contact_centre = read(&text, "centre.yaml", AccountSid::from_bytes([7; 16])).unwrap();
    let workspace = contact_centre.workspace;
    let mut standard = TaskChannelName::STANDARD;
    standard.sort();
    assert!(workspace.task_channels.keys().eq(&standard));
    let complete = |after| after == AfterConversation::Complete;
    assert!(
        workspace
            .task_channels
            .values()
            .all(|channel| complete(channel.after_conversation))
    );
    assert_eq!(
        contact_centre.workers[0].capacity,
        standard.map(|channel| (channel, 1))
    );
    assert_eq!(workspace.rules, RoutingRules::default());
    assert_eq!(
        (workspace.event_callback_url, workspace.events_filter),
        (None, Vec::new())
    );
}

#[test]
fn queues_have_their_order() {
    let workspace = everything().workspace;
    let order = |name| queue(&workspace, name).task_order;
    assert_eq!(
        [order("Newest"), order("Oldest"), order("Ordinary")],
        [TaskOrder::Lifo, TaskOrder::Fifo, TaskOrder::Fifo]
    );
}

#[test]
fn workflow_steps_have_skip_if_and_known_worker() {
    let contact_centre = everything();
    let workflow = |name: &str| {
        contact_centre
            .workspace
            .workflows
            .values()
            .find(|workflow| workflow.friendly_name == name)
            .unwrap()
    };
    let requests = workflow("Requests");
    assert!(contact_centre.re_evaluate_tasks.iter().eq([&requests.sid]));

    let [known, new] = requests.configuration.filters.as_slice() else {
        panic!("expected two filters")
    };
    let [sid, name, any] = known.targets.as_slice() else {
        panic!("expected three steps")
    };
    assert_eq!(
        sid.known_worker,
        Some(KnownWorker::Sid("agent.sid".parse().unwrap()))
    );
    assert_eq!(
        name.known_worker,
        Some(KnownWorker::FriendlyName("agents[0]".parse().unwrap()))
    );
    assert_eq!(
        name.skip_if.as_ref().unwrap().source(),
        "workers.available == 0 OR 1 > 2"
    );
    assert_eq!(
        (&any.known_worker, &any.skip_if, any.timeout),
        (&None, &None, None)
    );
    let oldest = queue(&contact_centre.workspace, "Oldest").sid;
    assert!(known.targets.iter().all(|target| target.queue == oldest));

    assert!(
        new.targets.iter().map(|target| target.queue).eq([queue(
            &contact_centre.workspace,
            "Newest"
        )
        .sid])
    );
    assert_eq!(
        requests
            .configuration
            .default_filter
            .as_ref()
            .unwrap()
            .skip_if
            .as_ref()
            .unwrap()
            .source(),
        "1 == 1"
    );
}
