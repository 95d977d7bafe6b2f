//! The destinations of callbacks. The URLs are configuration, while the requests are sent from
//! inside our account. Without checks, a URL could reach private addresses (server-side request
//! forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{ClientError, NetworkClient};
use url::{Host, Url};

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
            Some(Host::Ipv4(address)) => is_private(address.into()),
            Some(Host::Ipv6(address)) => is_private(address.into()),
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
        Destinations::PublicHttps => NetworkClient::reaching(|address| !is_private(address)),
    }
}

/// Whether an address is not for the public internet: loopback, link-local (the metadata service
/// among them), private, shared, for benchmarks, reserved, unspecified, multicast or broadcast, as
/// the registries of special-purpose addresses list them (RFC 6890). An IPv6 address that contains an
/// IPv4 address (mapped, NAT64, 6to4) is judged by that one, because a gateway sends to it.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => {
            let site_local = v6.segments()[0] & 0xffc0 == 0xfec0;
            site_local
                || v6.is_unicast_link_local()
                || v6.is_unique_local()
                || v6.is_multicast()
                || v6.is_loopback()
                || v6.is_unspecified()
                || contained_v4(v6).is_some_and(is_private_v4)
        }
    }
}

fn is_private_v4(v4: Ipv4Addr) -> bool {
    let [first, second, third, _] = v4.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let protocols = (first, second, third) == (192, 0, 0);
    let benchmarks = first == 198 && (18..20).contains(&second);
    let reserved = first >= 240;
    v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || first == 0
        || shared
        || protocols
        || benchmarks
        || reserved
}

/// The IPv4 address in an IPv6 address: mapped or compatible, NAT64 (`64:ff9b::/96`) or 6to4
/// (`2002::/16`).
fn contained_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let [first, second] = high.to_be_bytes();
        let [third, fourth] = low.to_be_bytes();
        Ipv4Addr::new(first, second, third, fourth)
    };
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => v6.to_ipv4(),
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
