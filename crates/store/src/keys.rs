//! The keys of the one table. All keys are built here, from ids.
//!
//! | item | `pk` | `sk` | `board_pk` / `board_sk` | `listing_pk` / `listing_sk` |
//! |---|---|---|---|---|
//! | voice settings | `CENTRE` | `CENTRE` | | |
//! | Workspace | `WS…` | `WORKSPACE` | | `WORKSPACES` / age |
//! | revision: the number of configuration writes | `WS…` | `#REVISION`, before everything else | | `WORKSPACES#REMOVED` / moment, once deleted |
//! | Activity, TaskQueue, Workflow | `WS…` | `ACTIVITY#WA…`, `QUEUE#WQ…`, `WORKFLOW#WW…` | | |
//! | superseded configuration | `WS…` | `CONFIGURATION#WW…#<version>` | | |
//! | piece of a chunked configuration | `WW…#<version>#<digest>` | `PIECE#<number>` | | |
//! | piece of an audio file | `EVENTS#SOUND#<digest>.<format>` | `PIECE#<number>` | | |
//! | TaskChannel | `WS…` | `CHANNEL#<unique name>` | | |
//! | Readiness | `WS…` | `READINESS#<key>` | | |
//! | Worker | `WK…` | `WORKER` | `FREE#WS…#<readiness>` / idle key, while free | `WS…#WORKER` / age and id |
//! | Task | `WT…` | `TASK` | `WAIT#WQ…#<channel>` or `WAIT#WK…` / Position, while pending | `WS…#TASK#<shard>` / age and id |
//! | Reservation's Task, for `<Dial><Queue reservationSid>` | `WR…` | `RESERVATION` | | |
//! | declaration of a Worker | `WK…` | `DECLARED` | | |
//! | name of a Worker | `WS…#<name in lower case>` | `WORKER-NAME` | | |
//! | recent wait times of a TaskQueue | `WQ…` | `WAITS` | | |
//! | Events of one write | `EVENTS#WS…#<hour>#<shard>` | moment, version and digest | | |
//! | webhooks of a Task, if the journal is on | `EVENTS#WT…#WEBHOOKS` | `WEBHOOK#WH…` | | |
//! | statistics of a minute, an hour, a day | `EVENTS#WS…#<grain>#<family>` | moment`#`row | | |
//! | active Tasks, in short | `EVENTS#WS…#LIVING` | hour`#`row | | |
//! | lease of a pool's matcher | `EVENTS#WQ…#MATCHER` | `MATCHER` | | |
//! | used sign-in link (one-time token) | `USED#<its signature>` | `USED` | | |
//! | generation of a principal's console sessions | `SESSIONS#<principal>` | `SESSIONS` | | |
//! | next slot of paced calls | `EVENTS#CALLS` | `SLOTS` | | |
//! | callback of a number | `EVENTS#WS…#CALLBACK#<digest of the number>` | `CALLBACK` | | |
//! | number of calls in a minute | `EVENTS#CALLS` | `MINUTE#<minute>` | | |
//! | progress of the roll-up | `EVENTS#WS…#ROLLED-UP` | `ROLLED-UP` | | |
//! | a comparison with a shadow Workflow | `EVENTS#WS…#SHADOW#WW…` | moment`#WT…` | | |
//! | cursor of a sweep that did not read all Tasks | `EVENTS#WS…#SWEEP` | `SWEEP` | | |
//!
//! Both indexes are sparse. No partition is written by all Tasks of a Workspace: waiting Tasks are
//! spread over the waiting lists, free Workers over the ready lists, and the listing over
//! [`LISTING_SHARDS`].

use ids::time::Timestamp;
use ids::{
    ReservationSid, TaskQueueSid, TaskSid, WebhookSid, WorkerSid, WorkflowSid, WorkspaceSid,
};
use shared::flows_version::FlowsVersion;
use task_router::model::{IdleKey, PartId, Readiness, Task, Worker, Workspace};
use task_router::router::events::EventCursor;
use task_router::router::order::{Position, WaitingList, position_of, waiting_list_of};
use task_router::router::shadow::ShadowComparison;
use task_router::statistics::{Family, Grain};
use voice_flows::SoundName;

