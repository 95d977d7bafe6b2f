//! What a centre is made from, and what is around it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::carrier_choice::CarrierChoice;
use crate::credentials::Account;
use api::ApiKeys;
use config::ContactCentre;
use ids::time::Clock;
use runtime::voice::Router;

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
    /// Who routes the calls of our own menu: we, or the carrier's TaskRouter, which is this centre too if the carrier is
    /// simulated.
    pub router: Router,
    /// Who is asked for the first document of a call to the simulated number; `None`: we are.
    pub voice_url: Option<String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}
