//! Where everything is: the keys of the one table, made from ids and nowhere else.
//!
//! | item | `pk` | `sk` | `board_pk` / `board_sk` | `listing_pk` / `listing_sk` |
//! |---|---|---|---|---|
//! | the centre | `CENTRE` | `CENTRE` | | |
//! | Workspace | `WS…` | `WORKSPACE` | | `WORKSPACES` / age |
//! | how often its configuration was written | `WS…` | `#REVISION`, before everything else | | `WORKSPACES#REMOVED` / moment, once deleted |
//! | Activity, TaskQueue, Workflow | `WS…` | `ACTIVITY#WA…`, `QUEUE#WQ…`, `WORKFLOW#WW…` | | |
//! | superseded configuration | `WS…` | `CONFIGURATION#WW…#<version>` | | |
//! | piece of a large configuration | `WW…#<version>#<digest>` | `PIECE#<number>` | | |
//! | TaskChannel | `WS…` | `CHANNEL#<unique name>` | | |
//! | readiness | `WS…` | `READINESS#<key>` | | |
//! | Worker | `WK…` | `WORKER` | `FREE#WS…#<readiness>` / idle key, while free | `WS…#WORKER` / age and id |
//! | Task | `WT…` | `TASK` | `WAIT#WQ…#<channel>` or `WAIT#WK…` / place, while pending | `WS…#TASK#<shard>` / age and id |
//! | Reservation's Task, for `<Dial><Queue reservationSid>` | `WR…` | `RESERVATION` | | |
//! | declaration of a Worker | `WK…` | `DECLARED` | | |
//! | name of a Worker | `WS…#<name in small letters>` | `WORKER-NAME` | | |
//! | recent waits of a queue | `WQ…` | `WAITS` | | |
//! | events of one write | `EVENTS#WS…#<hour>#<shard>` | moment, version and digest | | |
//! | webhooks of a Task, where they are kept | `EVENTS#WT…#WEBHOOKS` | `WEBHOOK#WH…` | | |
//! | statistics of a minute, an hour, a day | `EVENTS#WS…#<grain>#<family>` | moment`#`row | | |
//! | the Tasks there are, in short | `EVENTS#WS…#LIVING` | hour`#`row | | |
//! | a link that signed somebody in | `USED#<its signature>` | `USED` | | |
//! | how far events are rolled up | `EVENTS#WS…#ROLLED-UP` | `ROLLED-UP` | | |
//!
//! Both indexes are sparse. No key is written by all Tasks of a Workspace: waiting Tasks are spread over queues, free
//! Workers over readinesses, and the listing over [`LISTING_SHARDS`].

use ids::time::Timestamp;
use ids::{ReservationSid, TaskQueueSid, TaskSid, WebhookSid, WorkerSid, WorkspaceSid};
use task_router::model::{IdleKey, PartId, Readiness, Task, Worker, Workspace};
use task_router::router::events::EventCursor;
use task_router::router::order::{Position, WaitingList, position_of, waiting_list_of};
use task_router::statistics::{Family, Grain};

/// Partition key of the table.
pub const PK: &str = "pk";
/// Sort key of the table.
pub const SK: &str = "sk";
/// The index of what is ready: waiting Tasks and free Workers, whole items.
pub const BOARD: &str = "board";
/// Partition key of [`BOARD`].
pub const BOARD_PK: &str = "board_pk";
/// Sort key of [`BOARD`].
pub const BOARD_SK: &str = "board_sk";
/// The index of what there is: keys only, so that a change of state does not write it.
pub const LISTING: &str = "listing";
/// Partition key of [`LISTING`].
pub const LISTING_PK: &str = "listing_pk";
/// Sort key of [`LISTING`].
pub const LISTING_SK: &str = "listing_sk";
/// The attribute that lets DynamoDB clean up, in seconds since 1970.
pub const TTL: &str = "ttl";
/// The attribute every conditional write is about.
pub const VERSION: &str = "version";

/// Sort key of a Workspace's own fields.
pub const WORKSPACE: &str = "WORKSPACE";
/// Sort key of the revision of a Workspace's configuration: sorts before its parts, so that it is read before them.
pub const REVISION: &str = "#REVISION";
/// Sort key of a Task.
pub const TASK: &str = "TASK";
/// Sort key of a Worker.
pub const WORKER: &str = "WORKER";

