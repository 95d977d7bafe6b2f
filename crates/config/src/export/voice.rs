//! The telephone side: number, menu or prompts, numbers, lists, calendars and flows.

use shared::dialing::Dialing;
use shared::menu::{Digit, Language, LastResort, Menu};
use shared::voice_settings::VoiceSettings;
use task_router::model::PartId;

use super::names::PartNames;
use super::tree::{Entries, Tree};
use super::{Content, NO_PHONE_NUMBER, Notes, calendars, flows};
use crate::flows::key_of;
use crate::voice_settings::RING_TIMEOUT_SECS;

pub(super) fn write(
    content: Content<'_>,
    names: &PartNames,
    file: &mut Entries,
    notes: &mut Notes,
) {
    let Some(settings) = content.voice_settings else {
        return;
    };
    file.set("phone_number", Tree::text(&*settings.phone_number));
    let workflow = names.workflow(settings.workflow_sid).map(Tree::text);
    file.set_some("workflow", workflow);
    let ring = settings.worker_ring_timeout_secs;
    file.set_unless("worker_ring_timeout", &ring, &RING_TIMEOUT_SECS, |secs| {
        Tree::duration(ids::time::Millis::from_secs((*secs).into()))
    });
    post_work(content, settings, names, file, notes);
    let voicemail = settings.voicemail_task_queue_sid;
    let voicemail = voicemail.and_then(|sid| names.task_queue(sid));
    file.set_some("voicemail_task_queue", voicemail.map(Tree::text));
    file.set_unless("dialing", &settings.dialing, &Dialing::default(), dialing);
    let Some(voice_flows) = content.voice_flows else {
        if settings.menu != Menu::default() {
            file.set("menu", menu(&settings.menu));
        }
        return;
    };
    let mut numbers = Entries::new();
    for (number, flow) in &voice_flows.numbers {
        numbers.set(number.clone(), Tree::text(&**flow));
    }
    if !numbers.is_empty() {
        file.set("numbers", numbers.into_tree());
    }
    languages(
        settings,
        voice_flows.numbers.contains_key(&settings.phone_number),
        file,
    );
    if !voice_flows.lists.is_empty() {
        file.set("lists", calendars::lists(&voice_flows.lists));
    }
    if !voice_flows.calendars.is_empty() {
        file.set("calendars", calendars::calendars(&voice_flows.calendars));
    }
    if !voice_flows.sounds.is_empty() {
        notes.add(
            "flows: audio files have their path on this server, /sounds/…; another contact centre \
             needs the files beside its own configuration"
                .to_owned(),
        );
    }
    file.set(
        "flows",
        flows::write(voice_flows, names, settings.workflow_sid, notes),
    );
}

/// A file needs a number and a Workflow of its calls.
pub(super) fn without_telephones(
    content: Content<'_>,
    names: &PartNames,
    file: &mut Entries,
    notes: &mut Notes,
) {
    notes.add(format!(
        "phone_number: there is none; replace {NO_PHONE_NUMBER} by the number that callers dial"
    ));
    file.set("phone_number", Tree::text(NO_PHONE_NUMBER));
    let ledger = &content.workspace.ledger;
    let workflows = content.workspace.workflows.keys();
    let first = workflows.min_by_key(|sid| (ledger.position(PartId::Workflow(**sid)), **sid));
    match first.and_then(|sid| names.workflow(*sid)) {
        Some(workflow) => {
            notes.add(format!(
                "workflow: none is that of calls; \"{workflow}\" is only the first one"
            ));
            file.set("workflow", Tree::text(workflow));
        }
        None => notes.add("workflow: there is none, and a file needs one".to_owned()),
    }
}

/// A file without `post_work_activity` takes the Activity of `wrap_up`.
fn post_work(
    content: Content<'_>,
    settings: &VoiceSettings,
    names: &PartNames,
    file: &mut Entries,
    notes: &mut Notes,
) {
    let wrap_up = content.workspace.wrap_up.as_ref();
    let default = wrap_up.map(|wrap_up| wrap_up.activity_sid);
    if settings.post_work_activity_sid == default {
        return;
    }
    match settings.post_work_activity_sid {
        Some(sid) => file.set_some("post_work_activity", names.activity(sid).map(Tree::text)),
        None => notes.add(
            "post_work_activity: there is none; a file with wrap_up takes its activity".to_owned(),
        ),
    }
}

