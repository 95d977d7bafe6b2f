//! The `callbacks` Lambda: reads the environment and connects the parts.

use std::error::Error;
use std::sync::Arc;

use callbacks::{Callbacks, handle};
use carrier::{Carrier, TWILIO_API};
use http_client::{Destinations, NetworkClient, web_client};
use lambda_runtime::{LambdaEvent, service_fn};
use runtime::outbox::SqsOutbox;
use runtime::{Env, Received, Redelivery, SystemClock, WebhookJournal, aws, parameter_store};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let account_sid = env.required(
        "ACCOUNT_SID",
        "an account SID: AC and 32 hexadecimal digits",
    )?;
    let public_url: String =
        env.required("PUBLIC_URL", "the base URL of our webhooks, https://…")?;
    let callbacks_url = env.required("CALLBACKS_QUEUE_URL", "the URL of the callbacks queue")?;
    let carrier_url: Option<String> =
        env.optional("CARRIER_URL", "the base URL of the carrier's API")?;
    let tokens = parameter_store::auth_tokens(&env).await?;
    let carrier_url = carrier_url.as_deref().unwrap_or(TWILIO_API);
    let sqs = aws::sqs(&env)?;
    let redelivery = Arc::new(Redelivery::new(sqs.clone()));
    let store = aws::store(&env)?;
    let clock = Arc::new(SystemClock);
    let callbacks = Arc::new(Callbacks {
        journal: WebhookJournal::from_env(&env, &store, Arc::clone(&clock) as _)?,
        store,
        carrier: Carrier::new(
            Arc::new(NetworkClient::new()?),
            carrier_url,
            account_sid,
            Arc::clone(&tokens),
        )?,
        web: Arc::new(web_client(Destinations::PublicHttps)?),
        destinations: Destinations::PublicHttps,
        tokens,
        account_sid,
        public_url: public_url.trim_end_matches('/').to_owned(),
        clock,
        outbox: Arc::new(SqsOutbox::of_callbacks(sqs, callbacks_url)),
    });
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let callbacks = Arc::clone(&callbacks);
        let redelivery = Arc::clone(&redelivery);
        async move {
            let received = Received::all(&event.payload);
            let reply = Box::pin(handle(&callbacks, event.payload)).await?;
            redelivery.back_off(&received, &reply).await;
            Ok::<Value, Box<dyn Error + Send + Sync>>(reply)
        }
    }))
    .await
}
