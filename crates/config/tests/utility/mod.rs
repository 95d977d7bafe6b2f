//! The example of voice flows, with the audio file that it names.

/// The configuration.
pub const UTILITY: &str = include_str!("../../../../examples/utility/contact-centre.yaml");

/// The content of a file beside it.
pub fn file(name: &str) -> Result<Vec<u8>, String> {
    match name {
        "hold.wav" => Ok(include_bytes!("../../../../examples/utility/hold.wav").to_vec()),
        _other => Err("no such file".to_owned()),
    }
}
