//! A function being invoked: it runs to its end, or is killed between any two awaits.

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

/// The function died before it had answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Killed;

/// Runs a function. Whatever it waited for when it is killed is dropped, as with the process.
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

/// Kills the function that is asking, if one is, at its next await. Who is not in a function goes on.
pub async fn die() {
    let Ok(killed) = INVOCATION.try_with(|invocation| Arc::clone(&invocation.killed)) else {
        return;
    };
    killed.notify_one();
    std::future::pending::<()>().await;
}

/// Who is asking, for the trace.
pub fn name() -> Arc<str> {
    INVOCATION
        .try_with(|invocation| Arc::clone(&invocation.name))
        .unwrap_or_else(|_| "-".into())
}
