//! The figures of TaskQueues that conditions ask for.

use futures_util::future::join_all;
use ids::TaskQueueSid;
use runtime::voice::{Failure, Voice, Webhook};
use task_router::model::{TaskChannelName, Workspace};
use task_router::router::order::WaitingList;
use voice_flows::{Figures, FiguresOfQueue, VoiceFlows};

/// Most waiting callers that are counted.
const COUNTED_MAX: u32 = 100;

/// The figures of these TaskQueues, by the names that conditions use. A queue whose figures cannot
/// be read has none, and conditions on them are false: a caller is not lost for a figure.
pub(crate) async fn of(
    voice: &Voice,
    webhook: &Webhook,
    flows: &VoiceFlows,
    names: &[String],
) -> Figures {
    let mut figures = Figures::default();
    let workspace = match voice.workspace().await {
        Ok(workspace) => workspace,
        Err(failure) => return webhook.tolerate(&failure, figures),
    };
    let queues = names
        .iter()
        .filter_map(|name| Some((name, *flows.queues.get(name)?)));
    let read = join_all(queues.map(async |(name, queue)| {
        let read = of_queue(voice, &workspace, queue).await;
        (name, read)
    }))
    .await;
    for (name, read) in read {
        match read {
            Ok(read) => {
                figures.0.insert(name.clone(), read);
            }
            Err(failure) => webhook.tolerate(&failure, ()),
        }
    }
    figures
}

async fn of_queue(
    voice: &Voice,
    workspace: &Workspace,
    queue: TaskQueueSid,
) -> Result<FiguresOfQueue, Failure> {
    let now = voice.now();
    let list = WaitingList::Queue(queue, TaskChannelName::VOICE);
    Ok(FiguresOfQueue {
        waiting: voice.store.waiting_count(list, COUNTED_MAX).await?,
        is_staffed: voice.store.is_staffed(workspace, queue, now).await?,
        expected_wait: voice.store.expected_wait(queue, now).await?,
    })
}
