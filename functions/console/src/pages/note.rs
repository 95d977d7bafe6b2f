//! An agent's note about a Task: its attribute `conversations.content`. It is saved while the agent
//! types, so that a caller who hangs up first ends the Task and not the note. The attributes of an
//! ended Task can be changed until it is removed (taskrouter.md section 2.8).

use http::StatusCode;
use ids::{TaskSid, WorkerSid};
use maud::{Markup, html};
use serde_json::{Value, json};
use task_router::model::{Reservation, ReservationStatus, Task};

use crate::console::Refused;
use crate::request_context::RequestContext;

/// The form field with the note.
pub const FIELD: &str = "Note";

/// The form field that marks a note that is saved while it is typed.
pub const AUTOMATIC: &str = "automatic";

/// The attribute of the Task that contains the note.
pub const ATTRIBUTE: &str = "conversations";

/// The key of the note in [`ATTRIBUTE`].
const CONTENT: &str = "content";

/// The header with the SIDs of the Tasks whose notes are being typed. A header, because a browser
/// repeats it when a form is answered with a redirection.
const BEING_TYPED: &str = "x-notes";

/// Characters of the longest note: some sentences of the 4,096 characters of attributes
/// (taskrouter.md section 14).
const CHARS_MAX: usize = 1_000;

/// Maximum number of ended Tasks that the desktop keeps for their notes.
const BEING_TYPED_MAX: usize = 10;

/// The note of a Task; empty if there is none.
pub fn of(task: &Task) -> String {
    let attributes: Value = serde_json::from_str(&task.attributes.to_json()).unwrap_or_default();
    attributes
        .pointer(&format!("/{ATTRIBUTE}/{CONTENT}"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The field for the note; `address` is that of the Task below the desktop.
pub fn field(address: &str, task: &Task) -> Markup {
    let id = format!("note-{}", task.sid);
    let automatic = json!({ AUTOMATIC: "yes" });
    // A browser drops one line end at the beginning of a textarea, so one is added.
    html! {
        label for=(id) { "Note" }
        textarea id=(id) name=(FIELD) rows="3" maxlength=(CHARS_MAX) data-note=(task.sid)
            hx-post={ (address) "/note" } hx-trigger="input changed delay:500ms" hx-vals=(automatic) hx-swap="none" { "\n" (of(task)) }
    }
}

/// Saves the note, unless it is saved already. Other attributes of the Task stay as they are.
pub async fn save(context: &RequestContext<'_>, task: &Task, note: &str) -> Result<(), Refused> {
    let note = note.replace("\r\n", "\n");
    if note == of(task) {
        return Ok(());
    }
    let chars = note.chars().count();
    if chars > CHARS_MAX {
        return Err(Refused {
            status: StatusCode::BAD_REQUEST,
            message: format!("The note has {chars} characters; at most {CHARS_MAX} can be saved."),
        });
    }
    let patch = json!({ ATTRIBUTE: { CONTENT: note } });
    context
        .patch(&format!("Tasks/{}", task.sid), &patch)
        .await?;
    Ok(())
}

/// The Task with this SID, if this Worker has or had it.
pub async fn task_of(
    context: &RequestContext<'_>,
    worker: WorkerSid,
    task: &str,
) -> Result<Option<Task>, Refused> {
    let Ok(task) = task.parse::<TaskSid>() else {
        return Ok(None);
    };
    let task = context
        .console
        .api
        .store
        .task(task)
        .await
        .map_err(Refused::unavailable)?;
    let is_theirs = |reservation: &Reservation| {
        reservation.worker_sid == worker
            && matches!(
                reservation.status,
                ReservationStatus::Accepted
                    | ReservationStatus::Wrapping
                    | ReservationStatus::Completed
            )
    };
    Ok(task.filter(|task| {
        task.workspace_sid == context.workspace
            && task.removal.is_none()
            && task.reservations.iter().any(is_theirs)
    }))
}

/// The Tasks of this Worker whose notes are being typed on the page.
pub async fn being_typed(
    context: &RequestContext<'_>,
    worker: WorkerSid,
) -> Result<Vec<Task>, Refused> {
    let named = context
        .headers
        .get(BEING_TYPED)
        .and_then(|sids| sids.to_str().ok())
        .unwrap_or_default();
    let mut tasks = Vec::new();
    for sid in named.split(',').take(BEING_TYPED_MAX) {
        tasks.extend(task_of(context, worker, sid).await?);
    }
    Ok(tasks)
}
