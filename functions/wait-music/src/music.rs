//! The hold music: twenty seconds of soft broken chords, composed on the first request.
//!
//! The music is code, not a file: no license, no binary file in the repository, and a few
//! milliseconds of arithmetic that a Lambda without callers never spends. The format is the
//! telephone network's: 8 kHz, mono, G.711 µ-law.

use std::f64::consts::TAU;
use std::sync::LazyLock;

/// `Content-Type` of [`wav`].
pub const CONTENT_TYPE: &str = "audio/wav";

/// Length of the music in whole seconds.
pub const LENGTH_SECS: usize = CHORDS.len() * CHORD_SECS;

const SAMPLES_PER_SEC: usize = 8000;
const CHORD_SECS: usize = 5;
const NOTES_PER_CHORD: usize = 16;
const NOTE_SAMPLES: usize = CHORD_SECS * SAMPLES_PER_SEC / NOTES_PER_CHORD;

/// C major seventh, A minor seventh, F major seventh, G sixth, as semitones above middle C. The
/// notes lie between 260 and 790 Hz, where a telephone (300 to 3400 Hz) loses little of them.
const CHORDS: [[u8; 4]; 4] = [
    [0, 7, 11, 16],
    [9, 12, 16, 19],
    [5, 9, 12, 16],
    [7, 11, 14, 16],
];

/// Order of the notes of a chord: up and down.
const PATTERN: [usize; 6] = [0, 1, 2, 3, 2, 1];

/// Strengths of the fundamental and its overtones. Few weak overtones sound soft.
const PARTIALS: [f64; 3] = [1.0, 0.3, 0.08];

const MIDDLE_C_HERTZ: f64 = 261.625_565;
/// Attack of a note; a sudden start would click.
const ATTACK_SAMPLES: usize = SAMPLES_PER_SEC / 50;
/// Time in which a note decays to 1/e.
const DECAY_SAMPLES: f64 = 0.55 * SAMPLES_PER_SEC as f64;
/// Length of a note, at whose end 2 % of its strength is left.
const RING_SAMPLES: usize = 22 * SAMPLES_PER_SEC / 10;
/// Fade at the beginning and at the end of the music.
const FADE_SAMPLES: usize = SAMPLES_PER_SEC;
/// Amplitude of the loudest sample, of 1.0. The music has to be quieter than the announcements.
const PEAK: f64 = 0.35;

/// The music as a WAV file; always the same bytes.
pub fn wav() -> &'static [u8] {
    static WAV: LazyLock<Vec<u8>> = LazyLock::new(|| wav_file(&compose()));
    &WAV
}

/// The samples, from -[`PEAK`] to [`PEAK`].
fn compose() -> Vec<f64> {
    let mut samples = vec![0.0; LENGTH_SECS * SAMPLES_PER_SEC];
    for (chord_index, chord) in CHORDS.iter().enumerate() {
        for (note_index, step) in PATTERN.iter().cycle().take(NOTES_PER_CHORD).enumerate() {
            let start = (chord_index * NOTES_PER_CHORD + note_index) * NOTE_SAMPLES;
            let semitones = chord.get(*step).copied().unwrap_or_default();
            add_note(
                &mut samples,
                start,
                MIDDLE_C_HERTZ * (f64::from(semitones) / 12.0).exp2(),
            );
        }
    }
    let loudest = samples.iter().fold(f64::MIN_POSITIVE, |loudest, sample| {
        loudest.max(sample.abs())
    });
    let length = samples.len();
    for (index, sample) in samples.iter_mut().enumerate() {
        let from_end = index.min(length - 1 - index);
        let fade = (from_end as f64 / FADE_SAMPLES as f64).min(1.0);
        *sample *= PEAK / loudest * fade;
    }
    samples
}

