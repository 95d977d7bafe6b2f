//! gzip, for browsers that take it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

/// Smaller texts are not worth it.
pub const BYTES_MIN: usize = 1_000;

/// Writing to memory does not fail; if it did, an empty result would be served plain.
pub fn gzip(plain: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

/// Whether whoever asks takes it.
pub fn is_taken(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted
        .split(',')
        .any(|encoding| encoding.trim().split(';').next() == Some("gzip"))
}
