//! WorkerChannel: a Worker's capacity in one TaskChannel (taskrouter.md sections 2.4 and 4).
//!
//! A WorkerChannel is a part of its Worker. It has no dates of its own and shows the Worker's.

use ids::{AccountSid, TaskChannelSid, WorkerChannelSid, WorkerSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::{
    PartId, ReservationStatus, Task, TaskChannel, WORKER_CAPACITY_MAX, Worker, Workspace,
};
use task_router::router::Command;

use super::configuration::Row;
use super::worker;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::request_context::RequestContext;
use crate::view::View;

/// `GET …/Workers/{WorkerSid}/Channels`: one WorkerChannel for each TaskChannel of the Workspace,
/// in the order of the TaskChannels.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let workspace = context.workspace().await?;
    let worker = worker::find(context, "WorkerSid").await?;
    let tasks = worker::open_tasks(context, &worker).await?;
    let rows = workspace.task_channels.values().map(|channel| {
        let share = Share {
            channel,
            worker: &worker,
            tasks: &tasks,
        };
        let part = PartId::TaskChannel(channel.unique_name);
        Row::new(&workspace, share, part, channel.sid)
    });
    paging.answer(
        "channels",
        &url(&context.view, &worker),
        rows.collect(),
        |row| row.part.render(&context.view),
    )
}

/// `GET …/Workers/{WorkerSid}/Channels/{Sid}`. `{Sid}` is the SID of the WorkerChannel or the
/// TaskChannel, or the TaskChannel's unique name.
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    let worker = worker::find(context, "WorkerSid").await?;
    show(context, find(context, &workspace, &worker)?, &worker).await
}

/// `POST …/Workers/{WorkerSid}/Channels/{Sid}` with `Capacity` and `Available`.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let capacity = context
        .form
        .whole_number("Capacity", 0..=u32::from(WORKER_CAPACITY_MAX))?;
    let capacity = capacity.and_then(|capacity| u16::try_from(capacity).ok());
    let available = context.form.switch("Available");
    let workspace = context.workspace().await?;
    let worker = worker::find(context, "WorkerSid").await?;
    let channel = find(context, &workspace, &worker)?;
    if capacity.is_none() && available.is_none() {
        return show(context, channel, &worker).await;
    }
    let command = Command::WorkerChannelUpdated {
        worker: worker.sid,
        channel: channel.unique_name,
        capacity,
        available,
    };
    let applied = context.apply(&command).await?;
    show(context, channel, applied.worker.as_ref().unwrap_or(&worker)).await
}

async fn show(
    context: &RequestContext<'_>,
    channel: &TaskChannel,
    worker: &Worker,
) -> Result<Answer, ApiError> {
    let tasks = worker::open_tasks(context, worker).await?;
    Ok(Answer::ok(
        Share {
            channel,
            worker,
            tasks: &tasks,
        }
        .render(&context.view)?,
    ))
}

/// The TaskChannel of the WorkerChannel in the path.
fn find<'w>(
    context: &RequestContext<'_>,
    workspace: &'w Workspace,
    worker: &Worker,
) -> Result<&'w TaskChannel, ApiError> {
    let name = context
        .text_in_path("Sid")
        .ok_or_else(|| context.not_found())?;
    let is_named = |channel: &&TaskChannel| {
        channel.unique_name.as_str() == name
            || channel.sid.text().as_str() == name
            || worker.channel_sid(channel.unique_name).text().as_str() == name
    };
    workspace
        .task_channels
        .values()
        .find(is_named)
        .ok_or_else(|| context.not_found())
}

/// A Worker's capacity in one TaskChannel, with the Tasks that occupy slots of the Worker.
#[derive(Clone, Copy)]
struct Share<'a> {
    channel: &'a TaskChannel,
    worker: &'a Worker,
    tasks: &'a [Task],
}

