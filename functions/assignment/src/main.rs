//! The `assignment` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use assignment::handle;
use runtime::Env;
use runtime::voice::Voice;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let mut voice = Voice::from_env(&env).await?;
    voice.post_work_activity_sid =
        env.optional("POST_WORK_ACTIVITY_SID", "WA and 32 hexadecimal digits")?;
    runtime::http::serve(Arc::new(voice), handle).await
}
