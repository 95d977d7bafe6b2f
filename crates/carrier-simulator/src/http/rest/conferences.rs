//! Conferences: fetch, list, end (`/docs/voice/api/conference-resource`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use ids::ConferenceSid;

use super::fields::refuse_unknown;
use super::{Body, PAGING, Reply, RestError, read_form, read_query, sid};
use crate::Carrier;
use crate::http::form::Form;
use crate::http::page::page;
use crate::http::{accept, resources};
use crate::network::{Conference, ConferenceStatus, Input, Refusal};

pub(super) async fn list_conferences(
    State(carrier): State<Arc<Carrier>>,
    RawQuery(query): RawQuery,
) -> Reply {
    let query = read_query(query);
    refuse_unknown(&query, &[&["FriendlyName", "Status"], &PAGING])?;
    let filter = ConferenceFilter::read(&query)?;
    let account = carrier.account_sid();
    let items = carrier.read(|network| {
        let wanted = network
            .conferences()
            .into_iter()
            .filter(|conference| filter.matches(conference));
        wanted
            .map(|row| (row.sid.to_string(), resources::conference(account, row)))
            .collect()
    });
    let path = format!("{}/Conferences.json", resources::account_path(account));
    Ok((
        StatusCode::OK,
        Json(page(&path, "conferences", &query, items)?),
    ))
}

/// The filters of a list of conferences.
struct ConferenceFilter {
    name: Option<String>,
    status: Option<ConferenceStatus>,
}

impl ConferenceFilter {
    fn read(query: &Form) -> Result<Self, RestError> {
        let status = query.text("Status").map(|text| {
            let expected =
                || RestError::bad_request(20001, "Status: expected init, in-progress or completed");
            ConferenceStatus::read(text).ok_or_else(expected)
        });
        Ok(Self {
            name: query.text("FriendlyName").map(str::to_owned),
            status: status.transpose()?,
        })
    }

    fn matches(&self, conference: &Conference) -> bool {
        self.name
            .as_ref()
            .is_none_or(|name| *name == conference.name)
            && self.status.is_none_or(|status| status == conference.status)
    }
}

pub(super) async fn fetch_conference(
    State(carrier): State<Arc<Carrier>>,
    Path((_, conference)): Path<(String, String)>,
) -> Reply {
    show_conference(&carrier, sid(&conference)?)
}

/// The only supported change is `Status=completed`.
pub(super) async fn update_conference(
    State(carrier): State<Arc<Carrier>>,
    Path((_, conference)): Path<(String, String)>,
    body: Body,
) -> Reply {
    let conference = sid(&conference)?;
    let form = read_form(body)?;
    if form.text("AnnounceUrl").is_some() {
        return Err(RestError::bad_request(
            20001,
            "AnnounceUrl: announcements in conferences are not simulated",
        ));
    }
    refuse_unknown(&form, &[&["Status"]])?;
    if form.text("Status") != Some("completed") {
        return Err(RestError::bad_request(20001, "Status: expected completed"));
    }
    accept(&carrier, Input::EndConference(conference))?;
    show_conference(&carrier, conference)
}

fn show_conference(carrier: &Carrier, conference: ConferenceSid) -> Reply {
    let account = carrier.account_sid();
    let shown = carrier.read(|network| {
        network
            .conference(conference)
            .map(|row| resources::conference(account, row))
    });
    let shown = shown.ok_or_else(|| Refusal::UnknownConference(conference.to_string()))?;
    Ok((StatusCode::OK, Json(shown)))
}
