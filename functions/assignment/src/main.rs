//! The `assignment` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use assignment::handle;
use runtime::voice::{self, Voice};
use runtime::{Env, SystemClock, aws, parameter_store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let store = aws::store(&env)?;
    let auth_token = parameter_store::auth_token(&env).await?;
    let mut voice = Voice::new(store, auth_token, voice::checks(&env)?, Arc::new(SystemClock));
    voice.post_work_activity_sid = env.optional("POST_WORK_ACTIVITY_SID", "WA and 32 hexadecimal digits")?;
    runtime::http::serve(Arc::new(voice), handle).await
}