fn dialing(dialing: &Dialing) -> Tree {
    let mut entries = Entries::new();
    let allow = dialing.allow.as_ref().map(|beginnings| {
        let texts = beginnings.iter().cloned().map(String::from);
        Tree::List(texts.map(Tree::Text).collect())
    });
    entries.set_some("allow", allow);
    let limits = [
        ("calls_per_minute", dialing.calls_per_minute),
        ("calls_per_second", dialing.calls_per_second),
    ];
    for (key, limit) in limits {
        entries.set_some(key, limit.map(|limit| Tree::number(limit.get())));
    }
    entries.into_tree()
}

/// The languages of flows: `prompts`, or `menu` if callers of the number hear it.
fn languages(settings: &VoiceSettings, number_has_flow: bool, file: &mut Entries) {
    let given = &settings.menu;
    let of_prompts = Menu {
        languages: given.languages.clone(),
        ..Menu::default()
    };
    let keys_are_free = given
        .languages
        .iter()
        .enumerate()
        .all(|(index, language)| language.key.as_char() == key_of(index));
    if !number_has_flow || *given != of_prompts || !keys_are_free {
        file.set("menu", menu(given));
    } else if *given != Menu::default() {
        let languages = given.languages.iter().map(|language| {
            let mut entries = Entries::new();
            voice(language, &mut entries);
            (language.selected_language.clone(), entries.into_tree())
        });
        file.set("prompts", Tree::Map(languages.collect()));
    }
}

fn menu(menu: &Menu) -> Tree {
    let default = Menu::default();
    let Menu {
        languages,
        attempts_max,
        gather_timeout_secs,
        on_no_input,
        on_wrong_key,
        voicemail,
    } = menu;
    let mut entries = Entries::new();
    let languages = languages.iter().map(|language| {
        let mut entries = Entries::new();
        entries.set("key", key(language.key));
        let name = Tree::text(&*language.selected_language);
        entries.set("selected_language", name);
        voice(language, &mut entries);
        entries.into_tree()
    });
    entries.set("languages", Tree::List(languages.collect()));
    entries.set_unless("attempts_max", attempts_max, &default.attempts_max, |max| {
        Tree::number(*max)
    });
    entries.set_unless(
        "gather_timeout_secs",
        gather_timeout_secs,
        &default.gather_timeout_secs,
        |secs| Tree::number(*secs),
    );
    for (key, choice) in [("on_no_input", on_no_input), ("on_wrong_key", on_wrong_key)] {
        if let LastResort::Choose(language) = choice {
            let choose = vec![("choose".to_owned(), Tree::text(&**language))];
            entries.set(key, Tree::Map(choose));
        }
    }
    if let Some(voicemail) = voicemail {
        let length = Tree::number(voicemail.max_length_secs);
        let voicemail = vec![("max_length_secs".to_owned(), length)];
        entries.set("voicemail", Tree::Map(voicemail));
    }
    entries.into_tree()
}

/// A key of the telephone: a number, except for `*`.
pub(super) fn key(digit: Digit) -> Tree {
    match digit.as_char().to_digit(10) {
        Some(number) => Tree::number(number),
        None => Tree::Text(digit.to_string()),
    }
}

/// Language, voice and texts, as far as they are not the built-in ones.
fn voice(language: &Language, entries: &mut Entries) {
    let built_in = Language::built_in(language.key, &language.selected_language);
    let has_language = built_in
        .as_ref()
        .is_some_and(|built_in| built_in.language == language.language);
    let has_voice = built_in
        .as_ref()
        .is_some_and(|built_in| built_in.voice == language.voice);
    // With `language` alone the voice is the account's.
    if !has_language || language.voice.is_none() {
        entries.set("language", Tree::text(&*language.language));
    }
    if !(has_language && has_voice) {
        let voice = language.voice.as_deref();
        entries.set_some("voice", voice.map(Tree::text));
    }
    let texts = texts_of(language);
    let known = built_in.as_ref().map(texts_of).unwrap_or_default();
    let changed = texts.into_iter().filter(|text| !known.contains(text));
    let changed: Vec<(String, Tree)> = changed.collect();
    if !changed.is_empty() {
        entries.set("texts", Tree::Map(changed));
    }
}

fn texts_of(language: &Language) -> Vec<(String, Tree)> {
    // Texts always have a JSON form: names with texts.
    match serde_json::to_value(&language.texts).map(|texts| Tree::json(&texts)) {
        Ok(Tree::Map(texts)) => texts,
        Ok(_) | Err(_) => Vec::new(),
    }
}
