//! `cordboard erase`: erases what is stored about a caller, in the data folder or in the table of a
//! deployed stack.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use ids::time::Clock;
use runtime::{Env, SystemClock, aws};
use store::{Erased, Store, oldest_event};

use crate::cli::{Erase, Start};
use crate::data_folder;
use crate::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use crate::start::Failure;

/// Erases the data of the caller with the number, and prints how much there was. Idempotent.
///
/// # Errors
/// The table failed, the data folder is in use, or calls with the number are in progress: the command
/// has to be repeated.
pub async fn erase(options: &Erase, start: &Start) -> Result<(), Failure> {
    let erased = match &options.table {
        Some(table) => {
            let table = table.clone();
            let env = Env::new(move |name| match name {
                "TABLE_NAME" => Some(table.clone()),
                _ => std::env::var(name).ok(),
            });
            erase_in(&aws::store(&env)?, options).await?
        }
        None => {
            let _locked = data_folder::open(&start.data)?;
            let place = Place::Folder(start.data.clone());
            let database = EmbeddedDynamoDb::open(place).await?;
            erase_in(&Store::new(database.client(), TABLE), options).await?
        }
    };
    let Erased {
        tasks,
        events,
        webhooks,
        left,
    } = erased;
    println!(
        "Erased: attributes of {tasks} Tasks, events of {events} writes, {webhooks} webhooks."
    );
    if left > 0 {
        let message = format!(
            "{left} Tasks with the number have not ended, or ended a moment ago. Run the command again later."
        );
        return Err(message.into());
    }
    Ok(())
}

async fn erase_in(store: &Store, options: &Erase) -> Result<Erased, store::Error> {
    let now = SystemClock.now();
    store
        .erase_caller(&options.number, oldest_event(now), now)
        .await
}