/// Partition key of the table.
pub const PK: &str = "pk";
/// Sort key of the table.
pub const SK: &str = "sk";
/// The index of the waiting lists and ready lists, with whole items. Its stored name is older than
/// these terms.
pub const BOARD: &str = "board";
/// Partition key of [`BOARD`].
pub const BOARD_PK: &str = "board_pk";
/// Sort key of [`BOARD`].
pub const BOARD_SK: &str = "board_sk";
/// The index of all Workspaces, Workers and Tasks. It has keys only, so that a change of state does
/// not write it.
pub const LISTING: &str = "listing";
/// Partition key of [`LISTING`].
pub const LISTING_PK: &str = "listing_pk";
/// Sort key of [`LISTING`].
pub const LISTING_SK: &str = "listing_sk";
/// The time to live: the moment from which DynamoDB may delete the item, in seconds since 1970.
pub const TTL: &str = "ttl";
/// The version of a Task or Worker, on which its conditional writes depend.
pub const VERSION: &str = "version";

/// Sort key of a Workspace's own fields.
pub const WORKSPACE: &str = "WORKSPACE";
/// Sort key of a Workspace's revision. It sorts before the Workspace's parts, so that it is read
/// before them.
pub const REVISION: &str = "#REVISION";
/// Partition of the switches of calendars.
pub const SWITCHES: &str = "SWITCHES";

/// Sort key of a Task.
pub const TASK: &str = "TASK";
/// Sort key of a Worker.
pub const WORKER: &str = "WORKER";

/// Number of partitions over which the Tasks of one Workspace are listed. A Task is written to the
/// listing once, so sixteen partitions hold sixteen thousand new Tasks a second.
pub const LISTING_SHARDS: u8 = 16;

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Value of [`PK`].
    pub pk: String,
    /// Value of [`SK`].
    pub sk: String,
}

