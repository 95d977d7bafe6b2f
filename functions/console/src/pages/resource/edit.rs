//! Forms that create or change a resource. The values are sent to the API unchanged. Its error is
//! shown at the field it names, and the entered values stay. A form carries a digest of each value
//! that it showed: what was not changed on the page is not written.

use http::StatusCode;
use ids::TaskSid;
use maud::{Markup, html};
use serde_json::Value;
use sha2::{Digest, Sha256};
use task_router::model::Task;

use super::field_error;
use super::json_text::readable;
use super::schema::{Field, Input, Kind};
use crate::connected_call;
use crate::console::{Refused, entries, text};
use crate::form::Form;
use crate::layout::{self, Page, csrf};
use crate::reply::Reply;
use crate::request_context::RequestContext;

/// Maximum number of choices in a list of resources.
const CHOICES_MAX: usize = 200;

/// Attempts to save a form while other writers change the resource at the same moment.
const SAVE_ATTEMPTS_MAX: usize = 4;

/// The prefix of the hidden fields with the digests of the values that a form showed.
const SHOWN: &str = "shown-";

/// What a form shows.
struct Draft<'d> {
    title: String,
    fields: &'d [Field],
    /// The values of the inputs.
    values: Form,
    /// The present values of the resource; empty for a new resource.
    present: Form,
    /// The fields that were changed on the page and at the resource.
    conflicts: Vec<&'static str>,
    refused: Option<Refused>,
}

/// The form for a new resource.
pub async fn new(context: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    Ok(page(context, kind, new_draft(kind, context.query.clone(), None)).await)
}

/// Creates the resource.
pub async fn create(context: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    let mut given = Form::default();
    for field in kind.create {
        let value = submitted(&context.form, field);
        if !value.is_empty() {
            given.push(field.name, value);
        }
    }
    match context.post(kind.resource.list(), &given).await {
        Ok(made) => Ok(Reply::see_other(format!(
            "/console/{}/{}",
            kind.resource.path(),
            text(&made, "sid")
        ))),
        Err(refused) => {
            let draft = new_draft(kind, context.form.clone(), Some(refused));
            Ok(page(context, kind, draft).await)
        }
    }
}

fn new_draft(kind: &Kind, values: Form, refused: Option<Refused>) -> Draft<'_> {
    Draft {
        title: format!("New {}", kind.resource.singular()),
        fields: kind.create,
        values,
        present: Form::default(),
        conflicts: Vec::new(),
        refused,
    }
}

/// The form for a change, with the present values.
pub async fn form(context: &RequestContext<'_>, kind: &Kind, sid: &str) -> Result<Reply, Refused> {
    let read = context
        .get_versioned(&format!("{}/{sid}", kind.resource.list()))
        .await?;
    let present = present(kind.update, &read.resource);
    let draft = change_draft(kind, present.clone(), present, Vec::new(), None);
    Ok(page(context, kind, draft).await)
}

fn change_draft<'k>(
    kind: &'k Kind,
    values: Form,
    present: Form,
    conflicts: Vec<&'static str>,
    refused: Option<Refused>,
) -> Draft<'k> {
    Draft {
        title: format!("Change {}", kind.resource.singular()),
        fields: kind.update,
        values,
        present,
        conflicts,
        refused,
    }
}

/// Saves the values that were changed on the page, and no others. A value that was also changed at
/// the resource while the form was open is a conflict: the form is shown again with both values. The
/// resource is written on condition that it still has the version that was compared.
pub async fn update(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
    let place = format!("{}/{sid}", kind.resource.list());
    let mut attempts = 0;
    loop {
        attempts += 1;
        let read = context.get_versioned(&place).await?;
        let present = present(kind.update, &read.resource);
        let edits = Edits::read(&context.form, kind.update, &present);
        if !edits.conflicts.is_empty() {
            let draft = change_draft(kind, edits.values, present, edits.conflicts, None);
            return Ok(page(context, kind, draft).await);
        }
        match context
            .post_if_match(&place, &edits.changed, read.etag)
            .await
        {
            Ok(_) => {
                return Ok(Reply::see_other(format!(
                    "/console/{}/{sid}",
                    kind.resource.path()
                )));
            }
            Err(refused)
                if refused.status == StatusCode::PRECONDITION_FAILED
                    && attempts < SAVE_ATTEMPTS_MAX => {}
            Err(refused) => {
                let draft = change_draft(kind, edits.values, present, Vec::new(), Some(refused));
                return Ok(page(context, kind, draft).await);
            }
        }
    }
}