fn add_note(samples: &mut [f64], start: usize, hertz: f64) {
    let decay = (-1.0 / DECAY_SAMPLES).exp();
    for (overtone, strength) in (1u8..).zip(PARTIALS) {
        let step = TAU * hertz * f64::from(overtone) / SAMPLES_PER_SEC as f64;
        // sin(n·step) from its two predecessors: one multiplication a sample instead of a sine.
        let factor = 2.0 * step.cos();
        let mut before = -step.sin();
        let mut sine = 0.0;
        let mut envelope = strength;
        for (age, sample) in samples
            .iter_mut()
            .skip(start)
            .take(RING_SAMPLES)
            .enumerate()
        {
            let attack = (age as f64 / ATTACK_SAMPLES as f64).min(1.0);
            *sample += sine * envelope * attack;
            envelope *= decay;
            (before, sine) = (sine, factor * sine - before);
        }
    }
}

/// A WAV file of format 7 (µ-law): header, number of samples, samples.
fn wav_file(samples: &[f64]) -> Vec<u8> {
    const MU_LAW: u16 = 7;
    const FORMAT_BYTES: u32 = 18;
    const HEADER_BYTES: u32 = 50;
    let rate = SAMPLES_PER_SEC as u32;
    let count = samples.len() as u32;

    let mut file = Vec::with_capacity(samples.len() + HEADER_BYTES as usize + 8);
    file.extend(b"RIFF");
    file.extend((HEADER_BYTES + count).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(FORMAT_BYTES.to_le_bytes());
    file.extend(MU_LAW.to_le_bytes());
    file.extend(1u16.to_le_bytes()); // channels
    file.extend(rate.to_le_bytes());
    file.extend(rate.to_le_bytes()); // bytes a second
    file.extend(1u16.to_le_bytes()); // bytes a sample
    file.extend(8u16.to_le_bytes()); // bits a sample
    file.extend(0u16.to_le_bytes()); // no further format fields
    file.extend(b"fact");
    file.extend(4u32.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(b"data");
    file.extend(count.to_le_bytes());
    file.extend(
        samples
            .iter()
            .map(|sample| mu_law((sample * f64::from(i16::MAX)) as i16)),
    );
    file
}

/// One sample in G.711 µ-law: sign, three bits of exponent, four of mantissa, all inverted.
fn mu_law(sample: i16) -> u8 {
    const BIAS: u16 = 0x84;
    const CLIP: u16 = 0x7fff - BIAS;
    let magnitude = sample.unsigned_abs().min(CLIP) + BIAS;
    // The bias sets at least bit 7; the clip keeps bit 15 clear.
    let exponent = 8u16.saturating_sub(magnitude.leading_zeros() as u16);
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wav_header_has_the_length() {
        let file = wav();
        assert_eq!((&file[..4], &file[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!(
            u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize,
            file.len() - 8
        );
        let data = LENGTH_SECS * SAMPLES_PER_SEC;
        assert_eq!(
            u32::from_le_bytes(file[54..58].try_into().unwrap()) as usize,
            data
        );
        assert_eq!(file.len(), 58 + data);
        assert_eq!(LENGTH_SECS, 20);
    }

    #[test]
    fn music_fades_and_never_pauses() {
        let samples = compose();
        let loudest = |part: &[f64]| {
            part.iter()
                .fold(0.0_f64, |loudest, sample| loudest.max(sample.abs()))
        };
        assert!(loudest(&samples) <= PEAK && loudest(&samples) > PEAK / 2.0);
        assert!(loudest(&samples[..80]) < 0.01 && loudest(&samples[samples.len() - 80..]) < 0.01);
        for half_second in
            samples[FADE_SAMPLES..samples.len() - FADE_SAMPLES].chunks(SAMPLES_PER_SEC / 2)
        {
            assert!(loudest(half_second) > 0.05);
        }
        let steepest = samples.windows(2).fold(0.0_f64, |steepest, pair| {
            steepest.max((pair[1] - pair[0]).abs())
        });
        assert!(steepest < PEAK, "a jump of {steepest} clicks");
    }

    #[test]
    fn samples_are_encoded_as_mu_law() {
        for (sample, code) in [
            (0, 0xff),
            (8, 0xfe),
            (-8, 0x7e),
            (1000, 0xce),
            (-1000, 0x4e),
            (i16::MAX, 0x80),
            (i16::MIN, 0),
        ] {
            assert_eq!(mu_law(sample), code, "{sample}");
        }
    }
}
