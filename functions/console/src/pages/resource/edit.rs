//! Forms that make or change a resource. The values go to the API as they are; its refusal is shown at the field it names, and
//! what was typed stays.

use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::{Field, Input, Kind, field_error};
use crate::form::Form;
use crate::layout::{self, Page, csrf};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext, entries, text};

/// Choices offered of resources of another kind.
const CHOICES_MAX: usize = 200;

/// A form for a new resource.
pub async fn new(visit: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    Ok(page(
        visit,
        kind,
        &format!("New {}", kind.one),
        kind.create,
        &visit.query,
        None,
    )
    .await)
}

/// Makes it.
pub async fn create(visit: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    match visit
        .post(
            kind.place,
            &given(&visit.form, kind.create, &Form::default()),
        )
        .await
    {
        Ok(made) => Ok(Reply::see_other(format!(
            "/console/{}/{}",
            kind.section,
            text(&made, "sid")
        ))),
        Err(refused) => Ok(page(
            visit,
            kind,
            &format!("New {}", kind.one),
            kind.create,
            &visit.form,
            Some(&refused),
        )
        .await),
    }
}

/// A form with a resource's present values.
pub async fn form(visit: &RequestContext<'_>, kind: &Kind, sid: &str) -> Result<Reply, Refused> {
    let resource = visit.get(&format!("{}/{sid}", kind.place)).await?;
    let title = format!("Change {}", kind.one);
    Ok(page(
        visit,
        kind,
        &title,
        kind.update,
        &present(kind.update, &resource),
        None,
    )
    .await)
}

/// Changes what differs.
pub async fn update(visit: &RequestContext<'_>, kind: &Kind, sid: &str) -> Result<Reply, Refused> {
    let place = format!("{}/{sid}", kind.place);
    let resource = visit.get(&place).await?;
    let changes = given(&visit.form, kind.update, &present(kind.update, &resource));
    match visit.post(&place, &changes).await {
        Ok(_) => Ok(Reply::see_other(format!("/console/{}/{sid}", kind.section))),
        Err(refused) => Ok(page(
            visit,
            kind,
            &format!("Change {}", kind.one),
            kind.update,
            &visit.form,
            Some(&refused),
        )
        .await),
    }
}

/// Moves a Task on to the status the form names.
pub async fn set_status(
    visit: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
    let mut form = Form::default();
    form.push("AssignmentStatus", visit.form.text("AssignmentStatus"));
    visit.post(&format!("{}/{sid}", kind.place), &form).await?;
    Ok(Reply::see_other(format!("/console/{}/{sid}", kind.section)))
}

/// Removes a resource.
pub async fn remove(visit: &RequestContext<'_>, kind: &Kind, sid: &str) -> Result<Reply, Refused> {
    visit.delete(&format!("{}/{sid}", kind.place)).await?;
    Ok(Reply::see_other(format!("/console/{}", kind.section)))
}

/// What a form says that is not so already. A field left empty says nothing, unless something stood there.
fn given(form: &Form, fields: &[Field], present: &Form) -> Form {
    let mut given = Form::default();
    for field in fields {
        // Browsers send line ends as two characters.
        let value = form.text(field.name).replace("\r\n", "\n");
        if value != present.text(field.name) {
            given.push(field.name, value);
        }
    }
    given
}

/// The values a form begins with.
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

/// JSON over several lines; anything else as it is.
pub fn readable(json: &str) -> String {
    let value: Option<Value> = serde_json::from_str(json).ok();
    value
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| json.to_owned())
}

async fn page(
    visit: &RequestContext<'_>,
    kind: &Kind,
    title: &str,
    fields: &[Field],
    values: &Form,
    refused: Option<&Refused>,
) -> Reply {
    let about = refused
        .and_then(Refused::about)
        .filter(|(name, _)| fields.iter().any(|field| field.name == *name));
    let mut inputs = Vec::new();
    for field in fields {
        let mistake = about
            .filter(|(name, _)| *name == field.name)
            .map(|(_, problem)| problem);
        inputs.push(input(visit, field, values.text(field.name), mistake).await);
    }
    let live = html! {
        @if let Some(refused) = refused {
            p .alert role="alert" { "Nothing was changed. " @if about.is_none() { (refused.message) } @else { "See below." } }
        }
        form .stacked method="post" action=(visit.path) {
            (csrf(visit))
            @for (field, input) in fields.iter().zip(inputs) {
                label for=(field.name) { (field.label) }
                (input)
            }
            button .primary type="submit" { "Save" }
        }
        p { a href={ "/console/" (kind.section) } { "Back to " (kind.place) } }
    };
    let status = refused.map_or(StatusCode::OK, |refused| refused.status);
    layout::page_with(
        visit,
        status,
        Page {
            title,
            section: kind.section,
            watch: None,
            head: html! {},
            live,
        },
    )
}

/// A field with its help and what is wrong with it.
pub async fn input(
    visit: &RequestContext<'_>,
    field: &Field,
    value: &str,
    mistake: Option<&str>,
) -> Markup {
    let help = (!field.help.is_empty()).then(|| format!("{}-help", field.name));
    let notes: Vec<String> = help
        .into_iter()
        .chain(mistake.map(|_| format!("{}-mistake", field.name)))
        .collect();
    let notes = (!notes.is_empty()).then(|| notes.join(" "));
    let (name, invalid) = (field.name, mistake.map(|_| "true"));
    html! {
        @match field.input {
            Input::Line => { input id=(name) name=(name) value=(value) aria-invalid=[invalid] aria-describedby=[notes.as_ref()]; }
            Input::Number => { input id=(name) name=(name) value=(value) inputmode="numeric" size="6" aria-invalid=[invalid] aria-describedby=[notes.as_ref()]; }
            Input::Json => { textarea id=(name) name=(name) rows=(rows(value)) spellcheck="false" aria-invalid=[invalid] aria-describedby=[notes.as_ref()] { (value) } }
            Input::Expression => { textarea id=(name) name=(name) rows="2" spellcheck="false" aria-invalid=[invalid] aria-describedby=[notes.as_ref()] { (value) } }
            Input::OneOf(words) => (choice(name, words.iter().map(|word| ((*word).to_owned(), (*word).to_owned())).collect(), value, invalid, notes.as_deref())),
            Input::Of(place) => (choice(name, resources(visit, place).await, value, invalid, notes.as_deref())),
        }
        @if !field.help.is_empty() { small .quiet id={ (name) "-help" } { (field.help) } }
        @if let Some(mistake) = mistake { (field_error::show(&format!("{name}-mistake"), mistake, value)) }
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
            @for (choice, shown) in choices { option value=(choice) selected[choice == value] { (shown) } }
        }
    }
}

/// Resources of another kind, by SID and name; none, if they cannot be had.
async fn resources(visit: &RequestContext<'_>, place: &str) -> Vec<(String, String)> {
    let list = visit
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

    #[test]
    fn only_what_was_changed_is_sent() {
        let present = present(FIELDS, &json!({ "attributes": "{\"a\":1}", "priority": 3 }));
        assert_eq!(present.text("Attributes"), "{\n  \"a\": 1\n}");
        let sent = |form: &str| given(&Form::read(form.as_bytes()), FIELDS, &present).encode_all();
        assert_eq!(
            sent("csrf=1&Priority=3&Attributes=%7B%0D%0A++%22a%22%3A+1%0D%0A%7D"),
            ""
        );
        assert_eq!(
            sent("Priority=4&Attributes=%7B%0A++%22a%22%3A+1%0A%7D"),
            "Priority=4"
        );
    }
}
