//! The HTTP client of commands that ask a contact centre on this machine.

use std::time::Duration;

use reqwest::Client;

/// A client with this timeout of a request. It speaks HTTP alone, so it needs none of the system's
/// root certificates.
pub(crate) fn local_client(timeout: Duration) -> reqwest::Result<Client> {
    runtime::aws::install_tls();
    Client::builder()
        .tls_certs_only([])
        .timeout(timeout)
        .build()
}
