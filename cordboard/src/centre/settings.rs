//! The settings of a contact centre.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use crate::carrier_choice::CarrierChoice;
use crate::credentials::Account;
use crate::embedded_dynamodb::Durability;
use crate::exposure::PublicUrl;
use api::ApiKeys;
use config::ContactCentre;
use ids::time::Clock;
use runtime::voice::Router;

/// The settings of a contact centre.
pub struct Settings {
    /// The folder of the data; `None`: no data is kept after the process.
    pub data: Option<PathBuf>,
    /// The account.
    pub account: Account,
    /// Additional credentials for the REST API.
    pub api_keys: ApiKeys,
    /// The configuration.
    pub contact_centre: ContactCentre,
    /// The carrier that places and moves calls.
    pub carrier: CarrierChoice,
    /// The URL at which others reach the contact centre; `None`: only this machine does.
    pub public_url: Option<PublicUrl>,
    /// What a write to the data folder waits for.
    pub durability: Durability,
    /// Whether a browser may fetch TwiML without a signature, to read it.
    pub twiml_preview: bool,
    /// Whether webhooks are recorded for the timelines of their Tasks.
    pub keep_webhooks: bool,
    /// The router of the calls of the built-in menu: this contact centre, or the carrier's
    /// TaskRouter. The TaskRouter of the simulated carrier is this contact centre, too.
    pub router: Router,
    /// The URL that is requested for the first document of a call to the simulated number; `None`:
    /// `/incoming-call` of this contact centre.
    pub voice_url: Option<String>,
    /// The method of that request.
    pub voice_method: carrier_simulator::twiml::Method,
    /// The number of lanes: stream records of different items, and timers, that are handled at the
    /// same time. Normally [`LANES_DEFAULT`](crate::lanes::LANES_DEFAULT).
    pub lanes: NonZeroUsize,
    /// Callbacks that are delivered at the same time; the others wait. Normally
    /// [`CALLBACKS_AT_ONCE_DEFAULT`](super::CALLBACKS_AT_ONCE_DEFAULT).
    pub callbacks_at_once: NonZeroUsize,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}
