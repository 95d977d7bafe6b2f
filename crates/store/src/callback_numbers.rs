//! The callback that was last requested for a number: a customer is called back once, however often
//! they ask for it.

use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkspaceSid};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::keys::{self, Key};
use crate::{Error, Store, items};

/// Bytes of the digest of a number in a key. The table's keys contain no number.
const DIGEST_BYTES: usize = 16;

/// How long an entry is kept beyond the longest wait of its Task: the Task may be assigned for a day.
const KEPT: Millis = Millis::from_secs(86_400);

#[derive(Debug, Serialize, Deserialize)]
struct Requested {
    task: TaskSid,
}

/// A number that is called back for a Workspace.
#[derive(Debug, Clone, Copy)]
pub struct CallbackNumber<'n> {
    /// The Workspace.
    pub workspace: WorkspaceSid,
    /// The number.
    pub number: &'n str,
}

impl Store {
    /// The Task of the last callback that was requested for a number.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn callback_of(&self, number: CallbackNumber<'_>) -> Result<Option<TaskSid>, Error> {
        let requested: Option<Requested> = self.get(&key_of(number)).await?;
        Ok(requested.map(|requested| requested.task))
    }

    /// Notes the Task of a callback, in place of `before`, which is over. False: another callback was
    /// noted at the same time.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn claim_callback(
        &self,
        number: CallbackNumber<'_>,
        task: TaskSid,
        before: Option<TaskSid>,
        waits_until: Timestamp,
    ) -> Result<bool, Error> {
        let mut item = items::with_key(&Requested { task }, &key_of(number))?;
        items::keep_until(&mut item, waits_until + KEPT);
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item));
        let put = match before {
            None => put.condition_expression(format!("attribute_not_exists({})", keys::PK)),
            Some(before) => put
                .condition_expression("#task = :before")
                .expression_attribute_names("#task", "task")
                .expression_attribute_values(":before", items::text(before.to_string())),
        };
        match put.send().await.map_err(Error::from) {
            Ok(_) => Ok(true),
            Err(Error::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn key_of(number: CallbackNumber<'_>) -> Key {
    let digest = Sha256::digest(number.number);
    let bytes = digest.iter().take(DIGEST_BYTES);
    let digits: String = bytes.map(|byte| format!("{byte:02x}")).collect();
    Key::callback(number.workspace, &digits)
}
