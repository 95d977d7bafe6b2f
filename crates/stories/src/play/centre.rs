//! What a story needs of a contact centre.

use std::future::Future;

use config::ContactCentre;
use http_client::{Answer, Request};
use ids::AccountSid;
use ids::time::{Millis, Timestamp};
use store::Store;

use crate::customer::Customer;

/// A contact centre with a clock that the story moves, and with a simulated telephone network.
pub trait Centre {
    /// The present moment of its clock.
    fn now(&self) -> Timestamp;

    /// Moves the clock, stopping at each moment at which something is due, and does everything
    /// that is to be done.
    fn advance(&self, duration: Millis) -> impl Future<Output = ()>;

    /// Sends a request with the account's credentials. Its URI is a path: of the REST API, of the
    /// carrier's REST API, or of the simulated telephones.
    fn send(&self, request: Request) -> impl Future<Output = Answer>;

    /// The table.
    fn store(&self) -> &Store;

    /// The configuration, as it is applied.
    fn configuration(&self) -> &ContactCentre;

    /// The account.
    fn account_sid(&self) -> AccountSid;

    /// The account's auth token, which signs webhooks.
    fn auth_token(&self) -> &str;

    /// The other servers.
    fn customer(&self) -> &Customer;

    /// Applies another configuration.
    ///
    /// # Errors
    /// The configuration cannot be read or applied.
    fn apply(&mut self, set_up: &str) -> impl Future<Output = Result<(), String>>;

    /// Ends the process and starts another one on the same data.
    ///
    /// # Errors
    /// The centre cannot start.
    fn restart(&mut self, set_up: &str) -> impl Future<Output = Result<(), String>>;
}