/// Partitions the Tasks of one Workspace are listed in. A Task is written to the listing once in its life, so sixteen
/// hold sixteen thousand new Tasks a second.
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

    /// The centre: number, menu, Workflow.
    pub fn voice_settings() -> Self {
        Self::new("CENTRE", "CENTRE")
    }

    /// The Workspace itself; its parts share the partition.
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

    /// A part of a Workspace: `kind` is one of the prefixes below.
    pub fn part(workspace: WorkspaceSid, kind: Part, name: impl std::fmt::Display) -> Self {
        Self::new(workspace, format!("{}{name}", kind.prefix()))
    }

    /// A piece of a Workflow's configuration that is too large for one item; `partition` is named by what is in it.
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

    /// The Task of a Reservation.
    pub fn reservation(sid: ReservationSid) -> Self {
        Self::new(sid, "RESERVATION")
    }

    /// What `contact-centre.yaml` last said about a Worker.
    pub fn declaration(sid: WorkerSid) -> Self {
        Self::new(sid, "DECLARED")
    }

    /// Who has a name, ignoring case.
    pub fn worker_name(workspace: WorkspaceSid, friendly_name: &str) -> Self {
        Self::new(
            format!("{workspace}#{}", friendly_name.to_lowercase()),
            "WORKER-NAME",
        )
    }

    /// The events of the write that told the one at this place.
    pub fn events(workspace: WorkspaceSid, place: EventCursor) -> Self {
        Self::new(
            events_partition(workspace, place.hour(), place.shard()),
            place.write_key(),
        )
    }

    /// A webhook of a Task.
    pub fn webhook(task: TaskSid, sid: WebhookSid) -> Self {
        Self::new(webhooks_partition(task), format!("WEBHOOK#{sid}"))
    }

    /// How far the events of a Workspace are rolled up.
    pub fn rolled_up(workspace: WorkspaceSid) -> Self {
        Self::new(format!("EVENTS#{workspace}#ROLLED-UP"), "ROLLED-UP")
    }

    /// Something that was used and may not be used again.
    pub fn used(name: &str) -> Self {
        Self::new(format!("USED#{name}"), "USED")
    }

    /// The recent waits of a queue.
    pub fn waits(sid: TaskQueueSid) -> Self {
        Self::new(sid, "WAITS")
    }
}

/// The parts of a Workspace that live in its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An Activity.
    Activity,
    /// A TaskQueue.
    TaskQueue,
    /// A Workflow.
    Workflow,
    /// A configuration that was replaced.
    Configuration,
    /// A TaskChannel.
    TaskChannel,
    /// A readiness.
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

    /// What its sort key begins with.
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

/// The part of the configuration whose item has this sort key; `None`: it is something else.
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

/// A sort key before every other on a board: they begin with digits. (A key cannot be empty.)
pub const BEFORE_ALL: &str = "!";

/// A sort key behind every other in a listing.
pub const BEHIND_ALL: &str = "~";

/// The board of a line of waiting Tasks.
pub fn waiting_board(line: WaitingList) -> String {
    match line {
        WaitingList::Queue(queue, channel) => format!("WAIT#{queue}#{channel}"),
        WaitingList::Worker(worker) => format!("WAIT#{worker}"),
    }
}

/// A Task's place on the board it waits on, or would wait on (taskrouter.md section 10); `None`: it waits for nobody.
pub fn waiting_key(workspace: &Workspace, task: &Task) -> Option<IndexKey> {
    let line = waiting_list_of(workspace, task)?;
    Some(IndexKey {
        pk: waiting_board(line),
        sk: waiting_sk(position_of(task)),
    })
}

/// A place in a line as a sort key: text order is the order in which Tasks are served.
pub fn waiting_sk(place: Position) -> String {
    format!("{:010}#{:013}#{}", place.urgency, place.moment, place.sid)
}

/// The board of the free Workers of one readiness.
pub fn ready_list(workspace: WorkspaceSid, readiness: &Readiness) -> String {
    format!("FREE#{workspace}#{}", readiness.key())
}

/// A free Worker's place: longest idle first (taskrouter.md section 9); `None`: they can take nothing.
pub fn free_key(workspace: &Workspace, worker: &Worker) -> Option<IndexKey> {
    let readiness = worker.readiness(workspace)?;
    Some(IndexKey {
        pk: ready_list(worker.workspace_sid, &readiness),
        sk: free_sk(worker.idle_key()),
    })
}

/// A free Worker's place as a sort key: text order is the order in which they have been idle.
pub fn free_sk((idle_since, created, sid): IdleKey) -> String {
    format!("{}#{}#{sid}", sortable(idle_since), sortable(created))
}

/// The listing of all Workspaces.
pub fn workspace_listing() -> String {
    "WORKSPACES".to_owned()
}

/// The listing of the Workspaces that were deleted and still have something in them.
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

/// A place in a listing: oldest first, and of one millisecond in the order of the ids. Eight of their digits tell apart
/// what was made in one millisecond, and an item pays for every byte.
pub fn listing_sk(created: Timestamp, sid: &str) -> String {
    format!(
        "{}#{}",
        sortable(created),
        sid.get(2..10).unwrap_or_default()
    )
}

/// The moment in such a place.
pub fn listed_at(listing_sk: &str) -> Timestamp {
    let millis = listing_sk
        .split('#')
        .next()
        .and_then(|millis| millis.parse().ok());
    Timestamp::from_millis(millis.unwrap_or_default())
}

/// The events of one hour, counted from 1970, in one shard.
pub fn events_partition(workspace: WorkspaceSid, hour: i64, shard: u8) -> String {
    format!("EVENTS#{workspace}#{hour}#{shard:x}")
}

/// The webhooks of a Task. Like events they are nothing that anything follows from.
pub fn webhooks_partition(task: TaskSid) -> String {
    format!("EVENTS#{task}#WEBHOOKS")
}

/// Milliseconds with as many digits as the year 2286 needs, so that text order is time order.
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

/// What the sort keys of the rows of one moment begin with; text order is time order.
pub fn statistics_sk(begin: Timestamp) -> String {
    sortable(begin)
}

/// The Tasks there are in a Workspace.
pub fn living_partition(workspace: WorkspaceSid) -> String {
    format!("EVENTS#{workspace}#LIVING")
}
