//! The `console` Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use api::{Api, Ids, InFlight};
use console::{Console, Signer, Transport, handle};
use runtime::outbox::SqsOutbox;
use runtime::{Env, SystemClock, aws, parameter_store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let callbacks: String =
        env.required("CALLBACKS_QUEUE_URL", "the URL of the callbacks queue")?;
    let tokens = parameter_store::auth_tokens(&env).await?;
    let api = Api {
        store: aws::store(&env)?,
        account_sid: env.required(
            "ACCOUNT_SID",
            "an account SID: AC and 32 hexadecimal digits",
        )?,
        tokens: Arc::clone(&tokens),
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
    let signer = Signer::new(tokens, Transport::Https);
    let console = Console::new(Arc::new(api), signer, None);
    runtime::http::serve_plain(Arc::new(console), handle).await
}
