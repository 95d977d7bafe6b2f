//! Names in requests and documents, which stand for SIDs.

use super::{Centre, Stage};
use crate::customer::Scripted;
use crate::file::Story;

impl<C: Centre> Stage<'_, C> {
    /// Scripts the documents of a story.
    pub(super) fn script_documents(&self, story: &Story) {
        let customer = self.centre.customer();
        for (path, body) in story.documents.iter().flatten() {
            let body = self.with_sid(&customer.with_address(body));
            let answer = Scripted {
                body,
                ..Scripted::default()
            };
            customer.script(path, answer);
        }
    }

    pub(super) fn with_sids(&self, form: &[(String, String)]) -> Vec<(String, String)> {
        form.iter()
            .map(|(name, value)| (name.clone(), self.with_sid(value)))
            .collect()
    }

    /// The text, each known name in braces replaced by its SID.
    pub(super) fn with_sid(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let set_up = self.centre.configuration();
        let workspace = &set_up.workspace;
        let mut known: Vec<(String, String)> = Vec::new();
        for (name, sid) in &self.tasks {
            known.push((name.clone(), sid.to_string()));
        }
        for worker in &set_up.workers {
            known.push((worker.friendly_name.clone(), worker.sid.to_string()));
        }
        for queue in workspace.task_queues.values() {
            known.push((queue.friendly_name.clone(), queue.sid.to_string()));
        }
        for workflow in workspace.workflows.values() {
            known.push((workflow.friendly_name.clone(), workflow.sid.to_string()));
        }
        for activity in workspace.activities.values() {
            known.push((activity.friendly_name.clone(), activity.sid.to_string()));
        }
        for (name, call) in &self.callers {
            known.push((format!("call of {name}"), call.to_string()));
            known.push((format!("task of {name}"), self.task_of(*call).to_string()));
        }
        known
            .into_iter()
            .fold(text.to_owned(), |text, (name, sid)| {
                text.replace(&format!("{{{name}}}"), &sid)
            })
    }

    /// The text, `{reservation of c1}` replaced by the SID of the first Reservation of c1's Task.
    pub(super) async fn with_reservations(&self, text: &str) -> Result<String, String> {
        let mut text = text.to_owned();
        for name in self.callers.keys().chain(self.tasks.keys()) {
            let placeholder = format!("{{reservation of {name}}}");
            if !text.contains(&placeholder) {
                continue;
            }
            let task = self.task(name).await?;
            let reservations = task.map(|task| task.reservations).unwrap_or_default();
            let first = reservations.first();
            let first = first.ok_or_else(|| format!("{name} has no Reservation"))?;
            text = text.replace(&placeholder, &first.sid.to_string());
        }
        Ok(text)
    }
}