/// The edits of a submitted form, compared with the present values of the resource.
struct Edits {
    /// The values that were changed on the page.
    changed: Form,
    /// All values to show again: the edited ones, and the present ones of the other fields.
    values: Form,
    /// The fields that were changed on the page, and at the resource to another value.
    conflicts: Vec<&'static str>,
}

impl Edits {
    fn read(form: &Form, fields: &[Field], present: &Form) -> Self {
        let mut edits = Self {
            changed: Form::default(),
            values: Form::default(),
            conflicts: Vec::new(),
        };
        for field in fields {
            let value = submitted(form, field);
            let now = present.text(field.name);
            let shown = form.text(&format!("{SHOWN}{}", field.name));
            if digest(&value) == shown || is_present(field, &value, now) {
                edits.values.push(field.name, now);
                continue;
            }
            if digest(now) != shown {
                edits.conflicts.push(field.name);
            }
            edits.changed.push(field.name, value.as_str());
            edits.values.push(field.name, value);
        }
        edits
    }
}

/// The value of a field as the form showed it: browsers send line ends as CR LF.
fn submitted(form: &Form, field: &Field) -> String {
    form.text(field.name).replace("\r\n", "\n")
}

/// Whether a submitted value is the present one. JSON is shown indented, and may be entered without.
fn is_present(field: &Field, value: &str, now: &str) -> bool {
    match field.input {
        Input::Json => readable(value) == now,
        Input::Line | Input::Number | Input::Expression | Input::OneOf(_) | Input::Of(_) => {
            value == now
        }
    }
}

