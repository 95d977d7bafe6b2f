//! MP3: a sequence of frames, each with its own header, perhaps between tags.

use voice_flows::SoundFormat;

use super::{Audio, AudioError, length_of};

/// Bytes of the header of an ID3v2 tag.
const TAG_HEADER_BYTES: usize = 10;

/// The flag of an ID3v2 tag with a footer, which is as long as the header.
const TAG_FOOTER_FLAG: u8 = 0x10;

/// Bytes of the header of a frame.
const HEADER_BYTES: usize = 4;

/// Bit rates of MPEG 1 Layer III by index, in kbit/s. 0: "free", which carriers do not play.
const KBITS_MPEG1: [u32; 15] = [
    0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];

/// Bit rates of MPEG 2 and 2.5 Layer III by index, in kbit/s.
const KBITS_MPEG2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Sample rates of MPEG 1 by index, in hertz; MPEG 2 has half of them, and MPEG 2.5 a quarter.
const HERTZ_MPEG1: [u32; 3] = [44_100, 48_000, 32_000];

/// A frame.
struct Frame {
    channels: u16,
    hertz: u32,
    samples: u32,
    bytes: usize,
}

pub(super) fn is_mp3(content: &[u8]) -> bool {
    content.starts_with(b"ID3") || frame(content).is_some()
}

/// Reads every frame, because the length of a file with a variable bit rate follows from their
/// number. What follows the last frame, such as a tag, is ignored.
pub(super) fn read(content: &[u8]) -> Result<Audio, AudioError> {
    let mut rest = content.get(tag_bytes(content)..).unwrap_or_default();
    let first = frame(rest).ok_or(AudioError::Damaged("MP3", "there is no sound in it"))?;
    let mut samples = 0_u64;
    while let Some(frame) = frame(rest) {
        samples += u64::from(frame.samples);
        rest = rest.get(frame.bytes..).unwrap_or_default();
    }
    Ok(Audio {
        format: SoundFormat::Mp3,
        channels: first.channels,
        hertz: first.hertz,
        length: length_of(samples, first.hertz.into()).unwrap_or_default(),
    })
}

/// Bytes of the ID3v2 tag at the beginning of a file. Its length has seven bits a byte.
fn tag_bytes(content: &[u8]) -> usize {
    let Some(&[b'I', b'D', b'3', _, _, flags, a, b, c, d]) = content.get(..TAG_HEADER_BYTES) else {
        return 0;
    };
    let length = [a, b, c, d].into_iter().fold(0_usize, |length, byte| {
        (length << 7) | usize::from(byte & 0x7f)
    });
    let footer = if flags & TAG_FOOTER_FLAG == 0 {
        0
    } else {
        TAG_HEADER_BYTES
    };
    TAG_HEADER_BYTES + length + footer
}

/// The frame at the beginning of `bytes`.
fn frame(bytes: &[u8]) -> Option<Frame> {
    let &[sync, kind, rates, mode] = bytes.get(..HEADER_BYTES)? else {
        return None;
    };
    let is_layer_3 = kind & 0b0000_0110 == 0b0000_0010;
    if sync != 0xff || kind & 0b1110_0000 != 0b1110_0000 || !is_layer_3 {
        return None;
    }
    let kbits = usize::from(rates >> 4);
    let hertz = *HERTZ_MPEG1.get(usize::from((rates >> 2) & 0b11))?;
    let (kbits, hertz, samples) = match (kind >> 3) & 0b11 {
        0b11 => (*KBITS_MPEG1.get(kbits)?, hertz, 1_152),
        0b10 => (*KBITS_MPEG2.get(kbits)?, hertz / 2, 576),
        0b00 => (*KBITS_MPEG2.get(kbits)?, hertz / 4, 576),
        _reserved => return None,
    };
    if kbits == 0 {
        return None;
    }
    let padding = u32::from((rates >> 1) & 1);
    let bytes = samples / 8 * kbits * 1_000 / hertz + padding;
    Some(Frame {
        channels: if mode >> 6 == 0b11 { 1 } else { 2 },
        hertz,
        samples,
        bytes: usize::try_from(bytes).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;

    use super::*;

    /// `count` frames of MPEG 2 Layer III, 32 kbit/s, 24 kHz, mono: 96 bytes and 24 ms each.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0xff, 0xf3, 0x44, 0xc0];
        frame.resize(96, 0);
        frame.repeat(count)
    }

    #[test]
    fn length_is_the_sum_of_the_frames() {
        let audio = read(&frames(125)).unwrap();
        assert_eq!((audio.channels, audio.hertz), (1, 24_000));
        assert_eq!(audio.length, Millis::from_secs(3));
    }

    #[test]
    fn tags_around_the_frames_are_skipped() {
        let mut file = b"ID3\x04\0\0\0\0\x01\x00".to_vec();
        file.extend([0; 128]);
        file.extend(frames(125));
        file.extend(b"TAG");
        file.extend([0; 125]);
        assert!(is_mp3(&file));
        assert_eq!(read(&file).unwrap().length, Millis::from_secs(3));
    }

    #[test]
    fn frames_of_every_version_are_known() {
        for (header, expected) in [
            ([0xff, 0xfb, 0x90, 0x00], Some((2, 44_100, 417))),
            ([0xff, 0xfb, 0x92, 0xc0], Some((1, 44_100, 418))),
            ([0xff, 0xe3, 0x18, 0xc0], Some((1, 8_000, 72))),
            ([0xff, 0xfb, 0x00, 0x00], None),
            ([0xff, 0xfd, 0x90, 0x00], None),
            ([0xff, 0xfb, 0xf0, 0x00], None),
            ([0xff, 0xeb, 0x90, 0x00], None),
        ] {
            let found = frame(&header).map(|frame| (frame.channels, frame.hertz, frame.bytes));
            assert_eq!(found, expected, "{header:x?}");
        }
    }

    #[test]
    fn tag_without_frames_is_damaged() {
        let error = read(b"ID3\x04\0\0\0\0\0\0").unwrap_err();
        assert!(error.to_string().contains("there is no sound in it"));
    }
}
