//! What became of a set-up, in words.

use std::fmt;

/// Names shown in one line; counts say the rest.
const NAMES_SHOWN_MAX: usize = 5;

/// What [`super::apply`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// New in the table.
    pub created: Vec<Thing>,
    /// In the table before, now as the file says.
    pub changed: Vec<Thing>,
    /// No longer in the file, and now gone.
    pub removed: Vec<Thing>,
    /// No longer in the file, and still there for a reason.
    pub kept: Vec<Kept>,
}

/// Something a file declares, with its friendly name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// The Workspace's own fields.
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
    /// Number, menu and the Workflow behind them.
    Centre,
}

/// Something that is no longer in the file and was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What.
    pub thing: Thing,
    /// Why.
    pub reason: Reason,
}

/// Why something was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A Task that has not ended is in it, or may come into it.
    ActiveTask,
    /// The Worker has a Task, or is offered one.
    OpenReservation,
    /// A Workflow that the API made names it.
    NamedByWorkflow,
    /// The file now declares a Workspace of another name.
    AnotherWorkspace,
}

impl Summary {
    /// Is the table as it was?
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
            Self::Centre => "number and menu",
        }
    }

    fn kind_of(&self, count: usize) -> String {
        match (self, count) {
            (Self::Centre, _) => self.kind().to_owned(),
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
            Self::Centre => None,
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
                    "{thing} is no longer in the file, but a call still needs it; it goes at the next start"
                )
            }
            Reason::OpenReservation => write!(
                f,
                "{thing} is no longer in the file, but has a call; they get no new one and go at the next start"
            ),
            Reason::NamedByWorkflow => {
                write!(
                    f,
                    "{thing} is no longer in the file, but a Workflow made through the API names it"
                )
            }
            Reason::AnotherWorkspace => {
                write!(
                    f,
                    "{thing} is no longer in the file; it stays as it is and its calls go on, but no new ones come in"
                )
            }
        }
    }
}

/// One line for each thing that was done; one line if nothing was.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        if self.is_unchanged() {
            lines.push("the set-up is as it was".to_owned());
        }
        for (done, things) in [
            ("created", &self.created),
            ("changed", &self.changed),
            ("removed", &self.removed),
        ] {
            if !things.is_empty() {
                lines.push(format!("{done} {}", counted(things, done != "created")));
            }
        }
        lines.extend(self.kept.iter().map(Kept::to_string));
        f.write_str(&lines.join("\n"))
    }
}

/// `1 Workspace, 4 Activities`, with names in brackets if wanted. Things of a kind stand together.
fn counted(things: &[Thing], with_names: bool) -> String {
    let kinds = things
        .chunk_by(|one, next| one.kind() == next.kind())
        .filter_map(|things| {
            let count = things.first()?.kind_of(things.len());
            let names = names(things.iter().filter_map(|thing| thing.name()));
            Some(if with_names && !names.is_empty() {
                format!("{count} ({names})")
            } else {
                count
            })
        });
    kinds.collect::<Vec<_>>().join(", ")
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
