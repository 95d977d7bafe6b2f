//! The `console` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use api::{Api, Ids};
use console::{Console, Signer, handle};
use runtime::{Env, SystemClock, aws, parameter_store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let auth_token = parameter_store::auth_token(&env).await?;
    let api = Api {
        store: aws::store(&env)?,
        account_sid: env.required("ACCOUNT_SID", "an account SID: AC and 32 hexadecimal digits")?,
        auth_token: auth_token.clone(),
        base_url: None,
        clock: Arc::new(SystemClock),
        ids: Ids::random(),
    };
    let console = Console { api: Arc::new(api), signer: Signer::new(&auth_token, true), phones: None };
    runtime::http::serve_plain(Arc::new(console), handle).await
}
