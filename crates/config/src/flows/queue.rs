//! The verbs that create Tasks: `queue`, `callback`, `voicemail`.

use ids::WorkflowSid;
use ids::time::Millis;
use shared::menu::{Digit, VOICEMAIL_MAX_SECS};
use task_router::model::CALLBACK_ATTEMPTS_MAX;
use vocabulary::{PRIORITY_MAX, TASK_TIMEOUT_MAX_SECS};
use voice_flows::{
    AgentGreeting, CALLBACK_ATTEMPTS, CALLBACK_PAUSE, Callback, Leave, Queue, Record, Target,
    Voicemail, Wait,
};

use super::AGENT_GREETING;
use super::compiler::{Compiler, Within};
use super::defaults::{ACCEPT_SECS, ANNOUNCE_EVERY, REFUSE_SECS, VOICEMAIL_SECS};
use crate::document::{Node, Value, place};
use crate::reader::Fields;

const QUEUE_KEYS: [&str; 8] = [
    "workflow",
    "attributes",
    "priority",
    "timeout",
    "wait",
    "on_timeout",
    "leave",
    "agent_greeting",
];

/// The most seconds in which a Worker accepts: the offer ends 30 s after the last possible ring.
const ACCEPT_MAX_SECS: u32 = 10;

/// The longest pause between the attempts of a callback, in seconds.
const CALLBACK_PAUSE_MAX_SECS: u32 = 86_400;

/// The most seconds in which a caller refuses to be recorded.
const REFUSE_MAX_SECS: u32 = 30;

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
            agent_greeting: self.agent_greeting(&fields),
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
            music_length: music.as_ref().and_then(|music| self.sounds.longest(music)),
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
        let key = key.and_then(|node| self.key(node, "key"));
        let prompt = self.reader.required(&fields, "say");
        let prompt = prompt.and_then(|node| self.say(node));
        let then = self.optional_target(fields.get("then"), "then", within);
        Some(Leave {
            key: key?,
            prompt: prompt?,
            then: then.unwrap_or(Target::Next),
        })
    }

    /// A key of a telephone.
    fn key(&mut self, node: &Node, key: &str) -> Option<Digit> {
        let expected = "a key, 0 to 9 or \"*\"";
        let text = self.reader.text(node, key, expected)?.to_owned();
        let mut chars = text.chars();
        let digit = chars.next().and_then(Digit::new);
        let digit = digit.filter(|_| chars.next().is_none());
        if digit.is_none() {
            self.reader.unexpected(node, key, expected);
        }
        digit
    }

    fn optional_key(&mut self, fields: &Fields<'_>, key: &str) -> Option<Digit> {
        fields.get(key).and_then(|node| self.key(node, key))
    }

    /// What the Worker hears: a prompt, or a mapping with the key that accepts.
    fn agent_greeting(&mut self, fields: &Fields<'_>) -> Option<AgentGreeting> {
        let node = fields.get(AGENT_GREETING)?;
        let fields = self
            .reader
            .mapping(node, AGENT_GREETING, &["say", "accept", "timeout"])?;
        let say = self.reader.required(&fields, "say")?;
        self.is_greeting = true;
        let prompt = self.say(say);
        self.is_greeting = false;
        Some(AgentGreeting {
            accept: self.optional_key(&fields, "accept"),
            timeout_secs: self.key_timeout(&fields, ACCEPT_SECS, ACCEPT_MAX_SECS),
            prompt: prompt?,
        })
    }

    /// The announcement that the call is recorded.
    pub fn record(&mut self, node: &Node) -> Option<Record> {
        let keys = ["say", "refuse", "timeout"];
        let fields = self.reader.mapping(node, "a record step", &keys)?;
        let prompt = self.reader.required(&fields, "say");
        let prompt = prompt.and_then(|node| self.say(node));
        Some(Record {
            refuse: self.optional_key(&fields, "refuse"),
            timeout_secs: self.key_timeout(&fields, REFUSE_SECS, REFUSE_MAX_SECS),
            prompt: prompt?,
        })
    }

    /// The setting `timeout` of a question with one key, in seconds.
    fn key_timeout(&mut self, fields: &Fields<'_>, default: u16, max: u32) -> u16 {
        let timeout = fields
            .get("timeout")
            .and_then(|node| self.reader.duration(node, "timeout", max));
        timeout
            .and_then(|timeout| u16::try_from(timeout.as_secs()).ok())
            .unwrap_or(default)
    }

    pub fn callback(&mut self, node: &Node) -> Option<Box<Callback>> {
        let keys = [
            "workflow",
            "attributes",
            "priority",
            "expires",
            "attempts",
            "pause",
            "number",
            AGENT_GREETING,
        ];
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
            attempts: self.callback_attempts(&fields),
            pause: self.callback_pause(&fields),
            agent_greeting: self.agent_greeting(&fields),
            workflow: callback.workflow,
        }))
    }

    fn callback_attempts(&mut self, fields: &Fields<'_>) -> u8 {
        let range = 1..=u32::from(CALLBACK_ATTEMPTS_MAX);
        let attempts = fields
            .get("attempts")
            .and_then(|node| self.reader.whole_number(node, "attempts", range));
        attempts
            .and_then(|attempts| u8::try_from(attempts).ok())
            .unwrap_or(CALLBACK_ATTEMPTS)
    }

    fn callback_pause(&mut self, fields: &Fields<'_>) -> Millis {
        let pause = fields
            .get("pause")
            .and_then(|node| self.reader.duration(node, "pause", CALLBACK_PAUSE_MAX_SECS));
        pause.unwrap_or(CALLBACK_PAUSE)
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
        attempts: CALLBACK_ATTEMPTS,
        pause: CALLBACK_PAUSE,
        number: "from".to_owned(),
        agent_greeting: None,
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
        agent_greeting: None,
    }
}

fn default_wait() -> Wait {
    Wait {
        welcome: Default::default(),
        music: None,
        music_length: None,
        announcements: Vec::new(),
        announce_every: ANNOUNCE_EVERY,
        has_position: true,
        has_expected_wait: true,
    }
}
