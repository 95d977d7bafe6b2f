//! The account and its numbers, which set-up scripts read before anything else, and the answer to
//! every path that the simulated carrier does not serve.

use std::sync::Arc;

use axum::Json;
use axum::extract::{OriginalUri, Path, RawQuery, State};
use axum::http::StatusCode;
use ids::PhoneNumberSid;

use super::fields::read_method;
use super::{Body, Reply, RestError, read_form, read_query, sid};
use crate::Carrier;
use crate::http::page::page;
use crate::http::{accept, resources};
use crate::network::{CentreNumber, Input};

pub(super) async fn fetch_account(State(carrier): State<Arc<Carrier>>) -> Reply {
    let account = resources::account(carrier.account_sid());
    Ok((StatusCode::OK, Json(account)))
}

/// Lists the numbers that reach the contact centre; `PhoneNumber` selects those that contain it.
pub(super) async fn list_numbers(
    State(carrier): State<Arc<Carrier>>,
    RawQuery(query): RawQuery,
) -> Reply {
    let account = carrier.account_sid();
    let query = read_query(query);
    let wanted = query.text("PhoneNumber").unwrap_or_default();
    let items = numbers(&carrier)
        .iter()
        .filter(|number| number.number.contains(wanted))
        .map(|number| {
            let sid = resources::number_sid(account, &number.number).to_string();
            (sid, resources::incoming_phone_number(account, number))
        })
        .collect();
    let path = format!(
        "{}/IncomingPhoneNumbers.json",
        resources::account_path(account)
    );
    let page = page(&path, "incoming_phone_numbers", &query, items)?;
    Ok((StatusCode::OK, Json(page)))
}

pub(super) async fn fetch_number(
    State(carrier): State<Arc<Carrier>>,
    Path((_, wanted)): Path<(String, String)>,
) -> Reply {
    let number = number(&carrier, sid(&wanted)?, &wanted)?;
    let shown = resources::incoming_phone_number(carrier.account_sid(), &number);
    Ok((StatusCode::OK, Json(shown)))
}

/// Changes `VoiceUrl` and `VoiceMethod`. Other parameters have no effect on a simulated number.
pub(super) async fn update_number(
    State(carrier): State<Arc<Carrier>>,
    Path((account, wanted)): Path<(String, String)>,
    body: Body,
) -> Reply {
    let form = read_form(body)?;
    let number = number(&carrier, sid(&wanted)?, &wanted)?;
    let update = Input::UpdateNumber {
        number: number.number,
        voice_url: form.text("VoiceUrl").map(str::to_owned),
        voice_method: read_method(&form, "VoiceMethod")?,
    };
    accept(&carrier, update)?;
    fetch_number(State(carrier), Path((account, wanted))).await
}

/// 404 in the documented form: early official libraries fail on an answer without a body.
pub(super) async fn not_served(OriginalUri(uri): OriginalUri) -> RestError {
    RestError::not_found(uri.path())
}

fn numbers(carrier: &Carrier) -> Vec<CentreNumber> {
    carrier.read(|network| network.setup().numbers.clone())
}

fn number(
    carrier: &Carrier,
    wanted: PhoneNumberSid,
    path: &str,
) -> Result<CentreNumber, RestError> {
    let account = carrier.account_sid();
    numbers(carrier)
        .into_iter()
        .find(|number| resources::number_sid(account, &number.number) == wanted)
        .ok_or_else(|| RestError::not_found(path))
}