/// A key of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// Value of the index's partition key.
    pub pk: String,
    /// Value of the index's sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: impl ToString, sk: impl ToString) -> Self {
        Self {
            pk: pk.to_string(),
            sk: sk.to_string(),
        }
    }

    /// The voice settings: number, menu, Workflow.
    pub fn voice_settings() -> Self {
        Self::new("CENTRE", "CENTRE")
    }

    /// The switch of a calendar. All switches share the partition.
    pub fn calendar_switch(calendar: &str) -> Self {
        Self::new(SWITCHES, calendar)
    }

    /// A piece of the voice flows of a version.
    pub fn flows_piece(version: &FlowsVersion, number: usize) -> Self {
        Self::new(format!("FLOWS#{version}"), format!("PIECE#{number:03}"))
    }

    /// A piece of an audio file. Nothing follows from its write, so the stream leaves it out.
    pub fn sound_piece(name: &SoundName, number: usize) -> Self {
        Self::new(format!("EVENTS#SOUND#{name}"), format!("PIECE#{number:03}"))
    }

    /// The callback of a number, by a digest of the number. Nothing follows from its write, so the
    /// stream leaves it out.
    pub fn callback(workspace: WorkspaceSid, number: &str) -> Self {
        Self::new(format!("EVENTS#{workspace}#CALLBACK#{number}"), "CALLBACK")
    }

    /// The Workspace's own fields. Its parts share the partition.
    pub fn workspace(sid: WorkspaceSid) -> Self {
        Self::new(sid, WORKSPACE)
    }

    /// The revision of a Workspace's configuration.
    pub fn revision(workspace: WorkspaceSid) -> Self {
        Self::new(workspace, REVISION)
    }

    /// A part of the configuration.
    pub fn configuration(workspace: WorkspaceSid, part: PartId) -> Self {
        match part {
            PartId::Workspace => Self::workspace(workspace),
            PartId::Activity(sid) => Self::part(workspace, Part::Activity, sid),
            PartId::TaskQueue(sid) => Self::part(workspace, Part::TaskQueue, sid),
            PartId::TaskChannel(name) => Self::part(workspace, Part::TaskChannel, name),
            PartId::Workflow(sid) => Self::part(workspace, Part::Workflow, sid),
        }
    }

    /// A part of a Workspace; `name` is its id, unique name or key.
    pub fn part(workspace: WorkspaceSid, kind: Part, name: impl std::fmt::Display) -> Self {
        Self::new(workspace, format!("{}{name}", kind.prefix()))
    }

    /// A piece of a chunked configuration; `partition` is named by its content.
    pub fn configuration_piece(partition: &str, number: usize) -> Self {
        Self::new(partition, format!("PIECE#{number:03}"))
    }

    /// A Task.
    pub fn task(sid: TaskSid) -> Self {
        Self::new(sid, TASK)
    }

    /// A Worker.
    pub fn worker(sid: WorkerSid) -> Self {
        Self::new(sid, WORKER)
    }

    /// The pointer from a Reservation to its Task.
    pub fn reservation(sid: ReservationSid) -> Self {
        Self::new(sid, "RESERVATION")
    }

    /// The digest of what `contact-centre.yaml` last declared for a Worker.
    pub fn declaration(sid: WorkerSid) -> Self {
        Self::new(sid, "DECLARED")
    }

    /// The owner of a Worker's name. Names are compared ignoring case.
    pub fn worker_name(workspace: WorkspaceSid, friendly_name: &str) -> Self {
        Self::new(
            format!("{workspace}#{}", friendly_name.to_lowercase()),
            "WORKER-NAME",
        )
    }

    /// The Events of the write that contains the Event with this cursor.
    pub fn events(workspace: WorkspaceSid, cursor: EventCursor) -> Self {
        Self::new(
            events_partition(workspace, cursor.hour(), cursor.shard()),
            cursor.write_key(),
        )
    }

    /// A webhook of a Task.
    pub fn webhook(task: TaskSid, sid: WebhookSid) -> Self {
        Self::new(webhooks_partition(task), format!("WEBHOOK#{sid}"))
    }

    /// The progress of the roll-up of a Workspace's Events.
    pub fn rolled_up(workspace: WorkspaceSid) -> Self {
        Self::new(format!("EVENTS#{workspace}#ROLLED-UP"), "ROLLED-UP")
    }

    /// The cursor of a sweep that did not read all Tasks of a Workspace.
    pub fn sweep_cursor(workspace: WorkspaceSid) -> Self {
        Self::new(format!("EVENTS#{workspace}#SWEEP"), "SWEEP")
    }

    /// A comparison of a Workflow with its shadow.
    pub fn shadow(workspace: WorkspaceSid, comparison: &ShadowComparison) -> Self {
        let moment = sortable(comparison.at);
        Self::new(
            shadow_partition(workspace, comparison.workflow_sid),
            format!("{moment}#{}", comparison.task_sid),
        )
    }

    /// A one-time token that was used.
    pub fn used(name: &str) -> Self {
        Self::new(format!("USED#{name}"), "USED")
    }

    /// The generation of a principal's console sessions.
    pub fn sessions(principal: &str) -> Self {
        Self::new(format!("SESSIONS#{principal}"), "SESSIONS")
    }

    /// The lease of a pool's matcher. The prefix `EVENTS#` keeps it from the stream's trigger.
    pub fn matcher_lease(pool: TaskQueueSid) -> Self {
        Self::new(format!("EVENTS#{pool}#MATCHER"), "MATCHER")
    }

    /// The next slot of paced calls. The prefix `EVENTS#` keeps it from the stream's trigger.
    pub fn call_slots() -> Self {
        Self::new("EVENTS#CALLS", "SLOTS")
    }

    /// The number of calls in a minute, counted from 1970.
    pub fn calls_in_minute(minute: i64) -> Self {
        Self::new("EVENTS#CALLS", format!("MINUTE#{minute}"))
    }

    /// The recent wait times of a TaskQueue.
    pub fn wait_times(sid: TaskQueueSid) -> Self {
        Self::new(sid, "WAITS")
    }
}

