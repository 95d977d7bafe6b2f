//! The simulated telephone network of a contact centre.

use std::sync::Arc;

use carrier_simulator::{Carrier as SimulatedCarrier, CentreNumber, Journal};
use config::ContactCentre;
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
    web: Arc<dyn WebClient>,
) -> Result<Telephones, carrier_simulator::Error> {
    let journal = match &settings.data {
        Some(folder) => Journal::file(folder.join(JOURNAL_FILE))?,
        None => Journal::none(),
    };
    let voice_url = settings
        .voice_url
        .clone()
        .unwrap_or_else(|| format!("{address}{}", path::INCOMING_CALL));
    let numbers = numbers_of(&settings.contact_centre).map(|number| CentreNumber {
        number,
        voice_url: voice_url.clone(),
        voice_method: settings.voice_method,
        voice_fallback_url: None,
        status_callback: None,
    });
    let carrier = carrier_simulator::Settings {
        account_sid: settings.account.account_sid,
        auth_token: settings.account.auth_token.clone(),
        numbers: numbers.collect(),
        public_base_url: Some(address.to_owned()),
        task_router_url: Some(format!("{address}{}", task_router::PATH)),
        seed: settings.account.account_sid.to_string(),
    };
    let documents = Arc::new(Documents::new(web, Arc::clone(&settings.clock)));
    let web = Arc::clone(&documents) as Arc<dyn WebClient>;
    let carrier = SimulatedCarrier::open_over(web, carrier, Arc::clone(&settings.clock), journal)?;
    let numbers = numbers_of(&settings.contact_centre).collect();
    Ok(Telephones::new(carrier, numbers, documents))
}

/// The numbers that callers may dial: that of the centre first, then those of flows.
fn numbers_of(contact_centre: &ContactCentre) -> impl Iterator<Item = String> {
    let first = &contact_centre.voice_settings.phone_number;
    let flows = contact_centre.voice_flows.iter();
    let others = flows.flat_map(|flows| flows.numbers.keys());
    let others = others.filter(move |number| *number != first);
    std::iter::once(first).chain(others).cloned()
}
