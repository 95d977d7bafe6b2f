//! The `flow-step` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use flow_step::handle;
use http_client::{Destinations, web_client};
use runtime::Env;
use runtime::voice::{LookUps, Voice};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let mut voice = Voice::from_env(&env).await?;
    voice.look_ups = Some(LookUps {
        web: Arc::new(web_client(Destinations::PublicHttps)?),
        destinations: Destinations::PublicHttps,
    });
    runtime::http::serve(Arc::new(voice), handle).await
}