/// The kinds of parts that share a Workspace's partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An Activity.
    Activity,
    /// A TaskQueue.
    TaskQueue,
    /// A Workflow.
    Workflow,
    /// A superseded configuration.
    Configuration,
    /// A TaskChannel.
    TaskChannel,
    /// A Readiness.
    Readiness,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] = [
        Self::Activity,
        Self::TaskQueue,
        Self::Workflow,
        Self::Configuration,
        Self::TaskChannel,
        Self::Readiness,
    ];

    /// The prefix of its sort keys.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Activity => "ACTIVITY#",
            Self::TaskQueue => "QUEUE#",
            Self::Workflow => "WORKFLOW#",
            Self::Configuration => "CONFIGURATION#",
            Self::TaskChannel => "CHANNEL#",
            Self::Readiness => "READINESS#",
        }
    }
}

/// The part of the configuration with this sort key; `None` if it is no such part.
pub fn part_named(sk: &str) -> Option<PartId> {
    if sk == WORKSPACE {
        return Some(PartId::Workspace);
    }
    let kind = Part::ALL
        .into_iter()
        .find(|part| sk.starts_with(part.prefix()))?;
    let name = sk.strip_prefix(kind.prefix())?;
    match kind {
        Part::Activity => name.parse().ok().map(PartId::Activity),
        Part::TaskQueue => name.parse().ok().map(PartId::TaskQueue),
        Part::TaskChannel => name.parse().ok().map(PartId::TaskChannel),
        Part::Workflow => name.parse().ok().map(PartId::Workflow),
        Part::Configuration | Part::Readiness => None,
    }
}

/// A sort key before all others in a list: they begin with digits. (A key cannot be empty.)
pub const BEFORE_ALL: &str = "!";

/// A sort key after all others in a listing.
pub const AFTER_ALL: &str = "~";

/// The partition of a waiting list.
pub fn waiting_list(list: WaitingList) -> String {
    match list {
        WaitingList::Queue(queue, channel) => format!("WAIT#{queue}#{channel}"),
        WaitingList::Worker(worker) => format!("WAIT#{worker}"),
    }
}

/// The key of a Task in the waiting list in which it waits or would wait (taskrouter.md section
/// 10); `None`: no Worker can serve it in its state.
pub fn waiting_key(workspace: &Workspace, task: &Task) -> Option<IndexKey> {
    let list = waiting_list_of(workspace, task)?;
    Some(IndexKey {
        pk: waiting_list(list),
        sk: waiting_sk(position_of(task)),
    })
}

/// A Position as a sort key: string order is the order in which Tasks are served.
pub fn waiting_sk(position: Position) -> String {
    format!(
        "{:010}#{:013}#{}",
        position.urgency, position.moment, position.sid
    )
}

/// The partition of the ready list of one Readiness.
pub fn ready_list(workspace: WorkspaceSid, readiness: &Readiness) -> String {
    format!("FREE#{workspace}#{}", readiness.key())
}

/// The key of a free Worker in its ready list, longest idle first (taskrouter.md section 9); `None`
/// if the Worker has no free slot.
pub fn free_key(workspace: &Workspace, worker: &Worker) -> Option<IndexKey> {
    let readiness = worker.readiness(workspace)?;
    Some(IndexKey {
        pk: ready_list(worker.workspace_sid, &readiness),
        sk: free_sk(worker.idle_key()),
    })
}

