//! WAV: chunks with the format and the samples.

use voice_flows::SoundFormat;

use super::{Audio, AudioError, length_of};

/// The encodings that a carrier plays: PCM, A-law, µ-law.
const ENCODINGS: [u16; 3] = [1, 6, 7];

/// An encoding whose real number is in the format's extension.
const EXTENSIBLE: u16 = 0xfffe;

/// Where the real number of an [`EXTENSIBLE`] encoding is in the chunk `fmt `.
const EXTENSION_AT: usize = 24;

/// The chunk `fmt `.
struct Format {
    channels: u16,
    hertz: u32,
    bytes_per_sec: u32,
}

pub(super) fn is_wav(content: &[u8]) -> bool {
    content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WAVE")
}

pub(super) fn read(content: &[u8]) -> Result<Audio, AudioError> {
    let damaged = |what| AudioError::Damaged("WAV", what);
    let mut format = None;
    for (name, chunk) in Chunks(content.get(12..).unwrap_or_default()) {
        match name {
            b"fmt " => format = Some(format_of(chunk)?),
            b"data" => {
                let format: Format = format.ok_or(damaged("there is no format before the data"))?;
                let bytes = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                let length = length_of(bytes, format.bytes_per_sec.into())
                    .filter(|_| bytes > 0)
                    .ok_or(damaged("there is no sound in it"))?;
                return Ok(Audio {
                    format: SoundFormat::Wav,
                    channels: format.channels,
                    hertz: format.hertz,
                    length,
                });
            }
            _other_chunk => {}
        }
    }
    Err(damaged("there is no sound in it"))
}

fn format_of(chunk: &[u8]) -> Result<Format, AudioError> {
    let short = || AudioError::Damaged("WAV", "its format is too short");
    let encoding = match number16(chunk, 0).ok_or_else(short)? {
        EXTENSIBLE => number16(chunk, EXTENSION_AT).ok_or_else(short)?,
        encoding => encoding,
    };
    if !ENCODINGS.contains(&encoding) {
        return Err(AudioError::Encoding(encoding));
    }
    Ok(Format {
        channels: number16(chunk, 2).ok_or_else(short)?,
        hertz: number32(chunk, 4).ok_or_else(short)?,
        bytes_per_sec: number32(chunk, 8).ok_or_else(short)?,
    })
}

/// The chunks: name and content. The last one ends with the file, whatever its length says.
struct Chunks<'c>(&'c [u8]);

impl<'c> Iterator for Chunks<'c> {
    type Item = (&'c [u8], &'c [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.get(..4)?;
        let length = usize::try_from(number32(self.0, 4)?).ok()?;
        let rest = self.0.get(8..)?;
        let content = rest.get(..length).unwrap_or(rest);
        // Each chunk begins at an even offset.
        let next = length.checked_next_multiple_of(2)?;
        self.0 = rest.get(next..).unwrap_or_default();
        Some((name, content))
    }
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;

    use super::super::tests::{wav, wav_of};
    use super::*;

    #[test]
    fn length_follows_from_the_data() {
        let stereo = wav_of(1, 2, 16_000, 16, 3);
        let audio = read(&stereo).unwrap();
        assert_eq!(
            (audio.channels, audio.hertz, audio.length),
            (2, 16_000, Millis::from_secs(3))
        );
        // A header that promises more than the file has.
        let mut cut = wav(1, 8_000, 4);
        cut.truncate(44 + 16_000);
        assert_eq!(read(&cut).unwrap().length, Millis::from_secs(2));
    }

    #[test]
    fn damaged_files_say_what_is_wrong() {
        let whole = wav(1, 8_000, 1);
        let without_data = whole[..36].to_vec();
        let without_format = [&whole[..12], &whole[36..]].concat();
        for (file, expected) in [
            (without_data, "there is no sound in it"),
            (without_format, "there is no format before the data"),
            (whole[..44].to_vec(), "there is no sound in it"),
            (wav_of(2, 1, 8_000, 8, 1), "got format 2"),
        ] {
            let error = read(&file).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
