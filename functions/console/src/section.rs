//! The sections of the console and the kinds of resource in them: their names in addresses, in
//! the API and on pages.

/// A kind of resource of the API that has tables and forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `/console/tasks`
    Tasks,
    /// `/console/workers`
    Workers,
    /// `/console/task-queues`
    TaskQueues,
    /// `/console/workflows`
    Workflows,
    /// `/console/activities`
    Activities,
    /// `/console/events`
    Events,
}

impl Resource {
    /// Its part of the console's addresses.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Workers => "workers",
            Self::TaskQueues => "task-queues",
            Self::Workflows => "workflows",
            Self::Activities => "activities",
            Self::Events => "events",
        }
    }

    /// The list in the API's addresses, and the plural on pages.
    pub const fn list(self) -> &'static str {
        match self {
            Self::Tasks => "Tasks",
            Self::Workers => "Workers",
            Self::TaskQueues => "TaskQueues",
            Self::Workflows => "Workflows",
            Self::Activities => "Activities",
            Self::Events => "Events",
        }
    }

    /// The singular on pages.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Tasks => "Task",
            Self::Workers => "Worker",
            Self::TaskQueues => "TaskQueue",
            Self::Workflows => "Workflow",
            Self::Activities => "Activity",
            Self::Events => "Event",
        }
    }

    /// The kind of resource that a SID belongs to, if it has pages; by the two capitals of the SID.
    pub fn of_sid(text: &str) -> Option<Self> {
        let (prefix, digits) = text.split_at_checked(2)?;
        let is_sid = digits.len() == 32 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        if !is_sid {
            return None;
        }
        match prefix {
            "WT" => Some(Self::Tasks),
            "WK" => Some(Self::Workers),
            "WQ" => Some(Self::TaskQueues),
            "WW" => Some(Self::Workflows),
            "WA" => Some(Self::Activities),
            _ => None,
        }
    }
}

/// An entry of the navigation, or the list of Workspaces beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The simulated telephones.
    Phones,
    /// The desktops of agents.
    Desk,
    /// The wallboard.
    Wallboard,
    /// The voice flows.
    Flows,
    /// The calendars and their switches.
    Calendars,
    /// Scenarios in virtual time.
    Simulation,
    /// The tables and forms of one kind of resource.
    Resource(Resource),
    /// The list of Workspaces; not in the navigation.
    Workspaces,
}

impl Section {
    /// The entries of the navigation, in their order.
    pub const NAVIGATION: [Self; 12] = [
        Self::Phones,
        Self::Desk,
        Self::Wallboard,
        Self::Flows,
        Self::Calendars,
        Self::Resource(Resource::Tasks),
        Self::Resource(Resource::Workers),
        Self::Resource(Resource::TaskQueues),
        Self::Resource(Resource::Workflows),
        Self::Resource(Resource::Activities),
        Self::Resource(Resource::Events),
        Self::Simulation,
    ];

    /// Its part of the console's addresses.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Phones => "phones",
            Self::Desk => "desk",
            Self::Wallboard => "wallboard",
            Self::Flows => "flows",
            Self::Calendars => "calendars",
            Self::Simulation => "simulation",
            Self::Resource(resource) => resource.path(),
            Self::Workspaces => "workspaces",
        }
    }

    /// Its name on pages.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Phones => "Phones",
            Self::Desk => "Agent desktop",
            Self::Wallboard => "Wallboard",
            Self::Flows => "Voice flows",
            Self::Calendars => "Opening hours",
            Self::Simulation => "Simulate",
            Self::Resource(resource) => resource.list(),
            Self::Workspaces => "Workspaces",
        }
    }
}

impl From<Resource> for Section {
    fn from(resource: Resource) -> Self {
        Self::Resource(resource)
    }
}
