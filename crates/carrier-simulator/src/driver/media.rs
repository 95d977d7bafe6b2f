//! The length of an audio file, read from the header of a WAV file.

use ids::time::Millis;

use crate::network::OTHER_AUDIO;
use crate::twiml::{ErrorCode, Fault};

/// Longest length that is accepted: a header may promise any number.
const LENGTH_MAX: Millis = Millis::from_secs(4 * 3600);

/// The length of the audio that begins with `head`. `body_bytes` is the size of the whole file, if
/// it is known.
///
/// # Errors
/// 12300 when the file is no audio.
pub(super) fn length(
    url: &str,
    content_type: Option<&str>,
    head: &[u8],
    body_bytes: Option<u64>,
) -> Result<Millis, Fault> {
    if let Some(length) = wav_length(head, body_bytes) {
        return Ok(length.min(LENGTH_MAX));
    }
    let content_type = content_type.unwrap_or_default();
    if content_type
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("audio/")
    {
        return Ok(OTHER_AUDIO);
    }
    Err(Fault::new(
        ErrorCode::ContentType,
        format!("{url} has content type \"{content_type}\"; expected audio"),
    ))
}

/// The length: bytes of sound (chunk `data`) divided by bytes a second (chunk `fmt `).
fn wav_length(head: &[u8], body_bytes: Option<u64>) -> Option<Millis> {
    if head.get(0..4)? != b"RIFF" || head.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12_usize;
    let mut bytes_per_sec = None;
    loop {
        let name = head.get(at..at.checked_add(4)?)?;
        let size = number(head, at + 4)?;
        let begin = at.checked_add(8)?;
        match name {
            b"fmt " => bytes_per_sec = Some(u64::from(number(head, begin + 8)?)),
            b"data" => {
                let rest = body_bytes.map(|total| total.saturating_sub(begin as u64));
                let sound = rest.map_or(u64::from(size), |rest| rest.min(size.into()));
                return Some(Millis::from_millis(
                    (sound * 1_000).checked_div(bytes_per_sec?)?,
                ));
            }
            _ => {}
        }
        // Each chunk begins at an even offset.
        at = begin
            .checked_add(usize::try_from(size).ok()?)?
            .checked_next_multiple_of(2)?;
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8 kHz, one channel, 8 bits: 8,000 bytes a second. `extra_chunks` precede `fmt `.
    fn wav(data_bytes: u32, extra_chunks: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
        bytes.extend(extra_chunks);
        bytes.extend(b"fmt \x10\0\0\0\x01\0\x01\0");
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(b"\x01\0\x08\0data");
        bytes.extend(data_bytes.to_le_bytes());
        bytes
    }

    #[test]
    fn wav_header_gives_length() {
        assert_eq!(
            length("u", None, &wav(20_000, b""), None),
            Ok(Millis::from_millis(2_500))
        );
        assert_eq!(
            length("u", None, &wav(20_000, b"LIST\x03\0\0\0abc\0"), None),
            Ok(Millis::from_millis(2_500))
        );
    }

    /// A header that promises more sound than the file holds is limited by the size of the file.
    #[test]
    fn wav_length_is_limited_by_file_size() {
        let head = wav(u32::MAX, b"");
        let file_bytes = head.len() as u64 + 16_000;
        assert_eq!(
            length("u", None, &head, Some(file_bytes)),
            Ok(Millis::from_secs(2))
        );
        assert_eq!(length("u", None, &head, None), Ok(LENGTH_MAX));
    }

    #[test]
    fn other_audio_has_fixed_length() {
        assert_eq!(
            length("u", Some("audio/mpeg"), b"ID3", None),
            Ok(OTHER_AUDIO)
        );
        assert_eq!(
            length("u", Some("audio/wav"), b"RIFF", None),
            Ok(OTHER_AUDIO)
        );
        assert_eq!(
            length("u", Some("text/html"), b"<html>", None)
                .unwrap_err()
                .code,
            ErrorCode::ContentType
        );
        let mut no_rate = wav(1, b"");
        no_rate[28..32].copy_from_slice(&[0; 4]);
        assert!(length("u", None, &no_rate, None).is_err());
    }
}
