//! gzip compression for browsers that accept it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

/// Minimum size in bytes; compression of a smaller body saves nothing.
pub const BYTES_MIN: usize = 1_000;

/// Compresses `plain`. Writing to memory does not fail; if it did, the result would be empty and
/// the caller would send `plain`.
pub fn gzip(plain: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

/// Whether the `Accept-Encoding` header allows gzip.
pub fn is_accepted(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted
        .split(',')
        .any(|encoding| encoding.trim().split(';').next() == Some("gzip"))
}
