//! The verbs that create Tasks: `queue`, `callback`, `voicemail`.

use ids::WorkflowSid;
use ids::time::Millis;
use shared::menu::{Digit, VOICEMAIL_MAX_SECS};
use vocabulary::{PRIORITY_MAX, TASK_TIMEOUT_MAX_SECS};
use voice_flows::{Callback, Leave, Queue, Target, Voicemail, Wait};

use super::compiler::{Compiler, Within};
use super::defaults::{ANNOUNCE_EVERY, VOICEMAIL_SECS};
use crate::document::{Node, Value, place};
use crate::reader::Fields;

const QUEUE_KEYS: [&str; 7] = [
    "workflow",
    "attributes",
    "priority",
    "timeout",
    "wait",
    "on_timeout",
    "leave",
];

const WAIT_KEYS: [&str; 6] = [
    "welcome",
    "music",
    "announce",
    "every",
    "position",
    "expected_wait",
];

/// The shortest and the longest interval of announcements, in seconds. Callers take a shorter one
/// for an interruption.
const EVERY_SECS: std::ops::RangeInclusive<u32> = 15..=3_600;

/// The most announcements.
const ANNOUNCEMENTS_MAX: usize = 20;

impl Compiler<'_, '_> {
    pub fn queue(&mut self, node: &Node, within: &Within<'_>) -> Option<Box<Queue>> {
        if let Value::Text(_) = &node.value {
            let workflow = self.workflow(node)?;
            return Some(Box::new(queue_of(workflow)));
        }
        let fields = self.reader.mapping(node, "a queue step", &QUEUE_KEYS)?;
        let workflow = match fields.get("workflow") {
            Some(node) => self.workflow(node),
            None => self.default_workflow(node),
        };
        let wait = match fields.get("wait") {
            Some(node) => self.wait(node)?,
            None => default_wait(),
        };
        let timeout = self.task_timeout(&fields, "timeout");
        Some(Box::new(Queue {
            attributes: self.task_attributes(&fields),
            priority: self.priority(&fields),
            timeout,
            wait,
            on_timeout: self.optional_target(fields.get("on_timeout"), "on_timeout", within),
            leave: match fields.get("leave") {
                Some(node) => Some(self.leave(node, within)?),
                None => None,
            },
            workflow: workflow?,
        }))
    }

    fn wait(&mut self, node: &Node) -> Option<Wait> {
        let fields = self.reader.mapping(node, "wait", &WAIT_KEYS)?;
        let every = fields
            .get("every")
            .and_then(|node| self.reader.duration_within(node, "every", EVERY_SECS));
        let music = match fields.get("music") {
            Some(node) => Some(self.sound(node, "music")?),
            None => None,
        };
        let mut switch = |key: &str| {
            let node = fields.get(key)?;
            self.reader.boolean(node, key)
        };
        let has_position = switch("position").unwrap_or(true);
        let has_expected_wait = switch("expected_wait").unwrap_or(true);
        let mut announcements = Vec::new();
        if let Some(node) = fields.get("announce") {
            for node in self.reader.list(node, "announce", ANNOUNCEMENTS_MAX) {
                announcements.extend(self.say(node));
            }
        }
        Some(Wait {
            welcome: self.optional_say(fields.get("welcome")),
            music,
            announcements,
            announce_every: every.unwrap_or(ANNOUNCE_EVERY),
            has_position,
            has_expected_wait,
        })
    }

    fn leave(&mut self, node: &Node, within: &Within<'_>) -> Option<Leave> {
        let fields = self
            .reader
            .mapping(node, "leave", &["key", "say", "then"])?;
        let key = self.reader.required(&fields, "key");
        let key = key.and_then(|node| {
            let expected = "a key, 0 to 9 or \"*\"";
            let text = self.reader.text(node, "key", expected)?.to_owned();
            let mut chars = text.chars();
            let key = chars.next().and_then(Digit::new);
            let key = key.filter(|_| chars.next().is_none());
            if key.is_none() {
                self.reader.unexpected(node, "key", expected);
            }
            key
        });
        let prompt = self.reader.required(&fields, "say");
        let prompt = prompt.and_then(|node| self.say(node));
        let then = self.optional_target(fields.get("then"), "then", within);
        Some(Leave {
            key: key?,
            prompt: prompt?,
            then: then.unwrap_or(Target::Next),
        })
    }

