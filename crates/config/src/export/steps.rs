//! The verbs of a flow's steps, with their settings.

use std::collections::BTreeMap;

use ids::WorkflowSid;
use ids::time::Millis;
use serde_json::Value as Json;
use task_router::model::Expression;
use voice_flows::{
    Action, AgentGreeting, CALLBACK_ATTEMPTS, CALLBACK_PAUSE, Callback, Case, Collect, Input,
    KeyOption, Leave, LookUp, Menu, Queue, Record, StepId, Target, Text, Transfer, TransferTo,
    Voicemail, Wait,
};

use super::flows::{FlowsWriter, HANG_UP, Place};
use super::prompts;
use super::tree::{Entries, Tree};
use super::voice::key;
use crate::flows::AGENT_GREETING;
use crate::flows::defaults::{
    ACCEPT_SECS, ALWAYS, ANNOUNCE_EVERY, ATTEMPTS, INPUT_TIMEOUT_SECS, LOOK_UP_TIMEOUT,
    REFUSE_SECS, RING_SECS, VOICEMAIL_SECS, is_open, lengths_of,
};

/// The verb of an action, and its value.
pub(super) fn write_action<'a>(
    writer: &mut FlowsWriter<'a>,
    id: StepId,
    action: &'a Action,
    place: Place<'a>,
) -> (&'static str, Tree) {
    match action {
        Action::Say(prompt) => prompts::step(prompt),
        Action::Menu(menu) => ("menu", write_menu(writer, id, menu, place)),
        Action::Collect(collect) => ("collect", write_collect(writer, collect, place)),
        Action::Branch(cases) => branch(writer, cases, place),
        Action::Set(values) => ("set", attributes(values)),
        Action::Tag(tag) => ("tag", Tree::text(&**tag)),
        Action::Language(language) => ("language", Tree::text(&**language)),
        Action::LookUp(look_up) => ("look_up", write_look_up(look_up)),
        Action::Record(record) => ("record", write_record(record)),
        Action::Queue(queue) => ("queue", write_queue(writer, queue, place)),
        Action::Callback(callback) => ("callback", write_callback(writer, callback)),
        Action::Voicemail(voicemail) => ("voicemail", write_voicemail(writer, voicemail)),
        Action::Transfer(transfer) => ("transfer", write_transfer(writer, transfer, place)),
        Action::Use(flow) => ("use", writer.flow_at(*flow)),
        Action::GoTo(step) => ("go_to", writer.target(Target::Step(*step), place)),
        Action::HangUp => (HANG_UP, Tree::Null),
    }
}

fn write_menu<'a>(
    writer: &mut FlowsWriter<'a>,
    id: StepId,
    menu: &'a Menu,
    place: Place<'a>,
) -> Tree {
    let inside = Place {
        menu: Some(id),
        menu_above: place.menu,
        ..place
    };
    let mut entries = Entries::new();
    entries.set("say", prompts::say(&menu.prompt));
    question(&mut entries, menu.attempts, menu.timeout_secs);
    entries.set_some("no_input", prompts::optional(&menu.no_input));
    entries.set_some("no_match", prompts::optional(&menu.no_match));
    let mut keys = Entries::new();
    for option in &menu.options {
        if let Some(digit) = option.key {
            keys.set(digit.to_string(), write_option(writer, option, inside));
        }
    }
    entries.set("keys", keys.into_tree());
    let on_no_input = writer.optional_target(menu.on_no_input, inside);
    entries.set_some("on_no_input", on_no_input);
    let on_no_match = writer.optional_target(menu.on_no_match, inside);
    entries.set_some("on_no_match", on_no_match);
    entries.into_tree()
}

fn write_option<'a>(writer: &mut FlowsWriter<'a>, option: &'a KeyOption, place: Place<'a>) -> Tree {
    if option.phrases.is_empty() && option.language.is_none() {
        return writer.target(option.then, place);
    }
    let mut entries = Entries::new();
    if !option.phrases.is_empty() {
        let list = |phrases: &[String]| {
            let phrases = phrases.iter();
            Tree::List(phrases.map(|phrase| Tree::text(&**phrase)).collect())
        };
        let phrases = match option.phrases.get(Text::ANY) {
            Some(phrases) => list(phrases),
            None => {
                let by_language = option.phrases.iter();
                Tree::Map(
                    by_language
                        .map(|(language, phrases)| (language.clone(), list(phrases)))
                        .collect(),
                )
            }
        };
        entries.set("phrases", phrases);
    }
    let language = option.language.as_deref();
    entries.set_some("language", language.map(Tree::text));
    if option.then != Target::Next {
        entries.set("then", writer.target(option.then, place));
    }
    entries.into_tree()
}

/// The settings that all questions have.
fn question(entries: &mut Entries, attempts: u8, timeout_secs: u16) {
    entries.set_unless("attempts", &attempts, &ATTEMPTS, |attempts| {
        Tree::number(*attempts)
    });
    entries.set_unless("timeout", &timeout_secs, &INPUT_TIMEOUT_SECS, |secs| {
        seconds(*secs)
    });
}

