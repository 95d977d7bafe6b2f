//! The boards of free Workers, as a sweep leaves them: known where somebody stands, and forgotten where nobody has for long.

use std::collections::BTreeMap;

use shared::model::{Readiness, Worker, Workspace};

use crate::{Error, Routing};

/// Where Workers stand, by the key of the readiness.
#[derive(Default)]
pub(crate) struct StoodOn(BTreeMap<String, Readiness>);

impl StoodOn {
    /// A Worker, as they were read.
    pub(crate) fn note(&mut self, workspace: &Workspace, worker: &Worker) {
        self.0.extend(worker.readiness(workspace).map(|readiness| (readiness.key(), readiness)));
    }
}

impl Routing {
    /// Tends every readiness that is known, and makes known what somebody has and nobody would look for. All Workers must have
    /// been read.
    pub(crate) async fn tend_boards(&self, workspace: &Workspace, stood_on: &StoodOn) -> Result<(), Error> {
        for (key, readiness) in &workspace.boards {
            self.store.tend_readiness(workspace, readiness, stood_on.0.contains_key(key), self.clock.now()).await?;
        }
        for (_, readiness) in stood_on.0.iter().filter(|(key, _)| !workspace.boards.contains_key(*key)) {
            self.store.save_readiness(workspace.sid, readiness).await?;
        }
        Ok(())
    }
}
