//! The Task of a call (taskrouter.md section 16).

use ids::TaskSid;
use shared::menu::Language;
use shared::webhook::{EnqueueCall, Parameters, attributes_of_call};
use task_router::model::{Attributes, AttributesError, TaskChannelName};
use task_router::router::NewTask;

/// Builds the Task of a call. Its SID depends only on the CallSid. The locations of both parties
/// are left out, because a Task below a kilobyte costs one write unit.
pub(crate) fn of_call(
    pressed: &EnqueueCall,
    language: &Language,
    parameters: &Parameters,
) -> Result<NewTask, AttributesError> {
    let mut attributes = attributes_of_call(&pressed.call, parameters);
    attributes.insert(
        "selected_language".to_owned(),
        language.selected_language.as_str().into(),
    );
    let sid = TaskSid::of_call(pressed.call.call_sid);
    Ok(NewTask::new(
        sid,
        Attributes::new(attributes)?,
        TaskChannelName::VOICE,
    ))
}
