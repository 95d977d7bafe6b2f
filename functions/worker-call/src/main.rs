//! The `worker-call` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use runtime::outbox::SqsOutbox;
use runtime::voice::Voice;
use runtime::{Env, aws};
use worker_call::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let callbacks = env.required("CALLBACKS_QUEUE_URL", "the URL of the callbacks queue")?;
    let mut voice = Voice::from_env(&env).await?;
    voice.outbox = Some(Arc::new(SqsOutbox::of_callbacks(
        aws::sqs(&env)?,
        callbacks,
    )));
    runtime::http::serve(Arc::new(voice), handle).await
}
