//! The Task of a call (taskrouter.md section 16).

use shared::menu::Language;
use shared::model::{Attributes, AttributesError, TaskChannelName, TaskSid};
use shared::router::NewTask;
use shared::webhook::{EnqueueCall, Parameters};

/// Attributes taken as the carrier sends them, when it does: name of the attribute, name of the parameter.
const FURTHER: [(&str, &str); 3] = [("caller", "Caller"), ("called", "Called"), ("api_version", "ApiVersion")];

/// What is known of the call, as a Task. Its id depends on nothing but the CallSid.
pub(crate) fn of_call(
    pressed: &EnqueueCall,
    language: &Language,
    parameters: &Parameters,
) -> Result<NewTask, AttributesError> {
    let call = &pressed.call;
    let call_sid = call.call_sid.to_string();
    let mut attributes = serde_json::Map::new();
    let mut set = |name: &str, value: &str| attributes.insert(name.to_owned(), value.into());
    set("selected_language", &language.selected_language);
    set("call_sid", &call_sid);
    set("account_sid", &call.account_sid.to_string());
    set("from", call.from.as_str());
    set("to", call.to.as_str());
    set("call_status", call.status.as_str());
    if let Some(direction) = call.direction {
        set("direction", direction.as_str());
    }
    for (name, parameter) in FURTHER {
        if let Some(value) = parameters.get(parameter) {
            set(name, value);
        }
    }
    let sid = TaskSid::of_call(call.call_sid);
    Ok(NewTask::new(sid, Attributes::new(attributes)?, TaskChannelName::VOICE))
}
