//! What happened at a phone: the transcript of its call, and the webhooks about it.

use ids::time::Timestamp;
use maud::{Markup, html};

use crate::layout::button;
use crate::phones::{Call, Document, Sound, TranscriptEntry};
use crate::request_context::RequestContext;

/// Entries of a transcript that are shown at once; earlier ones are in a closed section.
const ENTRIES_SHOWN_MAX: usize = 8;

/// What was heard and done at a phone.
pub(super) fn transcript(call: &Call) -> Markup {
    let hidden = call.transcript.len().saturating_sub(ENTRIES_SHOWN_MAX);
    let (earlier, latest) = call.transcript.split_at(hidden);
    html! {
        @if !earlier.is_empty() {
            details #{ "earlier-" (call.sid) } {
                summary { "Earlier (" (earlier.len()) ")" }
                ol .transcript { @for (number, entry) in earlier.iter().enumerate() { (line(call, number, entry)) } }
            }
        }
        ol .transcript {
            @for (number, entry) in latest.iter().enumerate() { (line(call, hidden + number, entry)) }
        }
    }
}

/// An entry of the transcript, with what `phones.js` needs to make it audible.
fn line(call: &Call, number: usize, entry: &TranscriptEntry) -> Markup {
    let (language, audio, loops) = match &entry.sound {
        Some(Sound::Speech(language)) => (Some(language), None, None),
        Some(Sound::Audio { url, loops }) => (None, Some(url), Some(loops)),
        None => (None, None, None),
    };
    html! {
        li id={ "entry-" (call.sid) "-" (number) "-" (entry.at.as_millis()) } data-kind=(entry.kind) data-text=(entry.text)
            data-language=[language] data-audio=[audio] data-loops=[loops] {
            time { (clock_time(entry.at)) } " " strong { (entry.kind) } " " span lang=[language] { (entry.text) }
        }
    }
}

/// The webhooks of a call: each document, and the request that it answers.
pub(super) fn documents(
    context: &RequestContext<'_>,
    call: &Call,
    documents: &[Document],
) -> Markup {
    html! {
        @if !documents.is_empty() {
            details #{ "documents-" (call.sid) } {
                summary { "Webhooks (" (documents.len()) ")" }
                @for document in documents.iter().rev() { (webhook(context, call, document)) }
                p .quiet { "As of " (clock_time(context.now)) }
            }
        }
    }
}

fn webhook(context: &RequestContext<'_>, call: &Call, document: &Document) -> Markup {
    let again = format!("/console/phones/{}/webhooks/{}", call.sid, document.number);
    html! {
        h4 {
            time { (clock_time(document.at)) } " " (document.method) " " (document.address) " "
            @match document.status {
                Some(status) => { "answered " (status) },
                None => { "did not answer" },
            }
            @if document.is_again { " (sent again)" }
        }
        div .webhook {
            details #{ "request-" (document.number) } {
                summary { "Request" }
                dl .request {
                    @for (name, value) in document.headers.iter().chain(&document.parameters) {
                        dt { (name) }
                        dd { (value) }
                    }
                }
                (button(context, &again, "Send again", &[], ""))
            }
            pre tabindex="0" aria-label={ "Answer of " (document.address) } { (document.text) }
        }
    }
}

/// The time of day with milliseconds, as in the log.
fn clock_time(at: Timestamp) -> String {
    at.to_iso8601_millis()
        .split_once('T')
        .map(|(_, time)| time.trim_end_matches('Z').to_owned())
        .unwrap_or_default()
}