    pub fn callback(&mut self, node: &Node) -> Option<Box<Callback>> {
        let keys = ["workflow", "attributes", "priority", "expires", "number"];
        let fields = self.reader.mapping(node, "a callback step", &keys)?;
        let workflow = match fields.get("workflow") {
            Some(node) => self.workflow(node),
            None => self.default_workflow(node),
        };
        let number = fields.get("number").and_then(|node| {
            let name = self.reader.text(node, "number", "the name of a value")?;
            let name = name.to_owned();
            self.use_value(&name, place(node));
            Some(name)
        });
        let expires = self.task_timeout(&fields, "expires");
        let callback = callback_of(workflow?);
        Some(Box::new(Callback {
            attributes: self.task_attributes(&fields),
            priority: self.priority(&fields),
            expires,
            number: number.unwrap_or(callback.number),
            workflow: callback.workflow,
        }))
    }

    pub fn voicemail(&mut self, node: &Node) -> Option<Voicemail> {
        let keys = ["queue", "say", "thanks", "max_length"];
        let fields = self.reader.mapping(node, "a voicemail step", &keys)?;
        let queue = self.reader.required(&fields, "queue");
        let queue =
            queue.and_then(|node| self.reader.reference(node, "queue", self.parts.task_queues));
        let max_length = fields.get("max_length").and_then(|node| {
            self.reader
                .duration(node, "max_length", u32::from(VOICEMAIL_MAX_SECS))
        });
        let max_length = max_length.and_then(|length| u16::try_from(length.as_secs()).ok());
        Some(Voicemail {
            prompt: self.optional_say(fields.get("say")),
            thanks: self.optional_say(fields.get("thanks")),
            max_length_secs: max_length.unwrap_or(VOICEMAIL_SECS),
            task_queue: queue?,
        })
    }

    fn workflow(&mut self, node: &Node) -> Option<WorkflowSid> {
        self.reader
            .reference(node, "workflow", self.parts.workflows)
    }

    /// The Workflow of a step that names none.
    pub fn default_workflow(&mut self, node: &Node) -> Option<WorkflowSid> {
        if self.parts.workflow.is_none() {
            let message = "expected the key `workflow` here or at the top of the file";
            self.reader.problem(place(node), message);
        }
        self.parts.workflow
    }

    fn task_attributes(
        &mut self,
        fields: &Fields<'_>,
    ) -> std::collections::BTreeMap<String, serde_json::Value> {
        let node = fields.get("attributes");
        node.and_then(|node| self.attributes(node, "attributes", false))
            .unwrap_or_default()
    }

    fn priority(&mut self, fields: &Fields<'_>) -> u32 {
        let node = fields.get("priority");
        node.and_then(|node| self.reader.whole_number(node, "priority", 0..=PRIORITY_MAX))
            .unwrap_or_default()
    }

    fn task_timeout(&mut self, fields: &Fields<'_>, key: &str) -> Option<Millis> {
        let node = fields.get(key)?;
        self.reader.duration(node, key, TASK_TIMEOUT_MAX_SECS)
    }
}

/// A callback step without settings: the caller's own number.
pub(super) fn callback_of(workflow: WorkflowSid) -> Callback {
    Callback {
        workflow,
        attributes: Default::default(),
        priority: 0,
        expires: None,
        number: "from".to_owned(),
    }
}

/// A queue step without settings.
pub(super) fn queue_of(workflow: WorkflowSid) -> Queue {
    Queue {
        workflow,
        attributes: Default::default(),
        priority: 0,
        timeout: None,
        wait: default_wait(),
        on_timeout: None,
        leave: None,
    }
}

fn default_wait() -> Wait {
    Wait {
        welcome: Default::default(),
        music: None,
        announcements: Vec::new(),
        announce_every: ANNOUNCE_EVERY,
        has_position: true,
        has_expected_wait: true,
    }
}
