//! The simulated telephone network of a contact centre.

use std::sync::Arc;

use carrier_simulator::{Carrier as SimulatedCarrier, CentreNumber, Journal};
use http_client::WebClient;
use shared::webhook::path;

use super::settings::Settings;
use crate::phones::{Documents, Telephones};
use crate::task_router;

/// The journal of the simulated carrier in the data folder.
pub(crate) const JOURNAL_FILE: &str = "telephone-network.sqlite";

/// The simulated carrier with the number of the contact centre, and a recorder of the answers to
/// its webhooks.
pub(super) fn telephones(
    settings: &Settings,
    address: &str,
) -> Result<Telephones, carrier_simulator::Error> {
    let journal = match &settings.data {
        Some(folder) => Journal::file(folder.join(JOURNAL_FILE))?,
        None => Journal::none(),
    };
    let number = |number: &str| CentreNumber {
        number: number.to_owned(),
        voice_url: settings
            .voice_url
            .clone()
            .unwrap_or_else(|| format!("{address}{}", path::INCOMING_CALL)),
        voice_method: settings.voice_method,
        voice_fallback_url: None,
        status_callback: None,
    };
    let carrier = carrier_simulator::Settings {
        account_sid: settings.account.account_sid,
        auth_token: settings.account.auth_token.clone(),
        numbers: numbers(settings).into_iter().map(number).collect(),
        public_base_url: Some(address.to_owned()),
        task_router_url: Some(format!("{address}{}", task_router::PATH)),
        seed: settings.account.account_sid.to_string(),
    };
    let documents = Arc::new(Documents::new(
        carrier_simulator::web_client()?,
        Arc::clone(&settings.clock),
    ));
    let web = Arc::clone(&documents) as Arc<dyn WebClient>;
    let carrier = SimulatedCarrier::open_over(web, carrier, Arc::clone(&settings.clock), journal)?;
    let numbers = numbers(settings).into_iter().map(str::to_owned).collect();
    Ok(Telephones::new(carrier, numbers, documents))
}

/// The numbers of the contact centre: the one of its settings first, then those of its voice flows.
fn numbers(settings: &Settings) -> Vec<&str> {
    let centre = &settings.contact_centre;
    let first = centre.voice_settings.phone_number.as_str();
    let flows = centre.voice_flows.iter();
    let more = flows.flat_map(|flows| flows.numbers.keys().map(String::as_str));
    [first]
        .into_iter()
        .chain(more.filter(|number| *number != first))
        .collect()
}
