//! Flows with their steps numbered in the order in which calls can reach them: two files with the
//! same flows may number their steps in different orders.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use voice_flows::{Action, StepId, Target, VoiceFlows};

/// Everything of the flows that calls notice.
pub fn numbered(flows: &VoiceFlows) -> Json {
    let mut numbers = Numbers::default();
    let starts: BTreeMap<&String, usize> = flows
        .flows
        .iter()
        .map(|(name, first)| (name, numbers.of(*first)))
        .collect();
    let mut steps = Vec::new();
    while let Some(id) = numbers.found.get(steps.len()).copied() {
        let step = flows.step(id).unwrap();
        let mut action = step.action.clone();
        if action == Action::HangUp {
            // Nothing follows.
            steps.push(json!({ "action": action }));
            continue;
        }
        renumber(&mut action, &mut numbers);
        let next = step.next.map(|id| numbers.of(id));
        let on_error = step.on_error.map(|id| numbers.of(id));
        steps.push(json!({"action": action, "next": next, "on_error": on_error}));
    }
    let VoiceFlows {
        language,
        more_languages,
        numbers: of_flows,
        flows: _,
        steps: _,
        calendars,
        lists,
        queues,
        sounds,
    } = flows;
    json!({
        "language": language, "more_languages": more_languages, "numbers": of_flows,
        "starts": starts, "steps": steps, "calendars": calendars, "lists": lists, "queues": queues,
        "sounds": sounds,
    })
}

#[derive(Default)]
struct Numbers {
    found: Vec<StepId>,
}

impl Numbers {
    fn of(&mut self, id: StepId) -> usize {
        let known = self.found.iter().position(|found| *found == id);
        known.unwrap_or_else(|| {
            self.found.push(id);
            self.found.len() - 1
        })
    }

    fn step(&mut self, id: &mut StepId) {
        *id = StepId(u16::try_from(self.of(*id)).unwrap());
    }

    fn target(&mut self, target: &mut Target) {
        if let Target::Step(id) = target {
            self.step(id);
        }
    }

    fn optional(&mut self, target: &mut Option<Target>) {
        if let Some(target) = target {
            self.target(target);
        }
    }
}

fn renumber(action: &mut Action, numbers: &mut Numbers) {
    match action {
        Action::Menu(menu) => {
            for option in &mut menu.options {
                numbers.target(&mut option.then);
            }
            numbers.optional(&mut menu.on_no_input);
            numbers.optional(&mut menu.on_no_match);
        }
        Action::Collect(collect) => numbers.optional(&mut collect.on_failure),
        Action::Branch(cases) => cases
            .iter_mut()
            .for_each(|case| numbers.target(&mut case.then)),
        Action::Queue(queue) => {
            // An exported file has the path of the music, not the music.
            queue.wait.music_length = None;
            numbers.optional(&mut queue.on_timeout);
            if let Some(leave) = &mut queue.leave {
                numbers.target(&mut leave.then);
            }
        }
        Action::Transfer(transfer) => numbers.optional(&mut transfer.on_no_answer),
        Action::Use(id) | Action::GoTo(id) => numbers.step(id),
        Action::Say(_)
        | Action::Set(_)
        | Action::Tag(_)
        | Action::Language(_)
        | Action::LookUp(_)
        | Action::Record(_)
        | Action::Callback(_)
        | Action::Voicemail(_)
        | Action::HangUp => {}
    }
}
