//! `/enqueue-call`: turns the pressed key into a language and the call into a Task, and puts the
//! caller into the queue.
//!
//! The Task's SID is derived from the CallSid, and the write is conditional on its absence. The
//! webhook is therefore idempotent: repeated deliveries create one Task for one call.

mod task;

use std::sync::Arc;

use ids::TaskSid;
use runtime::voice::{Failure, Router, Voice, Webhook};
use shared::menu::{Choice, Language, Menu, documents};
use shared::twiml::Response;
use shared::voice_settings::VoiceSettings;
use shared::webhook::{EnqueueCall, Reply, Request};
use store::Created;
use task_router::router;

/// Answers the key that the caller pressed in the menu.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    voice.document(&request, answer).await
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let pressed = EnqueueCall::parse(&webhook.parameters)?;
    let settings = voice.settings().await?;
    let language = match settings
        .menu
        .choose(pressed.digits.as_ref(), pressed.attempt)
    {
        Choice::Language(language) => language,
        Choice::AskAgain { attempt } => return Ok(ask_again(&settings.menu, &pressed, attempt)),
        Choice::HangUp => return Ok(not_chosen(&settings.menu, &pressed)),
    };
    match voice.router {
        Router::Twilio { workflow_sid } => Ok(documents::enqueue_hosted(language, workflow_sid)),
        Router::Cordboard => enqueue(voice, webhook, &settings, language, &pressed).await,
    }
}

/// Creates the Task, unless it exists or the request is a preview.
async fn enqueue(
    voice: &Voice,
    webhook: &Webhook,
    settings: &VoiceSettings,
    language: &Language,
    pressed: &EnqueueCall,
) -> Result<Response, Failure> {
    let now = voice.now();
    let workspace = voice
        .store
        .workspace(settings.workspace_sid, now)
        .await?
        .ok_or(Failure::NotSetUp("Workspace"))?;
    let workflow = workspace
        .workflows
        .get(&settings.workflow_sid)
        .ok_or(Failure::NotSetUp("Workflow"))?;
    let new = task::of_call(pressed, language, &webhook.parameters)?;
    let task = router::create_task(&workspace, workflow, new, now)?;
    if webhook.is_preview() {
        return Ok(documents::enqueue(language, task.sid));
    }
    let created = voice.store.create_task(&task, &workspace).await?;
    log(task.sid, language, pressed, &created);
    Ok(documents::enqueue(
        language_of(&created, &settings.menu).unwrap_or(language),
        task.sid,
    ))
}

/// The language of an existing Task: a repeated webhook keeps the first choice, even with another
/// key.
fn language_of<'m>(created: &Created, menu: &'m Menu) -> Option<&'m Language> {
    match created {
        Created::New => None,
        Created::AlreadyThere(task) => menu.language(task.attributes.text("selected_language")?),
    }
}

fn log(task_sid: TaskSid, language: &Language, pressed: &EnqueueCall, created: &Created) {
    let call_sid = pressed.call.call_sid;
    let selected_language = &language.selected_language;
    match created {
        Created::New => {
            tracing::info!(%task_sid, %call_sid, selected_language, from = ?pressed.call.from, "Task created")
        }
        Created::AlreadyThere(task) => {
            let status = task.assignment_status.as_str();
            tracing::info!(%task_sid, %call_sid, status, "Task already exists");
        }
    }
}

fn ask_again(menu: &Menu, pressed: &EnqueueCall, attempt: u8) -> Response {
    match pressed.digits {
        Some(_) => documents::wrong_key(menu, attempt),
        None => documents::menu(menu, attempt),
    }
}

fn not_chosen(menu: &Menu, pressed: &EnqueueCall) -> Response {
    match pressed.digits {
        Some(_) => documents::wrong_key_at_last(menu),
        None => documents::no_input_at_last(menu),
    }
}
