//! A scenario for a centre: names resolved, shifts and rates as moments and numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, WorkflowSid};
use serde_saphyr::Spanned;
use task_router::model::{
    AfterConversation, Attributes, ChannelUse, PartId, TaskChannelName, TaskQueue, Workflow,
    Workspace,
};

use crate::agents::{Agent, agents};
use crate::centre::Centre;
use crate::random::number_of;
use crate::scenario::{
    AnsweredBy, Calls, Distribution, RecordedCall, Scenario, ScenarioError, TimeOfDay, recorded,
    secs,
};

/// Milliseconds of a day.
pub const DAY: Millis = Millis::from_secs(86_400);

/// A scenario for a centre, ready to run.
#[derive(Debug)]
pub struct Plan {
    pub(crate) workspace: Workspace,
    pub(crate) scenario: Scenario,
    /// Midnight of the first day.
    pub(crate) midnight: Timestamp,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) ring_timeout: Millis,
    pub(crate) post_work_activity: Option<ActivitySid>,
    /// The Activity of an agent who takes calls.
    pub(crate) on_duty: ActivitySid,
    /// The Activity of an agent in a break or after a shift.
    pub(crate) off_duty: ActivitySid,
    groups: Vec<Group>,
    queue_groups: BTreeMap<TaskQueueSid, usize>,
    /// What is likely a mistake in the files.
    pub warnings: Vec<String>,
}

/// A group of calls in the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What its calls have in common.
    pub by: GroupedBy,
    /// The name of the kind or TaskQueue; "all calls".
    pub name: String,
}

/// What the calls of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupedBy {
    /// Nothing: all calls.
    All,
    /// The kind of the scenario.
    Kind,
    /// The TaskQueue in which their wait ended.
    TaskQueue,
}

impl GroupedBy {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Kind => "calls",
            Self::TaskQueue => "task_queue",
        }
    }
}

/// A kind of calls.
#[derive(Debug)]
pub(crate) struct Kind {
    pub name: String,
    /// Distinguishes the random numbers of kinds; depends on the name alone.
    pub number: u64,
    pub workflow: WorkflowSid,
    pub channel: TaskChannelName,
    pub attributes: Attributes,
    pub priority: u32,
    pub arrivals: Arrivals,
    pub talk: Distribution,
    pub wrap_up: Option<Distribution>,
    pub patience: Option<Distribution>,
}

/// When calls of a kind arrive.
#[derive(Debug)]
pub(crate) enum Arrivals {
    /// A Poisson process: calls a second in each interval of the day.
    Rates(Vec<f64>),
    /// These calls, each day.
    Recorded(Vec<RecordedCall>),
}

impl Arrivals {
    /// The calls of a day on average, with intervals of this many seconds.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a file of recorded calls has at most some million"
    )]
    fn of_a_day(&self, interval: f64) -> f64 {
        match self {
            Self::Rates(per_second) => per_second.iter().sum::<f64>() * interval,
            Self::Recorded(calls) => calls.len() as f64,
        }
    }
}

/// Reads the text of a file that a scenario names.
pub type Load<'l> = &'l dyn Fn(&std::path::Path) -> Result<String, String>;

impl Plan {
    /// Resolves the names of a scenario in a centre. `load` reads files of recorded calls.
    ///
    /// # Errors
    /// The first name that the centre does not have, or a file that cannot be read.
    pub fn new(centre: &Centre, scenario: Scenario, load: Load<'_>) -> Result<Self, ScenarioError> {
        let mut workspace = centre.workspace.clone();
        let kinds = scenario
            .calls
            .iter()
            .map(|calls| Kind::new(&workspace, centre.workflow, calls, &scenario, load))
            .collect::<Result<Vec<_>, _>>()?;
        for kind in &kinds {
            if let Some(channel) = workspace.task_channels.get_mut(&kind.channel) {
                channel.usage = ChannelUse::Used;
            }
        }
        let activity = |available| {
            let activities = workspace.activities_in_order();
            let found = activities.into_iter().find(|it| it.available == available);
            found.map(|activity| activity.sid)
        };
        let after_wrap_up = workspace.wrap_up.as_ref().map(|it| it.next_activity_sid);
        let on_duty = after_wrap_up
            .filter(|next| workspace.is_available(*next))
            .or_else(|| activity(true))
            .ok_or_else(|| ScenarioError::new("the centre has no available Activity"))?;
        let default = workspace.default_activity_sid;
        let off_duty = Some(default)
            .filter(|default| !workspace.is_available(*default))
            .or_else(|| activity(false))
            .unwrap_or(default);
        let agents = agents(centre, &scenario)?;
        let (groups, queue_groups) = groups(&workspace, &kinds);
        let mut plan = Self {
            groups,
            queue_groups,
            midnight: scenario.midnight()?,
            kinds,
            agents,
            ring_timeout: centre.ring_timeout,
            post_work_activity: centre.post_work_activity,
            on_duty,
            off_duty,
            warnings: Vec::new(),
            workspace,
            scenario,
        };
        plan.warnings = plan.likely_mistakes();
        Ok(plan)
    }

