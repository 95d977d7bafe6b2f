//! `/assignment`: the assignment callback of a Workflow (taskrouter.md section 11.1).

use serde_json::{Map, Value};

use super::{ParameterError, Parameters};
use ids::{
    AccountSid, ReservationSid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid,
};

/// A Reservation was created, and the carrier asks for an instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Account of the Workspace.
    pub account_sid: AccountSid,
    /// SID of the Workspace.
    pub workspace_sid: WorkspaceSid,
    /// The Workflow whose callback this is.
    pub workflow_sid: WorkflowSid,
    /// The TaskQueue the Task waits in.
    pub task_queue_sid: TaskQueueSid,
    /// SID of the Task.
    pub task_sid: TaskSid,
    /// Attributes of the Task.
    pub task_attributes: Map<String, Value>,
    /// Seconds since the Task was created.
    pub task_age_secs: u32,
    /// Priority of the Task.
    pub task_priority: i64,
    /// SID of the Reservation.
    pub reservation_sid: ReservationSid,
    /// The Worker the Reservation is for.
    pub worker_sid: WorkerSid,
    /// Friendly name of the Worker.
    pub worker_name: String,
    /// Attributes of the Worker.
    pub worker_attributes: Map<String, Value>,
}

impl Assignment {
    /// Reads the parameters of the webhook.
    ///
    /// # Errors
    /// [`ParameterError`] naming the parameter that is missing or malformed.
    pub fn parse(parameters: &Parameters) -> Result<Self, ParameterError> {
        Ok(Self {
            account_sid: parameters.required("AccountSid")?,
            workspace_sid: parameters.required("WorkspaceSid")?,
            workflow_sid: parameters.required("WorkflowSid")?,
            task_queue_sid: parameters.required("TaskQueueSid")?,
            task_sid: parameters.required("TaskSid")?,
            task_attributes: parameters.required("TaskAttributes")?,
            task_age_secs: parameters.required("TaskAge")?,
            task_priority: parameters.required("TaskPriority")?,
            reservation_sid: parameters.required("ReservationSid")?,
            worker_sid: parameters.required("WorkerSid")?,
            worker_name: parameters.required("WorkerName")?,
            worker_attributes: parameters.required("WorkerAttributes")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::tests::parameters;
    use super::*;

    const DIGITS: &str = "0123456789abcdef0123456789abcdef";

    fn callback(change: Option<(&str, &str)>) -> Result<Assignment, ParameterError> {
        let sids = [
            "AccountSid=AC",
            "WorkspaceSid=WS",
            "WorkflowSid=WW",
            "TaskQueueSid=WQ",
            "TaskSid=WT",
            "ReservationSid=WR",
            "WorkerSid=WK",
        ];
        let sids: Vec<(&str, String)> = sids
            .iter()
            .map(|sid| sid.split_once('=').unwrap())
            .map(|(name, prefix)| (name, format!("{prefix}{DIGITS}")))
            .collect();
        let mut all: Vec<(&str, &str)> = change.into_iter().collect();
        all.extend(sids.iter().map(|(name, sid)| (*name, sid.as_str())));
        all.extend([
            ("Timestamp", "1431983042"),
            (
                "TaskAttributes",
                r#"{"selected_language":"hi","call_sid":"CA1"}"#,
            ),
            ("TaskAge", "7"),
            ("TaskPriority", "10"),
            ("WorkerName", "Hari"),
            (
                "WorkerAttributes",
                r#"{"languages":["hi"],"contact_uri":"+17075550102"}"#,
            ),
        ]);
        Assignment::parse(&parameters(&all))
    }

    #[test]
    fn assignment_parses_every_parameter() {
        let assignment = callback(None).unwrap();
        assert_eq!(assignment.worker_sid.to_string(), format!("WK{DIGITS}"));
        assert_eq!(
            assignment.task_attributes.get("selected_language"),
            Some(&"hi".into())
        );
        assert_eq!(
            assignment.worker_attributes.get("contact_uri"),
            Some(&"+17075550102".into())
        );
        assert_eq!(
            (assignment.task_age_secs, assignment.task_priority),
            (7, 10)
        );
        assert_eq!(assignment.worker_name, "Hari");
    }

    #[test]
    fn malformed_parameters_are_refused_by_name() {
        let wrong_kind = format!("WR{DIGITS}");
        for (name, value) in [
            ("TaskSid", wrong_kind.as_str()),
            ("TaskAttributes", "{"),
            ("WorkerAttributes", "\"x\""),
            ("TaskAge", "-1"),
        ] {
            let message = callback(Some((name, value))).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("{name} cannot be understood: expected ")),
                "{message}"
            );
        }
    }
}