impl Share<'_> {
    /// The number of accepted Reservations of the channel. Pending and wrapping Reservations occupy
    /// slots, too, but are not counted here.
    fn assigned_tasks(&self) -> usize {
        let open = &self.worker.open_reservations;
        let of_channel = open
            .iter()
            .filter(|open| open.channel == self.channel.unique_name);
        let status = |open: &task_router::model::OpenReservation| {
            let task = self.tasks.iter().find(|task| task.sid == open.task_sid)?;
            Some(task.reservation(open.sid)?.status)
        };
        of_channel
            .filter(|open| status(open) == Some(ReservationStatus::Accepted))
            .count()
    }

    fn render(&self, view: &View) -> serde_json::Result<Value> {
        let Self {
            channel, worker, ..
        } = *self;
        let sid = worker.channel_sid(channel.unique_name);
        let capacity = worker.share(channel.unique_name).configured_capacity;
        let free = usize::from(capacity).saturating_sub(worker.occupied(channel.unique_name));
        serde_json::to_value(WorkerChannelResource {
            account_sid: view.account_sid,
            assigned_tasks: self.assigned_tasks(),
            available: worker.has_slot(channel.unique_name),
            available_capacity_percentage: (free * 100)
                .checked_div(usize::from(capacity))
                .unwrap_or(0),
            configured_capacity: capacity,
            date_created: worker.date_created.to_iso8601(),
            date_updated: worker.date_updated.max(worker.date_created).to_iso8601(),
            sid,
            task_channel_sid: channel.sid,
            task_channel_unique_name: channel.unique_name.as_str(),
            worker_sid: worker.sid,
            workspace_sid: worker.workspace_sid,
            url: format!("{}/{sid}", url(view, worker)),
        })
    }
}

fn url(view: &View, worker: &Worker) -> String {
    format!(
        "{}/{}/Channels",
        worker::url(view, worker.workspace_sid),
        worker.sid
    )
}

#[derive(Serialize)]
struct WorkerChannelResource<'a> {
    account_sid: AccountSid,
    assigned_tasks: usize,
    /// The channel is available and has a free slot.
    available: bool,
    available_capacity_percentage: usize,
    configured_capacity: u16,
    date_created: String,
    date_updated: String,
    sid: WorkerChannelSid,
    task_channel_sid: TaskChannelSid,
    task_channel_unique_name: &'a str,
    worker_sid: WorkerSid,
    workspace_sid: WorkspaceSid,
    url: String,
}

#[cfg(test)]
mod tests {
    use task_router::model::{
        OpenReservation, OpenStatus, Reservation, TaskChannelName, WorkerChannel,
    };

    use super::*;
    use crate::resources::samples::{self, NOON};

    /// Assigned Tasks, availability and available capacity of a Worker with this capacity and with
    /// Reservations in these statuses.
    fn shown(capacity: u16, available: bool, statuses: &[ReservationStatus]) -> (u64, bool, u64) {
        let workspace = samples::workspace();
        let mut worker = samples::worker();
        let mut tasks = Vec::new();
        for (number, status) in (1..).zip(statuses) {
            let mut task = samples::task();
            task.sid = ids::TaskSid::from_bytes([number; 16]);
            let sid = Reservation::derive_sid(task.sid, 1, worker.sid);
            task.reservations = vec![Reservation {
                status: *status,
                ..Reservation::new(sid, worker.sid, "Alice", NOON, NOON)
            }];
            worker.open_reservations.push(OpenReservation {
                sid,
                task_sid: task.sid,
                channel: TaskChannelName::VOICE,
                status: OpenStatus::Pending,
            });
            tasks.push(task);
        }
        let voice = TaskChannelName::VOICE;
        let share = WorkerChannel {
            configured_capacity: capacity,
            available,
            ..WorkerChannel::new(voice)
        };
        *worker.share_mut(voice) = share;
        let channel = &workspace.task_channels[&voice];
        let rendered = Share {
            channel,
            worker: &worker,
            tasks: &tasks,
        }
        .render(&samples::view())
        .unwrap();
        samples::assert_official("worker_channel", &rendered);
        let number = |name: &str| rendered[name].as_u64().unwrap();
        assert_eq!(rendered["configured_capacity"], capacity);
        let available = rendered["available"].as_bool().unwrap();
        (
            number("assigned_tasks"),
            available,
            number("available_capacity_percentage"),
        )
    }

    #[test]
    fn capacity_counts_occupied_slots() {
        use ReservationStatus::{Accepted, Pending, Wrapping};
        assert_eq!(shown(1, true, &[]), (0, true, 100));
        assert_eq!(shown(3, true, &[Accepted, Pending]), (1, true, 33));
        assert_eq!(
            shown(3, true, &[Accepted, Accepted, Wrapping]),
            (2, false, 0)
        );
        assert_eq!(shown(3, false, &[]), (0, false, 100));
        assert_eq!(shown(0, true, &[]), (0, false, 0));
        assert_eq!(
            shown(1, true, &[Accepted, Accepted]),
            (2, false, 0),
            "fewer slots than open Reservations"
        );
    }
}