    /// The groups of the figures: all calls, the kinds of calls, and the TaskQueues.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The number of replications of the scenario.
    pub fn replications(&self) -> u32 {
        self.scenario.replications
    }

    /// The number of agents.
    pub fn agents(&self) -> usize {
        self.agents.len()
    }

    /// The calls of one replication, on average.
    pub fn calls_per_replication(&self) -> f64 {
        let interval = secs(self.scenario.day.interval.0);
        let of_a_day = self
            .kinds
            .iter()
            .map(|kind| kind.arrivals.of_a_day(interval));
        of_a_day.sum::<f64>() * f64::from(self.scenario.days)
    }

    /// The begins of the intervals of the day, `08:00`.
    pub(crate) fn interval_names(&self) -> Vec<String> {
        let day = &self.scenario.day;
        let length = day.interval.0.as_millis();
        let begins = (0_u64..).map(|index| day.from.0.as_millis() + index * length);
        let begins = begins.take(self.scenario.intervals());
        begins
            .map(|begin| TimeOfDay(Millis::from_millis(begin)).to_string())
            .collect()
    }

    pub(crate) fn group_of_queue(&self, queue: TaskQueueSid) -> usize {
        self.queue_groups.get(&queue).copied().unwrap_or_default()
    }

    /// The interval of the day that a moment is in; `None`: no calls arrive then.
    pub(crate) fn interval_at(&self, at: Timestamp) -> Option<usize> {
        let day = &self.scenario.day;
        let time = at.since(self.midnight).as_millis() % DAY.as_millis();
        let since = time.checked_sub(day.from.0.as_millis())?;
        if time >= day.to.0.as_millis() {
            return None;
        }
        usize::try_from(since / day.interval.0.as_millis()).ok()
    }

    /// Calls `spend` with the parts of a span of time that are in intervals of the day.
    pub(crate) fn split(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut spend: impl FnMut(usize, Millis),
    ) {
        let day = &self.scenario.day;
        let length = day.interval.0.as_millis();
        let mut at = from;
        while at < to {
            let time = at.since(self.midnight).as_millis() % DAY.as_millis();
            let (begin, end) = (day.from.0.as_millis(), day.to.0.as_millis());
            let next = if time < begin {
                begin
            } else if time >= end {
                DAY.as_millis() + begin
            } else {
                (begin + ((time - begin) / length + 1) * length).min(end)
            };
            let until = (at + Millis::from_millis(next - time)).min(to);
            if let Some(interval) = self.interval_at(at) {
                spend(interval, until.since(at));
            }
            at = until;
        }
    }

    /// The end of the last day.
    pub(crate) fn closes_at(&self) -> Timestamp {
        self.day(self.scenario.days - 1) + self.scenario.day.to.0
    }

    /// The moment at which the figures begin.
    pub(crate) fn counted_from(&self) -> Timestamp {
        let warm_up = self.scenario.warm_up.map_or(Millis::ZERO, |span| span.0);
        self.midnight + self.scenario.day.from.0.saturating_add(warm_up)
    }

    /// The beginning of a day, counted from 0.
    pub(crate) fn day(&self, day: u32) -> Timestamp {
        self.midnight + Millis::from_millis(DAY.as_millis() * u64::from(day))
    }

    fn likely_mistakes(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let by_phone = self.scenario.answers.by == AnsweredBy::Phone;
        for kind in &self.kinds {
            let channel = self.workspace.task_channels.get(&kind.channel);
            let keeps_task =
                channel.is_some_and(|it| it.after_conversation != AfterConversation::Complete);
            let keeps_worker = by_phone && self.post_work_activity.is_some();
            if kind.wrap_up.is_some() && !keeps_task && !keeps_worker {
                warnings.push(format!(
                    "the wrap_up of {} is not simulated: the centre's file has no wrap-up after its conversations",
                    kind.name
                ));
            }
        }
        if self.agents.is_empty() {
            warnings.push("there is no agent".to_owned());
        }
        warnings
    }
}

