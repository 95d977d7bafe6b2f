//! The `worker-call` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use runtime::Env;
use runtime::voice::Voice;
use worker_call::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let voice = Voice::from_env(&env).await?;
    runtime::http::serve(Arc::new(voice), handle).await
}
