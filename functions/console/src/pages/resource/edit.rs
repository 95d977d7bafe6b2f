//! Forms that create or change a resource. The values are sent to the API unchanged. Its error is
//! shown at the field it names, and the entered values stay.

use http::StatusCode;
use maud::{Markup, html};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::field_error;
use super::schema::{Field, Input, Kind};
use crate::console::{Refused, entries, text};
use crate::form::Form;
use crate::layout::{self, Page, csrf};
use crate::reply::Reply;
use crate::request_context::RequestContext;

/// Maximum number of choices in a list of resources.
const CHOICES_MAX: usize = 200;

/// The form for a new resource.
pub async fn new(context: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    Ok(page(
        context,
        kind,
        &format!("New {}", kind.resource.singular()),
        kind.create,
        &context.query,
        None,
    )
    .await)
}

/// Creates the resource.
pub async fn create(context: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    match context
        .post(
            kind.resource.list(),
            &changed(&context.form, kind.create, &Form::default()),
        )
        .await
    {
        Ok(made) => Ok(Reply::see_other(format!(
            "/console/{}/{}",
            kind.resource.path(),
            text(&made, "sid")
        ))),
        Err(refused) => Ok(page(
            context,
            kind,
            &format!("New {}", kind.resource.singular()),
            kind.create,
            &context.form,
            Some(&refused),
        )
        .await),
    }
}

/// The form for a change, with the present values.
pub async fn form(context: &RequestContext<'_>, kind: &Kind, sid: &str) -> Result<Reply, Refused> {
    let resource = context
        .get(&format!("{}/{sid}", kind.resource.list()))
        .await?;
    let title = format!("Change {}", kind.resource.singular());
    Ok(page(
        context,
        kind,
        &title,
        kind.update,
        &present(kind.update, &resource),
        None,
    )
    .await)
}

/// Sends the values that differ from the present ones.
pub async fn update(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
    let place = format!("{}/{sid}", kind.resource.list());
    let resource = context.get(&place).await?;
    let changes = changed(&context.form, kind.update, &present(kind.update, &resource));
    match context.post(&place, &changes).await {
        Ok(_) => Ok(Reply::see_other(format!(
            "/console/{}/{sid}",
            kind.resource.path()
        ))),
        Err(refused) => Ok(page(
            context,
            kind,
            &format!("Change {}", kind.resource.singular()),
            kind.update,
            &context.form,
            Some(&refused),
        )
        .await),
    }
}

/// Sets the status of a Task to the one in the form.
pub async fn set_status(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
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

/// Deletes a resource.
pub async fn remove(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
) -> Result<Reply, Refused> {
    context
        .delete(&format!("{}/{sid}", kind.resource.list()))
        .await?;
    Ok(Reply::see_other(format!(
        "/console/{}",
        kind.resource.path()
    )))
}

/// The values of the form that differ from the present ones. An empty field counts as a change only
/// if the property had a value.
fn changed(form: &Form, fields: &[Field], present: &Form) -> Form {
    let mut changed = Form::default();
    for field in fields {
        // Browsers send line ends as CR LF.
        let value = form.text(field.name).replace("\r\n", "\n");
        if value != present.text(field.name) {
            changed.push(field.name, value);
        }
    }
    changed
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

/// JSON, indented; any other text unchanged. The order of the keys, the digits of numbers and the
/// escapes of texts are kept, so that the form does not change what it only shows.
pub fn readable(json: &str) -> String {
    if serde_json::from_str::<IgnoredAny>(json).is_err() {
        return json.to_owned();
    }
    let mut shown = String::with_capacity(json.len());
    let mut depth = 0;
    let mut rest = json.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' => copy_text(&mut rest, &mut shown),
            '{' | '[' => {
                shown.push(next);
                while rest.next_if(|blank| blank.is_ascii_whitespace()).is_some() {}
                if let Some(end) = rest.next_if(|end| matches!(end, '}' | ']')) {
                    shown.push(end);
                } else {
                    depth += 1;
                    new_line(&mut shown, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                new_line(&mut shown, depth);
                shown.push(next);
            }
            ',' => {
                shown.push(next);
                new_line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => shown.push(other),
        }
    }
    shown
}

/// Copies the rest of a text of valid JSON, and its quotes.
fn copy_text(rest: &mut impl Iterator<Item = char>, shown: &mut String) {
    shown.push('"');
    while let Some(next) = rest.next() {
        shown.push(next);
        match next {
            '"' => return,
            '\\' => shown.extend(rest.next()),
            _ => {}
        }
    }
}

fn new_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.extend(std::iter::repeat_n("  ", depth));
}

async fn page(
    context: &RequestContext<'_>,
    kind: &Kind,
    title: &str,
    fields: &[Field],
    values: &Form,
    refused: Option<&Refused>,
) -> Reply {
    let field_error = refused
        .and_then(Refused::field_error)
        .filter(|(name, _)| fields.iter().any(|field| field.name == *name));
    let mut inputs = Vec::new();
    for field in fields {
        let error = field_error
            .filter(|(name, _)| *name == field.name)
            .map(|(_, problem)| problem);
        inputs.push(input(context, field, values.text(field.name), error).await);
    }
    let live = html! {
        @if let Some(refused) = refused {
            p .alert role="alert" { "Nothing was changed. " @if field_error.is_none() { (refused.message) } @else { "See the marked field." } }
        }
        form .stacked method="post" action=(context.path) {
            (csrf(context))
            @for (field, input) in fields.iter().zip(inputs) {
                label for=(field.name) { (field.label) }
                (input)
            }
            button .primary type="submit" { "Save" }
        }
        p { a href={ "/console/" (kind.resource.path()) } { "Back to " (kind.resource.list()) } }
    };
    let status = refused.map_or(StatusCode::OK, |refused| refused.status);
    layout::page_with(
        context,
        status,
        Page {
            title,
            section: Some(kind.resource.into()),
            watch: None,
            head: html! {},
            live,
        },
    )
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
    html! {
        @match field.input {
            Input::Line => { input id=(name) name=(name) value=(value) aria-invalid=[invalid] aria-describedby=[notes.as_ref()]; }
            Input::Number => { input id=(name) name=(name) value=(value) inputmode="numeric" size="6" aria-invalid=[invalid] aria-describedby=[notes.as_ref()]; }
            Input::Json => { textarea id=(name) name=(name) rows=(rows(value)) spellcheck="false" aria-invalid=[invalid] aria-describedby=[notes.as_ref()] { (value) } }
            Input::Expression => { textarea id=(name) name=(name) rows="2" spellcheck="false" aria-invalid=[invalid] aria-describedby=[notes.as_ref()] { (value) } }
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

    #[test]
    fn json_is_indented_as_it_was_sent() {
        let sent = r#"{ "b" : [1.0,1e3 ,{}, [ ]],"a":{"x":"\u00e9 \" , {"}}"#;
        let shown = "{\n  \"b\": [\n    1.0,\n    1e3,\n    {},\n    []\n  ],\n  \"a\": {\n    \"x\": \"\\u00e9 \\\" , {\"\n  }\n}";
        assert_eq!(readable(sent), shown);
        assert_eq!(readable(shown), shown);
        assert_eq!(readable("no {json}"), "no {json}");
    }

    #[test]
    fn only_changed_values_are_sent() {
        let present = present(FIELDS, &json!({ "attributes": "{\"a\":1}", "priority": 3 }));
        assert_eq!(present.text("Attributes"), "{\n  \"a\": 1\n}");
        let sent =
            |form: &str| changed(&Form::read(form.as_bytes()), FIELDS, &present).encode_all();
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