/// The groups, and the place of each TaskQueue among them, in the order of the file.
fn groups(workspace: &Workspace, kinds: &[Kind]) -> (Vec<Group>, BTreeMap<TaskQueueSid, usize>) {
    let group = |by, name: &str| Group {
        by,
        name: name.to_owned(),
    };
    let mut groups = vec![group(GroupedBy::All, "all calls")];
    groups.extend(kinds.iter().map(|kind| group(GroupedBy::Kind, &kind.name)));
    let mut queues: Vec<&TaskQueue> = workspace.task_queues.values().collect();
    queues.sort_by_key(|queue| workspace.ledger.position(PartId::TaskQueue(queue.sid)));
    let mut places = BTreeMap::new();
    for queue in queues {
        places.insert(queue.sid, groups.len());
        groups.push(group(GroupedBy::TaskQueue, &queue.friendly_name));
    }
    (groups, places)
}

impl Kind {
    fn new(
        workspace: &Workspace,
        default_workflow: WorkflowSid,
        calls: &Calls,
        scenario: &Scenario,
        load: Load<'_>,
    ) -> Result<Self, ScenarioError> {
        let workflow = match &calls.workflow {
            None => default_workflow,
            Some(name) => workflow_named(workspace, name)?.sid,
        };
        let unknown = || {
            let names: Vec<&str> = workspace
                .task_channels
                .keys()
                .map(TaskChannelName::as_str)
                .collect();
            let message = format!("channel: expected one of {}", names.join(", "));
            ScenarioError::at(&calls.channel, message)
        };
        let channel: TaskChannelName = calls.channel.value.parse().map_err(|_| unknown())?;
        if !workspace.task_channels.contains_key(&channel) {
            return Err(unknown());
        }
        let attributes = Attributes::new(calls.attributes.clone());
        Ok(Self {
            name: calls.name.value.clone(),
            number: number_of(&calls.name.value),
            workflow,
            channel,
            attributes: attributes
                .map_err(|error| ScenarioError::at(&calls.name, format!("attributes: {error}")))?,
            priority: calls.priority,
            arrivals: arrivals(calls, scenario, load)?,
            talk: calls.talk.clone(),
            wrap_up: calls.wrap_up.clone(),
            patience: calls.patience.clone(),
        })
    }
}

fn workflow_named<'w>(
    workspace: &'w Workspace,
    name: &Spanned<String>,
) -> Result<&'w Workflow, ScenarioError> {
    let mut workflows = workspace.workflows.values();
    workflows
        .find(|workflow| workflow.friendly_name == name.value)
        .ok_or_else(|| {
            let message = format!("workflow: the centre has no Workflow {:?}", name.value);
            ScenarioError::at(name, message)
        })
}

fn arrivals(calls: &Calls, scenario: &Scenario, load: Load<'_>) -> Result<Arrivals, ScenarioError> {
    if let Some(file) = &calls.recorded {
        let at_file = |message: String| {
            ScenarioError::at(file, format!("recorded: {}: {message}", file.value))
        };
        let text = load(&PathBuf::from(&file.value)).map_err(at_file)?;
        let recorded = recorded::read(&text).map_err(|error| at_file(error.to_string()))?;
        let day = &scenario.day;
        let is_outside = |call: &&RecordedCall| call.at < day.from.0 || call.at >= day.to.0;
        if let Some(call) = recorded.iter().find(is_outside) {
            return Err(at_file(format!(
                "expected calls from {} to {}, got one at {}",
                day.from,
                day.to,
                TimeOfDay(call.at)
            )));
        }
        return Ok(Arrivals::Recorded(recorded));
    }
    let interval = secs(scenario.day.interval.0);
    let per_second = match (&calls.per_hour, &calls.per_interval) {
        (Some(per_hour), _) => vec![per_hour.value / 3_600.0; scenario.intervals()],
        (None, Some(counts)) => counts.value.iter().map(|count| count / interval).collect(),
        (None, None) => Vec::new(),
    };
    Ok(Arrivals::Rates(per_second))
}
