//! The steps through which a call came, as its Task has them.

use serde_json::{Map, Value};
use shared::flows_version::FlowsVersion;
use shared::webhook::Parameters;

use crate::{FLOW_ATTRIBUTE, State, StepId};

/// The attribute of a Task with the path of a call that does not wait: of a callback or a message.
/// The Task of a waiting caller has it in [`FLOW_ATTRIBUTE`].
pub const FLOW_PATH_ATTRIBUTE: &str = "flow_path";

/// The steps through which a call came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPath {
    /// The version of the flows.
    pub version: FlowsVersion,
    /// The steps, oldest first; the last one created the Task.
    pub steps: Vec<StepId>,
    /// Whether the caller is still in the flow, at the last step.
    pub is_waiting: bool,
}

impl CallPath {
    /// The path in the attributes of a Task; `None` if no flow created it.
    pub fn of_task(attributes: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| attributes.get(name).and_then(Value::as_str);
        let waiting = text(FLOW_ATTRIBUTE);
        let written = waiting.or_else(|| text(FLOW_PATH_ATTRIBUTE))?;
        let pairs = form_urlencoded::parse(written.as_bytes()).into_owned();
        let state = State::parse(&Parameters::new(pairs.collect()));
        let state = state.ok().flatten()?;
        Some(Self {
            version: state.version,
            steps: state.path,
            is_waiting: waiting.is_some(),
        })
    }
}

impl State {
    /// The value of [`FLOW_PATH_ATTRIBUTE`].
    pub(crate) fn path_attribute(&self) -> String {
        let ended = Self {
            path: self.path.clone(),
            ..Self::new(self.version.clone(), self.at)
        };
        ended.attribute()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::webhook::FromParameter;

    use super::*;

    fn path(attributes: &Value) -> Option<CallPath> {
        CallPath::of_task(attributes.as_object().unwrap())
    }

    #[test]
    fn task_has_the_path_of_its_call() {
        let version = FlowsVersion::parse("0123456789abcdef").unwrap();
        let mut state = State::new(version.clone(), StepId(3));
        state.enter(StepId(7));
        state.enter(StepId(4));
        let expected = |is_waiting| {
            Some(CallPath {
                version: version.clone(),
                steps: vec![StepId(3), StepId(7), StepId(4)],
                is_waiting,
            })
        };
        let waiting = json!({"flow": state.attribute(), "from": "+17075550101"});
        assert_eq!(path(&waiting), expected(true));
        let callback = json!({"flow_path": state.path_attribute(), "type": "callback"});
        assert_eq!(path(&callback), expected(false));
        for other in [json!({}), json!({"flow": 1}), json!({"flow": "sales"})] {
            assert_eq!(path(&other), None, "{other}");
        }
    }
}
