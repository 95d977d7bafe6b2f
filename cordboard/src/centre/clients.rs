//! The HTTP clients of a contact centre.

use std::sync::Arc;

use http_client::{ClientError, Destinations, NetworkClient, WebClient, web_client};

/// The HTTP clients of a contact centre.
#[derive(Clone)]
pub struct Clients {
    /// For webhooks and look-ups of other servers.
    pub customers: Arc<dyn WebClient>,
    /// For the REST API of the carrier.
    pub carrier: Arc<dyn WebClient>,
    /// For the webhooks of the simulated carrier.
    pub telephones: Arc<dyn WebClient>,
}

impl Clients {
    /// Clients of the real network.
    ///
    /// # Errors
    /// The system has no root certificates.
    pub fn real() -> Result<Self, ClientError> {
        Ok(Self {
            customers: Arc::new(web_client(Destinations::Anywhere)?),
            carrier: Arc::new(web_client(Destinations::Anywhere)?),
            telephones: Arc::new(NetworkClient::new()?),
        })
    }

    /// One client for everything.
    pub fn all(web: Arc<dyn WebClient>) -> Self {
        Self {
            customers: Arc::clone(&web),
            carrier: Arc::clone(&web),
            telephones: web,
        }
    }
}
