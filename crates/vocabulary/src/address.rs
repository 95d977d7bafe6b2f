//! Addresses that are not for the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is not for the public internet: loopback, link-local (the metadata service
/// among them), private, shared, for benchmarks, reserved, unspecified, multicast or broadcast, as
/// the registries of special-purpose addresses list them (RFC 6890). An IPv6 address that contains an
/// IPv4 address (mapped, NAT64, 6to4) is judged by that one, because a gateway sends to it.
pub fn is_private_address(address: IpAddr) -> bool {
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
    fn special_purpose_addresses_are_private() {
        for (address, is_private) in [
            ("10.1.2.3", true),
            ("100.64.0.1", true),
            ("169.254.169.254", true),
            ("198.18.0.1", true),
            ("0.0.0.0", true),
            ("::ffff:10.0.0.1", true),
            ("64:ff9b::a01:203", true),
            ("fe80::1", true),
            ("8.8.8.8", false),
            ("2606:4700::1", false),
            ("64:ff9b::808:808", false),
        ] {
            let parsed = address.parse().unwrap();
            assert_eq!(is_private_address(parsed), is_private, "{address}");
        }
    }
}
