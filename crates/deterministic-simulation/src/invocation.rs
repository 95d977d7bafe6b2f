//! One invocation of a function. It runs to its end, or is killed at an `await`.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::world::World;

tokio::task_local! {
    static INVOCATION: Invocation;
}

#[derive(Clone)]
struct Invocation {
    name: Arc<str>,
    killed: Arc<Notify>,
}

/// The invocation was killed before it returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Killed;

/// Invokes a function. When it is killed, everything it waits for is dropped, as with a process.
pub async fn invoke<T>(
    world: &World,
    name: &str,
    function: impl Future<Output = T>,
) -> Result<T, Killed> {
    let invocation = Invocation {
        name: name.into(),
        killed: Arc::default(),
    };
    let killed = Arc::clone(&invocation.killed);
    tokio::select! {
        biased;
        () = killed.notified() => {
            world.note(format_args!("{name} is killed"));
            Err(Killed)
        }
        value = INVOCATION.scope(invocation, Box::pin(function)) => Ok(value),
    }
}

/// Kills the current invocation at its next `await`. Outside an invocation it does nothing.
pub async fn kill() {
    let Ok(killed) = INVOCATION.try_with(|invocation| Arc::clone(&invocation.killed)) else {
        return;
    };
    killed.notify_one();
    std::future::pending::<()>().await;
}

/// Name of the current invocation, for the trace.
pub fn name() -> Arc<str> {
    INVOCATION
        .try_with(|invocation| Arc::clone(&invocation.name))
        .unwrap_or_else(|_| "-".into())
}