fn write_collect<'a>(writer: &mut FlowsWriter<'a>, collect: &'a Collect, place: Place<'a>) -> Tree {
    let mut entries = Entries::new();
    entries.set("into", Tree::text(&*collect.into));
    entries.set("say", prompts::say(&collect.prompt));
    input(&collect.input, &mut entries);
    entries.set_some("confirm", prompts::optional(&collect.confirm));
    if collect.is_secret {
        entries.set("secret", Tree::Bool(true));
    }
    question(&mut entries, collect.attempts, collect.timeout_secs);
    entries.set_some("no_input", prompts::optional(&collect.no_input));
    entries.set_some("no_match", prompts::optional(&collect.no_match));
    let on_failure = writer.optional_target(collect.on_failure, place);
    entries.set_some("on_failure", on_failure);
    entries.into_tree()
}

fn input(input: &Input, entries: &mut Entries) {
    let Input::Digits {
        min,
        max,
        patterns,
        is_spoken,
    } = input
    else {
        entries.set("speech", Tree::Bool(true));
        return;
    };
    if lengths_of(patterns) != Some((*min, *max)) {
        let digits = if min == max {
            Tree::number(*min)
        } else {
            Tree::Text(format!("{min}-{max}"))
        };
        entries.set("digits", digits);
    }
    let texts = patterns.iter().cloned().map(String::from).map(Tree::Text);
    let mut texts: Vec<Tree> = texts.collect();
    match texts.len() {
        0 => {}
        1 => entries.set_some("pattern", texts.pop()),
        _several => entries.set("pattern", Tree::List(texts)),
    }
    if *is_spoken {
        entries.set("speech", Tree::Bool(true));
    }
}

/// A branch, or `hours` for a branch on opening hours.
fn branch<'a>(
    writer: &mut FlowsWriter<'a>,
    cases: &'a [Case],
    place: Place<'a>,
) -> (&'static str, Tree) {
    let is_always = |condition: &Expression| condition.source() == ALWAYS;
    if let [open, closed] = cases
        && let Some(calendar) = is_open(open.condition.source())
        && is_always(&closed.condition)
    {
        let mut entries = Entries::new();
        entries.set("calendar", Tree::text(calendar));
        for (key, case) in [("open", open), ("closed", closed)] {
            if case.then != Target::Next {
                entries.set(key, writer.target(case.then, place));
            }
        }
        return ("hours", entries.into_tree());
    }
    let last = cases.len().saturating_sub(1);
    let mut list = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let mut entries = Entries::new();
        let then = writer.target(case.then, place);
        if index == last && is_always(&case.condition) {
            entries.set("else", then);
        } else {
            entries.set("if", Tree::expression(&case.condition));
            entries.set("then", then);
        }
        list.push(entries.into_tree());
    }
    ("branch", Tree::List(list))
}

fn attributes(values: &BTreeMap<String, Json>) -> Tree {
    let values = values.iter();
    Tree::Map(
        values
            .map(|(name, value)| (name.clone(), Tree::json(value)))
            .collect(),
    )
}

fn write_look_up(look_up: &LookUp) -> Tree {
    let mut entries = Entries::new();
    entries.set("url", Tree::text(&*look_up.url));
    if !look_up.send.is_empty() {
        let names = look_up.send.iter();
        entries.set(
            "send",
            Tree::List(names.map(|name| Tree::text(&**name)).collect()),
        );
    }
    let is_list = look_up.take.iter().all(|(name, key)| name == key);
    let names = look_up.take.iter();
    let take = if is_list {
        Tree::List(names.map(|(name, _)| Tree::text(&**name)).collect())
    } else {
        Tree::Map(
            names
                .map(|(name, key)| (name.clone(), Tree::text(&**key)))
                .collect(),
        )
    };
    entries.set("take", take);
    entries.set_unless("timeout", &look_up.timeout, &LOOK_UP_TIMEOUT, |timeout| {
        Tree::duration(*timeout)
    });
    entries.into_tree()
}

/// The name of a Workflow, unless it is the one of steps that name none.
fn workflow(writer: &FlowsWriter<'_>, sid: WorkflowSid) -> Option<Tree> {
    let other = Some(sid).filter(|sid| *sid != writer.workflow)?;
    writer.names.workflow(other).map(Tree::text)
}

fn write_queue<'a>(writer: &mut FlowsWriter<'a>, queue: &'a Queue, place: Place<'a>) -> Tree {
    let mut entries = Entries::new();
    entries.set_some("workflow", workflow(writer, queue.workflow));
    task(&queue.attributes, queue.priority, &mut entries);
    entries.set_some("timeout", queue.timeout.map(Tree::duration));
    let wait = write_wait(&queue.wait);
    if !wait.is_empty() {
        entries.set("wait", wait.into_tree());
    }
    let leave = queue
        .leave
        .as_ref()
        .map(|leave| write_leave(writer, leave, place));
    entries.set_some("leave", leave);
    let on_timeout = writer.optional_target(queue.on_timeout, place);
    entries.set_some("on_timeout", on_timeout);
    let greeting = queue.agent_greeting.as_ref().map(write_greeting);
    entries.set_some(AGENT_GREETING, greeting);
    entries.into_tree()
}