/// A digest of a value, so that a form need not carry a whole Workflow configuration twice.
fn digest(value: &str) -> String {
    let digest = Sha256::digest(value.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sets the status of a Task to the one in the form.
pub async fn set_status(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
    if let Some(task) = task(context, sid).await? {
        connected_call::refuse_while_connected(&task)?;
    }
    let mut form = Form::default();
    form.push("AssignmentStatus", context.form.text("AssignmentStatus"));
    context
        .post(&format!("{}/{sid}", kind.resource.list()), &form)
        .await?;
    Ok(Reply::see_other(format!(
        "/console/{}/{sid}",
        kind.resource.path()
    )))
}

/// Ends the call of a Task.
pub async fn hang_up(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
    let task = task(context, sid)
        .await?
        .ok_or_else(|| context.no_such_page())?;
    connected_call::hang_up(context, &task).await?;
    Ok(Reply::see_other(format!(
        "/console/{}/{sid}",
        kind.resource.path()
    )))
}

/// A Task of the Workspace, from the table: no resource has the SID of the Worker's call.
pub async fn task(context: &RequestContext<'_>, sid: &str) -> Result<Option<Task>, Refused> {
    let Ok(sid) = sid.parse::<TaskSid>() else {
        return Ok(None);
    };
    let task = context
        .console
        .api
        .store
        .task(sid)
        .await
        .map_err(Refused::unavailable)?;
    Ok(task.filter(|task| task.workspace_sid == context.workspace))
}

/// Deletes a resource.
pub async fn remove(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
    if let Some(task) = task(context, sid).await? {
        connected_call::refuse_while_connected(&task)?;
    }
    context
        .delete(&format!("{}/{sid}", kind.resource.list()))
        .await?;
    Ok(Reply::see_other(format!(
        "/console/{}",
        kind.resource.path()
    )))
}

/// The present values of the fields.
fn present(fields: &[Field], resource: &Value) -> Form {
    let mut present = Form::default();
    for field in fields {
        let value = resource
            .get(field.property)
            .map(|value| match (field.input, value) {
                (Input::Json, Value::String(json)) => readable(json),
                (_, Value::String(text)) => text.clone(),
                (_, Value::Null) => String::new(),
                (_, other) => other.to_string(),
            });
        present.push(field.name, value.unwrap_or_default());
    }
    present
}

async fn page(context: &RequestContext<'_>, kind: &Kind, draft: Draft<'_>) -> Reply {
    let field_error = draft
        .refused
        .as_ref()
        .and_then(Refused::field_error)
        .filter(|(name, _)| draft.fields.iter().any(|field| field.name == *name));
    let mut inputs = Vec::new();
    for field in draft.fields {
        let error = field_error
            .filter(|(name, _)| *name == field.name)
            .map(|(_, problem)| problem);
        inputs.push(input(context, field, draft.values.text(field.name), error).await);
    }
    let live = html! {
        @if let Some(refused) = &draft.refused {
            p .alert role="alert" { "Nothing was changed. " @if field_error.is_none() { (refused.message) } @else { "See the marked field." } }
        }
        @if !draft.conflicts.is_empty() {
            p .alert role="alert" {
                "Nothing was changed: the marked values were changed while this form was open. Compare them with yours and save again."
            }
        }
        form .stacked method="post" action=(context.path) {
            (csrf(context))
            @for (field, input) in draft.fields.iter().zip(inputs) {
                label for=(field.name) { (field.label) }
                (input)
                @if !field.property.is_empty() {
                    input type="hidden" name={ (SHOWN) (field.name) } value=(digest(draft.present.text(field.name)));
                }
                @if draft.conflicts.contains(&field.name) { (conflict(context, field, draft.present.text(field.name)).await) }
            }
            button .primary type="submit" { "Save" }
        }
        p { a href={ "/console/" (kind.resource.path()) } { "Back to " (kind.resource.list()) } }
    };
    let status = match &draft.refused {
        Some(refused) => refused.status,
        None if !draft.conflicts.is_empty() => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    layout::page_with(
        context,
        status,
        Page {
            title: &draft.title,
            section: Some(kind.resource.into()),
            watch: None,
            head: html! {},
            live,
        },
    )
}

/// The present value of a field that was changed on the page, too.
async fn conflict(context: &RequestContext<'_>, field: &Field, value: &str) -> Markup {
    let named = match field.input {
        Input::Of(place) => resources(context, place)
            .await
            .into_iter()
            .find_map(|(sid, name)| (sid == value).then_some(name)),
        Input::Line | Input::Number | Input::Json | Input::Expression | Input::OneOf(_) => None,
    };
    html! {
        div .conflict id={ (field.name) "-conflict" } {
            p { (field.label) " is now:" }
            pre tabindex="0" aria-label={ "Present value of " (field.label) } { (named.as_deref().unwrap_or(value)) }
        }
    }
}

/// A field with its note and its error.
pub async fn input(
    context: &RequestContext<'_>,
    field: &Field,
    value: &str,
    error: Option<&str>,
) -> Markup {
    let help = (!field.help.is_empty()).then(|| format!("{}-help", field.name));
    let notes: Vec<String> = help
        .into_iter()
        .chain(error.map(|_| format!("{}-error", field.name)))
        .collect();
    let notes = (!notes.is_empty()).then(|| notes.join(" "));
    let name = field.name;
    let invalid = error.map(|_| "true");
    // A browser drops one line end at the beginning of a textarea, so one is added.
    html! {
        @match field.input {
            Input::Line => { input id=(name) name=(name) value=(value) aria-invalid=[invalid] aria-describedby=[notes.as_ref()]; }
            Input::Number => { input id=(name) name=(name) value=(value) inputmode="numeric" size="6" aria-invalid=[invalid] aria-describedby=[notes.as_ref()]; }
            Input::Json => { textarea id=(name) name=(name) rows=(rows(value)) spellcheck="false" aria-invalid=[invalid] aria-describedby=[notes.as_ref()] { "\n" (value) } }
            Input::Expression => { textarea id=(name) name=(name) rows="2" spellcheck="false" aria-invalid=[invalid] aria-describedby=[notes.as_ref()] { "\n" (value) } }
            Input::OneOf(words) => (choice(name, words.iter().map(|word| ((*word).to_owned(), (*word).to_owned())).collect(), value, invalid, notes.as_deref())),
            Input::Of(place) => (choice(name, resources(context, place).await, value, invalid, notes.as_deref())),
        }
        @if !field.help.is_empty() { small .quiet id={ (name) "-help" } { (field.help) } }
        @if let Some(error) = error { (field_error::show(&format!("{name}-error"), error, value)) }
    }
}

fn rows(value: &str) -> usize {
    value.lines().count().clamp(4, 30)
}

fn choice(
    name: &str,
    choices: Vec<(String, String)>,
    value: &str,
    invalid: Option<&str>,
    notes: Option<&str>,
) -> Markup {
    html! {
        select id=(name) name=(name) aria-invalid=[invalid] aria-describedby=[notes] {
            option value="" { "–" }
            // A list of choices is limited; without its present value the form would change it.
            @if !value.is_empty() && choices.iter().all(|(choice, _)| choice != value) {
                option value=(value) selected { (value) }
            }
            @for (choice, shown) in choices { option value=(choice) selected[choice == value] { (shown) } }
        }
    }
}

/// The resources of a list of the API, by SID and name; empty if the API refuses.
async fn resources(context: &RequestContext<'_>, place: &str) -> Vec<(String, String)> {
    let list = context
        .get(&format!("{place}?PageSize={CHOICES_MAX}"))
        .await
        .unwrap_or_default();
    let pair = |resource: &Value| {
        (
            text(resource, "sid").to_owned(),
            text(resource, "friendly_name").to_owned(),
        )
    };
    entries(&list).iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[Field] = &[
        Field {
            name: "Attributes",
            property: "attributes",
            label: "",
            input: Input::Json,
            help: "",
        },
        Field {
            name: "Priority",
            property: "priority",
            label: "",
            input: Input::Number,
            help: "",
        },
    ];

    /// The form that a browser submits after these edits of the shown resource.
    fn form(shown: &Value, edits: &[(&str, &str)]) -> Form {
        let shown = present(FIELDS, shown);
        let mut form = Form::default();
        for field in FIELDS {
            let value = shown.text(field.name);
            let edit = edits.iter().find(|(name, _)| *name == field.name);
            let sent = edit.map_or(value, |(_, edit)| edit).replace('\n', "\r\n");
            form.push(field.name, sent);
            form.push(&format!("{SHOWN}{}", field.name), digest(value));
        }
        form
    }

    #[test]
    fn only_touched_values_are_sent() {
        let shown = json!({ "attributes": "{\"a\":1}", "priority": 3 });
        let changed = json!({ "attributes": "{\"b\":2}", "priority": 3 });
        let present = present(FIELDS, &changed);
        let untouched = Edits::read(&form(&shown, &[]), FIELDS, &present);
        assert_eq!(untouched.changed.encode_all(), "");
        let edits = Edits::read(&form(&shown, &[("Priority", "4")]), FIELDS, &present);
        assert_eq!(edits.changed.encode_all(), "Priority=4");
        assert_eq!(edits.values.text("Attributes"), "{\n  \"b\": 2\n}");
        assert!(edits.conflicts.is_empty());
    }

    #[test]
    fn value_changed_twice_is_a_conflict() {
        let shown = json!({ "attributes": "{\"a\":1}", "priority": 3 });
        let changed = json!({ "attributes": "{\"b\":2}", "priority": 3 });
        let edited = form(&shown, &[("Attributes", "{\"c\":3}")]);
        let edits = Edits::read(&edited, FIELDS, &present(FIELDS, &changed));
        assert_eq!(edits.conflicts, ["Attributes"]);
        assert_eq!(edits.values.text("Attributes"), "{\"c\":3}");
        let same = Edits::read(
            &edited,
            FIELDS,
            &present(FIELDS, &json!({ "attributes": "{\"c\":3}" })),
        );
        assert!(same.conflicts.is_empty());
    }

    #[test]
    fn form_without_digest_overwrites_nothing() {
        let present = present(FIELDS, &json!({ "attributes": "{}", "priority": 3 }));
        let edits = Edits::read(
            &Form::read(b"Priority=4&Attributes=%7B%7D"),
            FIELDS,
            &present,
        );
        assert_eq!(edits.conflicts, ["Priority"]);
    }
}
