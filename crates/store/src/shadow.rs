//! What shadow Workflows would have done: an item for each offer and each wait of a Task, kept for a
//! week. For display only: no decision depends on them.

use ids::time::Millis;
use ids::{WorkflowSid, WorkspaceSid};
use task_router::router::shadow::ShadowComparison;

use crate::items::{self, text};
use crate::keys::{self, Key};
use crate::{Error, Store};

/// How long a comparison is kept.
pub const SHADOWS_KEPT: Millis = Millis::from_secs(7 * 86_400);

/// The most comparisons of one reading, the newest ones: some 50 read units.
pub const SHADOWS_READ_MAX: i32 = 500;

impl Store {
    /// Stores a comparison. The same one, stored again, replaces itself.
    pub async fn keep_shadow(
        &self,
        workspace: WorkspaceSid,
        comparison: &ShadowComparison,
    ) -> Result<(), Error> {
        let key = Key::shadow(workspace, comparison);
        let mut item = items::with_key(comparison, &key)?;
        items::keep_until(&mut item, comparison.at + SHADOWS_KEPT);
        self.put(item).await
    }

    /// The latest comparisons of a Workflow with its shadow, newest first, [`SHADOWS_READ_MAX`] at
    /// most.
    pub async fn shadows(
        &self,
        workspace: WorkspaceSid,
        workflow: WorkflowSid,
    ) -> Result<Vec<ShadowComparison>, Error> {
        let partition = keys::shadow_partition(workspace, workflow);
        let found = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("#pk = :partition")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_values(":partition", text(partition))
            .scan_index_forward(false)
            .limit(SHADOWS_READ_MAX)
            .send()
            .await?;
        let found = found.items.unwrap_or_default().into_iter();
        found.map(items::read).collect()
    }
}
