//! The warnings of a Workflow: what `cordboard check` finds in it.

use maud::{Markup, html};
use serde_json::Value;

use crate::console::text;
use crate::request_context::RequestContext;

/// The section of a Workflow's page. Empty without warnings: a page says what is wrong.
pub async fn of_workflow(context: &RequestContext<'_>, workflow: &str) -> Markup {
    let answer = context.get(&format!("Workflows/{workflow}/Warnings")).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(refused) => return html! { p .quiet { (refused.message) } },
    };
    let warnings = answer.get("warnings").and_then(Value::as_array);
    let warnings = warnings.map(Vec::as_slice).unwrap_or_default();
    html! {
        @if !warnings.is_empty() {
            section aria-labelledby="warnings" {
                h2 #warnings { "Warnings" }
                p .quiet { "Valid settings that are most likely mistakes." }
                ul {
                    @for warning in warnings {
                        li {
                            strong { (text(warning, "level")) " " (text(warning, "code")) }
                            ": " (text(warning, "message")) " "
                            code { (text(warning, "path")) }
                        }
                    }
                }
            }
        }
    }
}
