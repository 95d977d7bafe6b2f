//! The destinations of callbacks. The URLs are configuration, while the requests are sent from
//! inside our account. Without checks, a URL could reach private addresses (server-side request
//! forgery).

use url::{Host, Url};
use vocabulary::is_private_address;

use crate::{ClientError, NetworkClient};

/// The URLs that callbacks may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destinations {
    /// Any URL: on one machine, everything has a private address.
    Anywhere,
    /// HTTPS at public addresses only: in the cloud, a private address may be a server that trusts
    /// its network.
    PublicHttps,
}

/// A URL that callbacks must not use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Not an absolute URL.
    #[error("the callback URL is not an absolute URL: {0}")]
    Malformed(String),
    /// Not HTTPS.
    #[error("the callback URL must begin with https://")]
    NotHttps,
    /// A private address.
    #[error("the callback URL names a private address")]
    PrivateAddress,
}

impl Destinations {
    /// The URL, if it is allowed. The addresses of a host name are checked when it is resolved
    /// ([`web_client`]).
    pub fn check(self, url: &str) -> Result<Url, Forbidden> {
        let url = Url::parse(url).map_err(|error| Forbidden::Malformed(error.to_string()))?;
        if self == Self::Anywhere {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err(Forbidden::NotHttps);
        }
        let private = match url.host() {
            Some(Host::Ipv4(address)) => is_private_address(address.into()),
            Some(Host::Ipv6(address)) => is_private_address(address.into()),
            Some(Host::Domain(_)) => false,
            None => true,
        };
        if private {
            Err(Forbidden::PrivateAddress)
        } else {
            Ok(url)
        }
    }
}

/// A client that in the cloud resolves names to public addresses only. It follows no redirects,
/// although the carrier does: the target of a redirect would be requested from inside our account
/// without a check.
pub fn web_client(destinations: Destinations) -> Result<NetworkClient, ClientError> {
    match destinations {
        Destinations::Anywhere => NetworkClient::new(),
        Destinations::PublicHttps => {
            NetworkClient::reaching(|address| !is_private_address(address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_allows_public_https_only() {
        for (url, expected) in [
            ("https://app.example/assignment", Ok(())),
            ("http://app.example/assignment", Err(Forbidden::NotHttps)),
            ("https://127.0.0.1/", Err(Forbidden::PrivateAddress)),
            ("https://10.1.2.3/", Err(Forbidden::PrivateAddress)),
            (
                "https://169.254.169.254/latest/meta-data",
                Err(Forbidden::PrivateAddress),
            ),
            ("https://100.100.1.1/", Err(Forbidden::PrivateAddress)),
            ("https://[::1]/", Err(Forbidden::PrivateAddress)),
            ("https://[::ffff:10.0.0.1]/", Err(Forbidden::PrivateAddress)),
            ("https://[fe80::1]/", Err(Forbidden::PrivateAddress)),
            ("https://8.8.8.8/", Ok(())),
            ("https://[2606:4700::1]/", Ok(())),
            ("https://[64:ff9b::808:808]/", Ok(())),
            ("https://198.17.255.255/", Ok(())),
        ] {
            assert_eq!(
                Destinations::PublicHttps.check(url).map(|_| ()),
                expected,
                "{url}"
            );
        }
        for address in [
            "198.18.0.1",
            "198.19.255.255",
            "192.0.0.8",
            "240.0.0.1",
            "255.255.255.255",
            "[64:ff9b::a01:203]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "[fec0::1]",
        ] {
            let url = format!("https://{address}/");
            let checked = Destinations::PublicHttps.check(&url).map(|_| ());
            assert_eq!(checked, Err(Forbidden::PrivateAddress), "{url}");
        }
        assert!(matches!(
            Destinations::PublicHttps.check("/assignment"),
            Err(Forbidden::Malformed(_))
        ));
        assert!(
            Destinations::Anywhere
                .check("http://127.0.0.1:9000/assignment")
                .is_ok()
        );
    }
}
