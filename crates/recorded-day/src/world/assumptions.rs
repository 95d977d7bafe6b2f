//! What is assumed where the recorded day cannot tell.
//!
//! | unknown | assumed |
//! |---|---|
//! | how long a conversation takes that the recorded day did not have | the median of the calls of the same Workflow |
//! | when a Worker answers an offer that the recorded day did not have | the median of all answers |
//! | how long a caller waits who was answered | without end |
//! | wrap-up of such a conversation | the median of the recorded ones |

use std::collections::BTreeMap;

use ids::time::Millis;
use ids::{ActivitySid, WorkflowSid};
use task_router::model::IssuedInstruction;

use crate::day::{Day, RecordedAnswer, RecordedTask};

/// How long a Worker takes to answer if the day has no answer at all.
const ANSWER_DEFAULT: Millis = Millis::from_secs(5);

/// How long a conversation takes if the day has none that ended.
const TALK_DEFAULT: Millis = Millis::from_secs(180);

pub(super) struct Assumptions {
    pub answer: Millis,
    talk: Millis,
    talk_of: BTreeMap<WorkflowSid, Millis>,
    pub wrap_up: Option<Millis>,
    pub after_work: Option<(Millis, ActivitySid)>,
    /// The instruction of offers that the day did not have.
    instruction_of: BTreeMap<WorkflowSid, IssuedInstruction>,
}

impl Assumptions {
    pub fn of(day: &Day) -> Self {
        let tasks = &day.tasks;
        let mut talk_of = BTreeMap::<WorkflowSid, Vec<Millis>>::new();
        let mut instruction_of = BTreeMap::new();
        let mut answers = Vec::new();
        for task in tasks {
            let talks = talk_of.entry(task.workflow).or_default();
            talks.extend(task.talk);
            for offer in &task.offers {
                if let Some(instruction) = &offer.instruction {
                    instruction_of
                        .entry(task.workflow)
                        .or_insert_with(|| without_call(instruction));
                }
                if let RecordedAnswer::Accepted(after) = offer.answer {
                    answers.push(after);
                }
            }
        }
        let after_work = tasks.iter().filter_map(|task| task.after_work);
        let activity = after_work.clone().next().map(|(_, activity)| activity);
        let length = median(after_work.map(|(length, _)| length).collect());
        let of_all =
            |of: fn(&RecordedTask) -> Option<Millis>| median(tasks.iter().filter_map(of).collect());
        Self {
            answer: median(answers).unwrap_or(ANSWER_DEFAULT),
            talk: of_all(|task| task.talk).unwrap_or(TALK_DEFAULT),
            talk_of: talk_of
                .into_iter()
                .filter_map(|(workflow, talks)| Some((workflow, median(talks)?)))
                .collect(),
            wrap_up: of_all(|task| task.wrap_up),
            after_work: length.zip(activity),
            instruction_of,
        }
    }

    /// How long the conversation of a Task takes.
    pub fn talk(&self, task: &RecordedTask) -> Millis {
        let of_workflow = self.talk_of.get(&task.workflow).copied();
        task.talk.or(of_workflow).unwrap_or(self.talk)
    }

    /// The instruction that an offer of the Workflow is carried out by.
    pub fn instruction(&self, workflow: WorkflowSid) -> Option<&IssuedInstruction> {
        self.instruction_of.get(&workflow)
    }
}

/// The instruction as it is before its call exists.
pub(super) fn without_call(instruction: &IssuedInstruction) -> IssuedInstruction {
    IssuedInstruction {
        claim: 1,
        worker_call_sid: None,
        answered: false,
        accepts: false,
        ..instruction.clone()
    }
}

/// The lower median; `None` of nothing.
fn median(mut values: Vec<Millis>) -> Option<Millis> {
    values.sort_unstable();
    let middle = values.len().checked_sub(1)? / 2;
    values.get(middle).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_a_recorded_value() {
        let millis = |values: &[u64]| values.iter().copied().map(Millis::from_millis).collect();
        for (values, expected) in [
            (&[][..], None),
            (&[7][..], Some(7)),
            (&[9, 1][..], Some(1)),
            (&[9, 1, 5][..], Some(5)),
        ] {
            assert_eq!(median(millis(values)), expected.map(Millis::from_millis));
        }
    }
}
