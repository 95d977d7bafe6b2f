//! What a centre is made from, and what is around it.

use std::path::PathBuf;
use std::sync::Arc;

use api::ApiKeys;
use setup::ContactCentre;
use shared::model::Clock;
use web::WebClient;

use crate::carrier_choice::CarrierChoice;
use crate::credentials::Account;

/// What a centre is made from.
pub struct Settings {
    /// Where data is kept; `None`: nowhere.
    pub data: Option<PathBuf>,
    /// The account.
    pub account: Account,
    /// Other users of the REST API.
    pub api_keys: ApiKeys,
    /// The set-up.
    pub contact_centre: ContactCentre,
    /// Who moves calls.
    pub carrier: CarrierChoice,
    /// May a browser look at TwiML?
    pub twiml_preview: bool,
    /// Are webhooks kept for the stories of their Tasks?
    pub keep_webhooks: bool,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What is around a centre.
pub struct Outside {
    /// The way to other people's servers.
    pub web: Arc<dyn WebClient>,
    /// Who is asked for the first document of a call to the simulated number; `None`: we are.
    pub voice_url: Option<String>,
}