/// What the Worker hears before they are connected.
fn write_greeting(greeting: &AgentGreeting) -> Tree {
    let mut entries = Entries::new();
    entries.set("say", prompts::say(&greeting.prompt));
    entries.set_some("accept", greeting.accept.map(key));
    key_timeout(&mut entries, greeting.timeout_secs, ACCEPT_SECS);
    entries.into_tree()
}

fn write_record(record: &Record) -> Tree {
    let mut entries = Entries::new();
    entries.set("say", prompts::say(&record.prompt));
    entries.set_some("refuse", record.refuse.map(key));
    key_timeout(&mut entries, record.timeout_secs, REFUSE_SECS);
    entries.into_tree()
}

/// The time for a key.
fn key_timeout(entries: &mut Entries, timeout_secs: u16, default: u16) {
    entries.set_unless("timeout", &timeout_secs, &default, |secs| seconds(*secs));
}

fn task(attributes_of_task: &BTreeMap<String, Json>, priority: u32, entries: &mut Entries) {
    if !attributes_of_task.is_empty() {
        entries.set("attributes", attributes(attributes_of_task));
    }
    entries.set_unless("priority", &priority, &0, |priority| {
        Tree::number(*priority)
    });
}

fn write_wait(wait: &Wait) -> Entries {
    let mut entries = Entries::new();
    entries.set_some("welcome", prompts::optional(&wait.welcome));
    entries.set_some("music", wait.music.as_ref().map(prompts::text));
    if !wait.announcements.is_empty() {
        let announcements = wait.announcements.iter();
        entries.set(
            "announce",
            Tree::List(announcements.map(prompts::say).collect()),
        );
    }
    entries.set_unless("every", &wait.announce_every, &ANNOUNCE_EVERY, |every| {
        Tree::duration(*every)
    });
    if !wait.has_position {
        entries.set("position", Tree::Bool(false));
    }
    if !wait.has_expected_wait {
        entries.set("expected_wait", Tree::Bool(false));
    }
    entries
}

fn write_leave<'a>(writer: &mut FlowsWriter<'a>, leave: &'a Leave, place: Place<'a>) -> Tree {
    let mut entries = Entries::new();
    entries.set("key", key(leave.key));
    entries.set("say", prompts::say(&leave.prompt));
    if leave.then != Target::Next {
        entries.set("then", writer.target(leave.then, place));
    }
    entries.into_tree()
}

fn write_callback(writer: &FlowsWriter<'_>, callback: &Callback) -> Tree {
    let mut entries = Entries::new();
    entries.set_some("workflow", workflow(writer, callback.workflow));
    task(&callback.attributes, callback.priority, &mut entries);
    entries.set_some("expires", callback.expires.map(Tree::duration));
    entries.set_unless(
        "attempts",
        &callback.attempts,
        &CALLBACK_ATTEMPTS,
        |attempts| Tree::number(*attempts),
    );
    entries.set_unless("pause", &callback.pause, &CALLBACK_PAUSE, |pause| {
        Tree::duration(*pause)
    });
    entries.set_unless("number", &&*callback.number, &"from", |number| {
        Tree::text(*number)
    });
    let greeting = callback.agent_greeting.as_ref().map(write_greeting);
    entries.set_some(AGENT_GREETING, greeting);
    entries.into_tree()
}

fn write_voicemail(writer: &FlowsWriter<'_>, voicemail: &Voicemail) -> Tree {
    let mut entries = Entries::new();
    let queue = writer.names.task_queue(voicemail.task_queue);
    entries.set_some("queue", queue.map(Tree::text));
    entries.set_some("say", prompts::optional(&voicemail.prompt));
    entries.set_some("thanks", prompts::optional(&voicemail.thanks));
    entries.set_unless(
        "max_length",
        &voicemail.max_length_secs,
        &VOICEMAIL_SECS,
        |secs| seconds(*secs),
    );
    entries.into_tree()
}

fn write_transfer<'a>(
    writer: &mut FlowsWriter<'a>,
    transfer: &'a Transfer,
    place: Place<'a>,
) -> Tree {
    let (TransferTo::Number(party) | TransferTo::Sip(party)) = &transfer.to;
    let to = Tree::text(&**party);
    if transfer.timeout_secs == RING_SECS && transfer.on_no_answer.is_none() {
        return to;
    }
    let mut entries = Entries::new();
    entries.set("to", to);
    entries.set_unless("timeout", &transfer.timeout_secs, &RING_SECS, |secs| {
        seconds(*secs)
    });
    let on_no_answer = writer.optional_target(transfer.on_no_answer, place);
    entries.set_some("on_no_answer", on_no_answer);
    entries.into_tree()
}

fn seconds(secs: u16) -> Tree {
    Tree::duration(Millis::from_secs(secs.into()))
}
