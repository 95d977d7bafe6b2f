//! The addresses of a contact centre.

use std::sync::Arc;

use http::Uri;

use super::settings::Settings;
use crate::carrier_choice::CarrierChoice;
use crate::http::{Access, Hosts};

/// The base URLs of a contact centre, without a slash at the end.
pub(super) struct Addresses {
    /// The carrier's API.
    pub carrier_api: String,
    /// Where webhooks reach the functions, those of the carrier and our own. The simulated carrier
    /// is in this process, so its webhooks do not leave the machine.
    pub webhooks: String,
    /// Where people and programs reach the contact centre.
    pub public: String,
    /// Who reaches it.
    pub access: Access,
}

impl Addresses {
    /// The addresses of a server that this machine reaches at `address`.
    pub fn of(settings: &Settings, address: &str) -> Self {
        let public_url = settings.public_url.as_ref();
        let public = public_url.map_or(address, |url| url.as_str()).to_owned();
        let (carrier_api, webhooks) = match &settings.carrier {
            CarrierChoice::Simulated => (address.to_owned(), address.to_owned()),
            CarrierChoice::Real { api_url } => (api_url.clone(), public.clone()),
        };
        let access = match public_url {
            Some(_) => Access::Others,
            None => Access::ThisMachine,
        };
        Self {
            carrier_api,
            webhooks,
            public,
            access,
        }
    }

    /// The hosts under which requests may arrive, besides those of the loopback network.
    pub fn hosts(&self) -> Hosts {
        let urls = [&self.webhooks, &self.public];
        let hosts = urls.iter().filter_map(|url| {
            let url: Uri = url.parse().ok()?;
            url.host().map(str::to_owned)
        });
        Arc::new(hosts.collect())
    }
}
