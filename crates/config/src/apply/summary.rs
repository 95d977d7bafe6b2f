//! The result of an apply, as text.

use std::fmt;

/// Most names in one line; a count replaces the rest.
const NAMES_SHOWN_MAX: usize = 5;

/// The changes made by [`super::apply`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Created in the table.
    pub created: Vec<Thing>,
    /// Changed in the table.
    pub changed: Vec<Thing>,
    /// Deleted from the table, because the file no longer declares them.
    pub removed: Vec<Thing>,
    /// Kept in the table, although the file no longer declares them.
    pub kept: Vec<Kept>,
}

/// A declared part, with its friendly name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// The Workspace's own settings.
    Workspace(String),
    /// An Activity.
    Activity(String),
    /// A TaskChannel, with its unique name.
    TaskChannel(String),
    /// A TaskQueue.
    TaskQueue(String),
    /// A Workflow.
    Workflow(String),
    /// A Worker.
    Worker(String),
    /// Number, menu and the Workflow of its calls.
    VoiceSettings,
}

/// A part that the file no longer declares and that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The part.
    pub thing: Thing,
    /// The reason.
    pub reason: Reason,
}

/// Why a part was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// An active Task is in it, or may still reach it.
    ActiveTask,
    /// The Worker has a Task, or is offered one.
    OpenReservation,
    /// A Workflow that the API created names it.
    NamedByWorkflow,
    /// The file now declares a Workspace with another name.
    AnotherWorkspace,
}

impl Summary {
    /// Whether the apply changed nothing.
    pub fn is_unchanged(&self) -> bool {
        *self
            == Self {
                kept: self.kept.clone(),
                ..Self::default()
            }
    }
}

impl Thing {
    fn kind(&self) -> &'static str {
        match self {
            Self::Workspace(_) => "Workspace",
            Self::Activity(_) => "Activity",
            Self::TaskChannel(_) => "TaskChannel",
            Self::TaskQueue(_) => "TaskQueue",
            Self::Workflow(_) => "Workflow",
            Self::Worker(_) => "Worker",
            Self::VoiceSettings => "number and menu",
        }
    }

    fn kind_of(&self, count: usize) -> String {
        match (self, count) {
            (Self::VoiceSettings, _) => self.kind().to_owned(),
            (_, 1) => format!("1 {}", self.kind()),
            (Self::Activity(_), _) => format!("{count} Activities"),
            (
                Self::Workspace(_)
                | Self::TaskChannel(_)
                | Self::TaskQueue(_)
                | Self::Workflow(_)
                | Self::Worker(_),
                _,
            ) => format!("{count} {}s", self.kind()),
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Workspace(name)
            | Self::Activity(name)
            | Self::TaskChannel(name)
            | Self::TaskQueue(name)
            | Self::Workflow(name)
            | Self::Worker(name) => Some(name),
            Self::VoiceSettings => None,
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} \"{name}\"", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thing = &self.thing;
        match self.reason {
            Reason::ActiveTask => {
                write!(
                    f,
                    "{thing} is no longer in the file, but an active Task needs it; a later start or apply deletes it"
                )
            }
            Reason::OpenReservation => write!(
                f,
                "{thing} is no longer in the file, but has a Task; the Worker gets no new one, and a later start or apply deletes the Worker"
            ),
            Reason::NamedByWorkflow => {
                write!(
                    f,
                    "{thing} is no longer in the file, but a Workflow created through the API names it"
                )
            }
            Reason::AnotherWorkspace => {
                write!(
                    f,
                    "{thing} is no longer in the file; it is kept and its calls continue, but it gets no new ones"
                )
            }
        }
    }
}

/// One line for each kind of change; a single line if there was none.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        if self.is_unchanged() {
            lines.push("the configuration is unchanged".to_owned());
        }
        if !self.created.is_empty() {
            lines.push(format!("created {}", counts(&self.created)));
        }
        for (done, things) in [("changed", &self.changed), ("removed", &self.removed)] {
            if !things.is_empty() {
                lines.push(format!("{done} {}", counts_with_names(things)));
            }
        }
        lines.extend(self.kept.iter().map(Kept::to_string));
        f.write_str(&lines.join("\n"))
    }
}

/// `1 Workspace, 4 Activities`. Consecutive things of one kind are counted together.
fn counts(things: &[Thing]) -> String {
    let kinds = by_kind(things).map(|(count, _)| count);
    kinds.collect::<Vec<_>>().join(", ")
}

/// `1 Workspace ("Support"), 2 Activities ("Offline", "Lunch")`.
fn counts_with_names(things: &[Thing]) -> String {
    let kinds = by_kind(things).map(|(count, things)| {
        let names = names(things.iter().filter_map(|thing| thing.name()));
        if names.is_empty() {
            count
        } else {
            format!("{count} ({names})")
        }
    });
    kinds.collect::<Vec<_>>().join(", ")
}

/// The consecutive things of one kind, with their count in words.
fn by_kind(things: &[Thing]) -> impl Iterator<Item = (String, &[Thing])> {
    things
        .chunk_by(|one, next| one.kind() == next.kind())
        .filter_map(|things| Some((things.first()?.kind_of(things.len()), things)))
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names
        .iter()
        .take(NAMES_SHOWN_MAX)
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMES_SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
