//! The `routing` Lambda function: wiring only.

use std::error::Error;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use routing::{Incoming, Routing, handle};
use runtime::outbox::SqsOutbox;
use runtime::{Env, Received, Redelivery, SystemClock, aws};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let timers = env.required("TIMERS_QUEUE_URL", "the URL of the timers queue")?;
    let callbacks = env.required("CALLBACKS_QUEUE_URL", "the URL of the callbacks queue")?;
    let checks = env.required("CHECKS_QUEUE_URL", "the URL of the checks queue")?;
    let events = env.required("EVENTS_QUEUE_URL", "the URL of the events queue")?;
    let queues = aws::sqs(&env)?;
    let redelivery = Arc::new(Redelivery::new(queues.clone()));
    let outbox = SqsOutbox::new(queues, timers, callbacks, checks, events);
    let routing = Arc::new(Routing::new(
        aws::store(&env)?,
        Arc::new(outbox),
        Arc::new(SystemClock),
    ));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let (routing, redelivery) = (Arc::clone(&routing), Arc::clone(&redelivery));
        async move {
            let received = Received::all(&event.payload);
            let reply = Box::pin(handle(&routing, Incoming::try_from(event.payload)?)).await?;
            redelivery.back_off(&received, &reply).await;
            Ok::<Value, Box<dyn Error + Send + Sync>>(reply)
        }
    }))
    .await
}
