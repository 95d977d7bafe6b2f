//! Audio files beside the configuration. Their names are digests of their content, so a URL never
//! changes its content, and the carrier may cache it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::webhook::path;

/// Hexadecimal digits of a digest: 128 bits cannot be guessed, and tell any two files apart.
const DIGITS: usize = 32;

/// The format of an audio file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SoundFormat {
    /// WAV.
    Wav,
    /// MP3.
    Mp3,
}

/// The name of an audio file: a digest of its content, and its format.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SoundName {
    digest: String,
    format: SoundFormat,
}

/// A text that is no [`SoundName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {DIGITS} hexadecimal digits and .wav or .mp3")]
pub struct NoSoundName;

/// An audio file.
#[derive(Clone, PartialEq, Eq)]
pub struct Sound {
    /// Its name.
    pub name: SoundName,
    /// Its bytes.
    pub content: Arc<[u8]>,
}

impl SoundFormat {
    const ALL: [Self; 2] = [Self::Wav, Self::Mp3];

    /// `Content-Type` of a file.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
        }
    }
}

impl SoundName {
    /// The name in the last part of a URL; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (digest, extension) = text.split_once('.')?;
        let mut formats = SoundFormat::ALL.into_iter();
        let format = formats.find(|format| format.extension() == extension)?;
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = digest.len() == DIGITS && digest.bytes().all(is_digit);
        is_digest.then(|| Self {
            digest: digest.to_owned(),
            format,
        })
    }

    /// The format of the file.
    pub fn format(&self) -> SoundFormat {
        self.format
    }

    /// The path of the file on our server.
    pub fn path(&self) -> String {
        format!("{}/{self}", path::SOUNDS)
    }
}

impl fmt::Display for SoundName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.digest, self.format.extension())
    }
}

impl TryFrom<String> for SoundName {
    type Error = NoSoundName;

    fn try_from(text: String) -> Result<Self, NoSoundName> {
        Self::parse(&text).ok_or(NoSoundName)
    }
}

impl From<SoundName> for String {
    fn from(name: SoundName) -> Self {
        name.to_string()
    }
}

impl Sound {
    /// A file of this format, named by its content.
    pub fn new(format: SoundFormat, content: Vec<u8>) -> Self {
        let digest = Sha256::digest(&content);
        let bytes = digest.iter().take(DIGITS / 2);
        let name = SoundName {
            digest: bytes.map(|byte| format!("{byte:02x}")).collect(),
            format,
        };
        Self {
            name,
            content: content.into(),
        }
    }
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sound({}, {} bytes)", self.name, self.content.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_follows_from_the_content() {
        let sound = Sound::new(SoundFormat::Mp3, b"one".to_vec());
        assert_eq!(
            SoundName::parse(&sound.name.to_string()),
            Some(sound.name.clone())
        );
        assert_eq!(sound.name.path(), format!("/sounds/{}", sound.name));
        assert_eq!(sound.name.format().content_type(), "audio/mpeg");
        let other = Sound::new(SoundFormat::Mp3, b"two".to_vec());
        assert_ne!(sound.name, other.name);
    }

    #[test]
    fn other_names_are_none() {
        let digest = "0".repeat(DIGITS);
        for name in [
            "",
            "music.wav",
            &digest,
            &format!("{digest}.ogg"),
            &format!("{}.wav", "G".repeat(DIGITS)),
            &format!("{digest}/../x.wav"),
        ] {
            assert_eq!(SoundName::parse(name), None, "{name}");
        }
    }
}
