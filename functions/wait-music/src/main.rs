//! The `wait-music` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use runtime::voice::{self, Voice};
use runtime::{Env, SystemClock, aws, parameter_store};
use wait_music::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let store = aws::store(&env)?;
    let auth_token = parameter_store::auth_token(&env).await?;
    let voice = Voice::new(store, auth_token, voice::checks(&env)?, Arc::new(SystemClock));
    runtime::http::serve(Arc::new(voice), handle).await
}
