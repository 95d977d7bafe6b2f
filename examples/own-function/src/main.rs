//! The Lambda: wiring only.

use std::error::Error;
use std::sync::Arc;

use own_function::{Greeting, handle};
use runtime::{Env, parameter_store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    runtime::log::init();
    let env = Env::process();
    let regulars: String = env
        .optional("REGULARS", "numbers, with commas")?
        .unwrap_or_default();
    let greeting = Greeting {
        auth_token: parameter_store::auth_tokens(&env)
            .await?
            .current()
            .primary
            .clone(),
        centre: env.required("CENTRE", "the address of the contact centre")?,
        regulars: regulars.split(',').map(str::to_owned).collect(),
    };
    runtime::http::serve(Arc::new(greeting), handle).await
}
