//! The `enqueue-call` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use enqueue_call::handle;
use runtime::Env;
use runtime::voice::{Router, Voice};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let mut voice = Voice::from_env(&env).await?;
    voice.router = Router::from_env(&env)?;
    runtime::http::serve(Arc::new(voice), handle).await
}
