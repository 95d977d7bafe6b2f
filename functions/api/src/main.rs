//! The `api` Lambda function: it reads the environment and serves [`api::handle`].

use std::error::Error;
use std::sync::Arc;

use api::{Api, Ids, InFlight, handle};
use runtime::outbox::SqsOutbox;
use runtime::{Env, SystemClock, aws, parameter_store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let callbacks: String =
        env.required("CALLBACKS_QUEUE_URL", "the URL of the callbacks queue")?;
    let api = Api {
        store: aws::store(&env)?,
        account_sid: env.required(
            "ACCOUNT_SID",
            "an account SID: AC and 32 hexadecimal digits",
        )?,
        tokens: parameter_store::auth_tokens(&env).await?,
        api_keys: parameter_store::api_keys(&env)
            .await?
            .unwrap_or_default()
            .parse()?,
        base_url: None,
        clock: Arc::new(SystemClock),
        ids: Ids::random(),
        outbox: Arc::new(SqsOutbox::of_callbacks(aws::sqs(&env)?, callbacks)),
        in_flight: InFlight::default(),
    };
    runtime::http::serve_plain(Arc::new(api), handle).await
}
