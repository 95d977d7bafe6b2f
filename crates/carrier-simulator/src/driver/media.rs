//! How long an audio file is, read from the beginning of a WAV file.

use ids::time::Millis;

use crate::network::OTHER_AUDIO;
use crate::twiml::{ErrorCode, Fault};

/// Longest audio believed: a header may lie.
const LENGTH_MAX: Millis = Millis::from_secs(4 * 3600);

/// The length of the audio that begins with `head`. `body_bytes` is the size of the whole file, when known.
///
/// # Errors
/// 12300 when it is no audio at all.
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

/// Bytes of sound over bytes a second, as the chunks `fmt ` and `data` say.
fn wav_length(head: &[u8], body_bytes: Option<u64>) -> Option<Millis> {
    if head.get(0..4)? != b"RIFF" || head.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12_usize;
    let mut bytes_per_sec = None;
    loop {
        let (name, size) = (head.get(at..at.checked_add(4)?)?, number(head, at + 4)?);
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
        // Chunks begin at even places.
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

    /// 8 kHz, one channel, 8 bits: 8,000 bytes a second.
    fn wav(data_bytes: u32, extra_chunk: bool) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
        if extra_chunk {
            bytes.extend(b"LIST\x03\0\0\0abc\0");
        }
        bytes.extend(b"fmt \x10\0\0\0\x01\0\x01\0");
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend(b"\x01\0\x08\0data");
        bytes.extend(data_bytes.to_le_bytes());
        bytes
    }

    #[test]
    fn the_length_of_a_wav_file_is_in_its_header() {
        assert_eq!(
            length("u", None, &wav(20_000, false), None),
            Ok(Millis::from_millis(2_500))
        );
        assert_eq!(
            length("u", None, &wav(20_000, true), None),
            Ok(Millis::from_millis(2_500))
        );
    }

    #[test]
    fn a_header_that_promises_more_than_the_file_holds_is_not_believed() {
        let head = wav(u32::MAX, false);
        let file_bytes = head.len() as u64 + 16_000;
        assert_eq!(
            length("u", None, &head, Some(file_bytes)),
            Ok(Millis::from_secs(2))
        );
        assert_eq!(length("u", None, &head, None), Ok(LENGTH_MAX));
    }

    #[test]
    fn other_audio_has_a_fixed_length_and_other_files_are_refused() {
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
        let mut no_rate = wav(1, false);
        no_rate[28..32].copy_from_slice(&[0; 4]);
        assert!(length("u", None, &no_rate, None).is_err());
    }
}
