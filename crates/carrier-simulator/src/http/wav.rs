//! The sound of recordings: a murmur while a person speaks, then silence. WAV, as the carrier's
//! recordings are: 16 bits, 8 kHz.

use ids::time::Millis;

/// Samples a second.
const SAMPLE_RATE: u32 = 8_000;
/// Bytes of a sample.
const SAMPLE_BYTES: u32 = 2;
/// Longest sound that is made: a minute is enough to hear what a recording is.
const LENGTH_MAX: Millis = Millis::from_secs(60);
/// Bytes before the sound: the RIFF header, the `fmt ` chunk, and the header of the `data` chunk.
const HEADER_BYTES: u32 = 44;
/// Bytes of a chunk's header (name and size), which the size does not count. The whole file is one
/// RIFF chunk.
const CHUNK_HEADER_BYTES: u32 = 8;
/// Samples of one oscillation of the murmur: 160 Hz.
const OSCILLATION: u32 = 50;
/// Samples of one syllable of the murmur: four a second.
const SYLLABLE: u32 = 2_000;

/// A WAV file of this length, at most a minute, in which a person speaks until `spoken`.
pub(super) fn recorded(length: Millis, spoken: Millis, channels: u8) -> Vec<u8> {
    let channels = u32::from(channels.max(1));
    let samples = samples(length);
    let spoken = samples.min(self::samples(spoken));
    let data_bytes = samples * channels * SAMPLE_BYTES;
    let mut wav = header(data_bytes, channels);
    for number in 0..samples {
        let sample = if number < spoken { murmur(number) } else { 0 };
        for _ in 0..channels {
            wav.extend(sample.to_le_bytes());
        }
    }
    wav
}

fn samples(length: Millis) -> u32 {
    let millis = u32::try_from(length.min(LENGTH_MAX).as_millis()).unwrap_or(u32::MAX);
    millis.saturating_mul(SAMPLE_RATE / 1_000)
}

fn header(data_bytes: u32, channels: u32) -> Vec<u8> {
    let file_bytes = HEADER_BYTES + data_bytes;
    let frame_bytes = channels * SAMPLE_BYTES;
    let mut wav = Vec::with_capacity(file_bytes as usize);
    wav.extend(b"RIFF");
    wav.extend((file_bytes - CHUNK_HEADER_BYTES).to_le_bytes());
    // Format 1 is PCM.
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend(&channels.to_le_bytes()[..2]);
    wav.extend(SAMPLE_RATE.to_le_bytes());
    wav.extend((SAMPLE_RATE * frame_bytes).to_le_bytes());
    wav.extend(&frame_bytes.to_le_bytes()[..2]);
    wav.extend(b"\x10\0data");
    wav.extend(data_bytes.to_le_bytes());
    wav
}

/// A low tone whose loudness rises and falls with each syllable.
fn murmur(number: u32) -> i16 {
    let wave = triangle(number, OSCILLATION) * 2 - to_i32(OSCILLATION / 2);
    let loudness = triangle(number, SYLLABLE);
    i16::try_from(wave * loudness / 8).unwrap_or_default()
}

/// Rises from 0 to half of `period`, and falls again.
fn triangle(number: u32, period: u32) -> i32 {
    let at = number % period;
    to_i32(at.min(period - at))
}

fn to_i32(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_followed_by_silence() {
        let wav = recorded(Millis::from_secs(2), Millis::from_secs(1), 1);
        assert_eq!(wav.len(), 44 + 2 * 16_000);
        assert_eq!(&wav[..4], b"RIFF");
        let (spoken, silent) = wav[44..].split_at(16_000);
        assert!(spoken.iter().any(|byte| *byte != 0));
        assert!(silent.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn dual_channels_double_the_file() {
        let second = Millis::from_secs(1);
        let wav = recorded(second, second, 2);
        assert_eq!((wav.len(), wav[22], wav[32]), (44 + 2 * 16_000, 2, 4));
    }

    #[test]
    fn long_recording_is_cut() {
        let hour = Millis::from_secs(3_600);
        assert_eq!(recorded(hour, hour, 1).len(), 44 + 60 * 16_000);
    }
}
