//! Audio files that prompts name: files beside the configuration become files of our server, named
//! by their content.

use std::collections::{BTreeMap, BTreeSet};

use ids::time::Millis;
use shared::webhook::path;
use voice_flows::{NoSoundName, Sound, SoundName, Text};

use super::compiler::Compiler;
use crate::audio;
use crate::document::{Node, Value, place};
use crate::files;

/// The most audio files of a configuration. A caller of one flow hears few of them.
const FILES_MAX: usize = 200;

/// The most bytes of all audio files together: the memory of a process that applies them.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// The audio files that were read.
#[derive(Default)]
pub(super) struct Sounds {
    /// The URL and the length by the name in the file; `None` after a problem.
    by_file: BTreeMap<String, Option<Placed>>,
    /// The files themselves.
    files: BTreeMap<SoundName, Sound>,
    /// Files that this server has, named by their path: an exported file has such paths.
    stored: BTreeSet<SoundName>,
}

/// An audio file under its URL.
#[derive(Clone)]
struct Placed {
    url: String,
    length: Millis,
}

impl Sounds {
    /// The length of the longest of these files; `None` if one of them is on another server.
    pub fn longest(&self, urls: &Text) -> Option<Millis> {
        let placed = || self.by_file.values().flatten();
        let lengths = urls.0.values().map(|url| {
            let found = placed().find(|placed| placed.url == *url);
            found.map(|placed| placed.length)
        });
        lengths.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// The names of all files, and the files that are beside the configuration.
    pub fn into_names_and_files(self) -> (BTreeSet<SoundName>, Vec<Sound>) {
        let mut names = self.stored;
        names.extend(self.files.keys().cloned());
        (names, self.files.into_values().collect())
    }

    fn bytes(&self) -> usize {
        self.files.values().map(|sound| sound.content.len()).sum()
    }
}

impl Compiler<'_, '_> {
    /// The URL of an audio file, in one or several languages: an https URL, a path of this server, or
    /// a file beside the configuration.
    pub fn sound(&mut self, node: &Node, key: &str) -> Option<Text> {
        let mut text = self.text(node, key)?;
        for (language, url) in &mut text.0 {
            let stored = url.strip_prefix(path::SOUNDS);
            if let Some(name) = stored.and_then(|name| name.strip_prefix('/')) {
                let name =
                    SoundName::parse(name).ok_or_else(|| format!("{key}: {url}: {NoSoundName}"));
                let name = self.reader.take(name, place(in_language(node, language)))?;
                self.sounds.stored.insert(name);
            } else if !url.starts_with("https://") && !url.starts_with('/') {
                let node = in_language(node, language);
                *url = self.file(node, url, key)?;
            }
        }
        Some(text)
    }

    /// The URL of a file beside the configuration.
    fn file(&mut self, node: &Node, name: &str, key: &str) -> Option<String> {
        if let Some(known) = self.sounds.by_file.get(name) {
            return known.as_ref().map(|placed| placed.url.clone());
        }
        let placed = self.read_file(node, name, key);
        self.sounds.by_file.insert(name.to_owned(), placed.clone());
        placed.map(|placed| placed.url)
    }

    fn read_file(&mut self, node: &Node, name: &str, key: &str) -> Option<Placed> {
        if !files::is_beside(name) || name.contains("://") {
            let expected = "a WAV or MP3 file beside the configuration such as music.mp3, \
                            or an https URL";
            self.reader.unexpected(node, key, expected);
            return None;
        }
        let content = files::read_bytes(name, key, self.parts.files);
        let content = self.reader.take(content, place(node))?;
        let audio = audio::inspect(&content).map_err(|error| format!("{key}: {name}: {error}"));
        let audio = self.reader.take(audio, place(node))?;
        let sound = Sound::new(audio.format, content);
        let url = sound.name.path();
        self.sounds.files.insert(sound.name.clone(), sound);
        if self.sounds.files.len() > FILES_MAX || self.sounds.bytes() > BYTES_MAX {
            let message = format!(
                "{key}: expected at most {FILES_MAX} audio files with {BYTES_MAX} bytes together"
            );
            self.reader.problem(place(node), message);
            return None;
        }
        Some(Placed {
            url,
            length: audio.length,
        })
    }
}

/// The value of a language in a mapping of languages, or a value for all languages.
fn in_language<'n>(node: &'n Node, language: &str) -> &'n Node {
    let Value::Mapping(entries) = &node.value else {
        return node;
    };
    let entry = entries.iter().find(|entry| entry.key.value == language);
    entry.map_or(node, |entry| &entry.value)
}