/// An idle key as a sort key: string order is the order of idle times, longest idle first.
pub fn free_sk((idle_since, created, sid): IdleKey) -> String {
    format!("{}#{}#{sid}", sortable(idle_since), sortable(created))
}

/// The listing of all Workspaces.
pub fn workspace_listing() -> String {
    "WORKSPACES".to_owned()
}

/// The listing of the deleted Workspaces that still contain items.
pub fn removed_listing() -> String {
    "WORKSPACES#REMOVED".to_owned()
}

/// The listing of a Workspace's Workers.
pub fn worker_listing(workspace: WorkspaceSid) -> String {
    format!("{workspace}#WORKER")
}

/// One shard of the listing of a Workspace's Tasks.
pub fn task_listing(workspace: WorkspaceSid, shard: u8) -> String {
    format!("{workspace}#TASK#{shard:x}")
}

/// The shard a Task is listed in: the last digit of its id.
pub fn listing_shard(task: TaskSid) -> u8 {
    let digit = task
        .to_string()
        .chars()
        .last()
        .and_then(|digit| digit.to_digit(16));
    digit
        .and_then(|digit| u8::try_from(digit).ok())
        .unwrap_or_default()
        % LISTING_SHARDS
}

/// A sort key of a listing: oldest first, and within one millisecond in the order of the ids. Eight
/// digits of an id distinguish what was created in one millisecond, and shorter keys make smaller
/// items.
pub fn listing_sk(created: Timestamp, sid: &str) -> String {
    format!(
        "{}#{}",
        sortable(created),
        sid.get(2..10).unwrap_or_default()
    )
}

/// The creation time in such a sort key.
pub fn listed_at(listing_sk: &str) -> Timestamp {
    let millis = listing_sk
        .split('#')
        .next()
        .and_then(|millis| millis.parse().ok());
    Timestamp::from_millis(millis.unwrap_or_default())
}

/// Prefix of the partitions from whose writes nothing follows. The event source mapping in
/// `template.yaml` and the local pump leave out their stream records.
pub const UNROUTED: &str = "EVENTS#";

/// The Events of one hour in one shard. The hour is counted from 1970.
pub fn events_partition(workspace: WorkspaceSid, hour: i64, shard: u8) -> String {
    format!("EVENTS#{workspace}#{hour}#{shard:x}")
}

/// The comparisons of a Workflow with its shadow. The prefix `EVENTS#` keeps them from the stream's
/// trigger. One partition takes a thousand writes a second, more than a Workspace has offers.
pub fn shadow_partition(workspace: WorkspaceSid, workflow: WorkflowSid) -> String {
    format!("EVENTS#{workspace}#SHADOW#{workflow}")
}

/// The webhooks of a Task. The prefix `EVENTS#` keeps them, like Events, from the stream's trigger:
/// nothing follows from them.
pub fn webhooks_partition(task: TaskSid) -> String {
    format!("EVENTS#{task}#WEBHOOKS")
}

/// Milliseconds, with leading zeros to 13 digits (enough until the year 2286), so that string order
/// is time order.
fn sortable(moment: Timestamp) -> String {
    format!("{:013}", moment.as_millis().max(0))
}

/// The rows of a Workspace's statistics of one grain.
pub fn statistics_partition(workspace: WorkspaceSid, grain: Grain, family: Family) -> String {
    let grain = match grain {
        Grain::Minute => "MINUTE",
        Grain::Hour => "HOUR",
        Grain::Day => "DAY",
    };
    let family = match family {
        Family::Tasks => "TASKS",
        Family::Workers => "WORKERS",
    };
    format!("EVENTS#{workspace}#{grain}#{family}")
}

/// The prefix of the sort keys of one moment's rows; string order is time order.
pub fn statistics_sk(begin: Timestamp) -> String {
    sortable(begin)
}

/// The rows of a Workspace's active Tasks.
pub fn active_tasks_partition(workspace: WorkspaceSid) -> String {
    format!("EVENTS#{workspace}#LIVING")
}
