//! Audio files: what a WAV or MP3 file contains, as far as a telephone call needs to know.
//!
//! A file is checked when the configuration is read, because a carrier reports a file that it cannot
//! play only in the middle of a call.

mod mp3;
mod wav;

use ids::time::Millis;
use voice_flows::SoundFormat;

/// The largest file, in bytes. A Lambda function answers with at most 6 MB, and base64 makes four
/// bytes of three: 4 MiB become 5.6 MB. That is nine minutes of 8 kHz µ-law, or seventeen of MP3 at
/// 32 kbit/s.
pub(crate) const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most channels: mono and stereo. The carrier mixes stereo down.
const CHANNELS_MAX: u16 = 2;

/// The sample rates that carriers convert, in hertz.
const HERTZ: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// What an audio file contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Audio {
    pub format: SoundFormat,
    pub channels: u16,
    pub hertz: u32,
    pub length: Millis,
}

/// Why a file is no audio file that a caller can hear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AudioError {
    #[error("expected at most {FILE_BYTES_MAX} bytes, got {0}")]
    TooLarge(usize),
    #[error("expected a WAV or MP3 file, got {}", shown(.0))]
    Unknown(Vec<u8>),
    #[error("expected a WAV file with PCM, A-law or µ-law, got format {0}")]
    Encoding(u16),
    #[error("the {0} file is damaged: {1}")]
    Damaged(&'static str, &'static str),
    #[error(
        "expected 1 or {CHANNELS_MAX} channels at {} to {} Hz, got {channels} at {hertz} Hz",
        HERTZ.start(),
        HERTZ.end()
    )]
    NotHeard { channels: u16, hertz: u32 },
}

/// Reads what an audio file contains.
///
/// # Errors
/// [`AudioError`] for a file that is too large, damaged, or of another format.
pub(crate) fn inspect(content: &[u8]) -> Result<Audio, AudioError> {
    if content.len() > FILE_BYTES_MAX {
        return Err(AudioError::TooLarge(content.len()));
    }
    let audio = if wav::is_wav(content) {
        wav::read(content)?
    } else if mp3::is_mp3(content) {
        mp3::read(content)?
    } else {
        return Err(AudioError::Unknown(
            content.iter().take(4).copied().collect(),
        ));
    };
    if audio.channels == 0 || audio.channels > CHANNELS_MAX || !HERTZ.contains(&audio.hertz) {
        return Err(AudioError::NotHeard {
            channels: audio.channels,
            hertz: audio.hertz,
        });
    }
    Ok(audio)
}

/// The first bytes of a file, for a message.
fn shown(head: &[u8]) -> String {
    if head.is_empty() {
        return "an empty file".to_owned();
    }
    let digits: Vec<String> = head.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("a file that begins with the bytes {}", digits.join(" "))
}

/// `count` of `per_sec` as a length; `None` if `per_sec` is zero.
fn length_of(count: u64, per_sec: u64) -> Option<Millis> {
    let millis = count.saturating_mul(1_000).checked_div(per_sec)?;
    Some(Millis::from_millis(millis))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A WAV file of µ-law with `secs` seconds of silence.
    pub(crate) fn wav(channels: u16, hertz: u32, secs: u32) -> Vec<u8> {
        wav_of(7, channels, hertz, 8, secs)
    }

    pub(super) fn wav_of(
        encoding: u16,
        channels: u16,
        hertz: u32,
        bits: u16,
        secs: u32,
    ) -> Vec<u8> {
        let block = channels * bits / 8;
        let data = vec![0xff_u8; (hertz * secs * u32::from(block)) as usize];
        let mut file = b"RIFF".to_vec();
        file.extend((36 + data.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt \x10\0\0\0");
        file.extend(encoding.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(hertz.to_le_bytes());
        file.extend((hertz * u32::from(block)).to_le_bytes());
        file.extend(block.to_le_bytes());
        file.extend(bits.to_le_bytes());
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn format_channels_and_rate_are_checked() {
        for (content, expected) in [
            (wav(1, 8_000, 1), None),
            (wav(2, 44_100, 1), None),
            (
                wav(6, 8_000, 1),
                Some("expected 1 or 2 channels at 8000 to 48000 Hz, got 6 at 8000 Hz"),
            ),
            (
                wav(1, 96_000, 1),
                Some("expected 1 or 2 channels at 8000 to 48000 Hz, got 1 at 96000 Hz"),
            ),
            (
                b"OggS\0\x02".to_vec(),
                Some(
                    "expected a WAV or MP3 file, got a file that begins with the bytes 4f 67 67 53",
                ),
            ),
            (
                Vec::new(),
                Some("expected a WAV or MP3 file, got an empty file"),
            ),
            (
                vec![0; FILE_BYTES_MAX + 1],
                Some("expected at most 4194304 bytes, got 4194305"),
            ),
        ] {
            let problem = inspect(&content).err().map(|error| error.to_string());
            assert_eq!(problem.as_deref(), expected);
        }
    }
}
