//! The addresses that may be dialed (docs/guide/contact-centre-yaml.md, `dialing`): an address that
//! may not is refused when it is saved or instructed, and not only when a call is due.

use shared::dialing::{Dialing, NotAllowed};
use task_router::router::AttributesChange;

use crate::error::ApiError;
use crate::request_context::RequestContext;

/// The limits of calls; none before `contact-centre.yaml` has been applied.
pub(super) async fn limits(context: &RequestContext<'_>) -> Result<Dialing, ApiError> {
    let settings = context.api.store.voice_settings(context.now).await?;
    Ok(settings.map_or_else(Dialing::default, |settings| settings.dialing.clone()))
}

/// Checks the `contact_uri` that a Worker's new attributes set.
pub(super) async fn check_contact_uri(
    context: &RequestContext<'_>,
    change: Option<&AttributesChange>,
) -> Result<(), ApiError> {
    let contact_uri = match change {
        Some(AttributesChange::Replace(attributes)) => attributes.text("contact_uri"),
        Some(AttributesChange::Merge(patch)) => {
            patch.get("contact_uri").and_then(|value| value.as_str())
        }
        None => None,
    };
    let Some(contact_uri) = contact_uri else {
        return Ok(());
    };
    let refused =
        |error: NotAllowed| ApiError::parameter("Attributes", format!("contact_uri: {error}"));
    limits(context).await?.check(contact_uri).map_err(refused)
}
