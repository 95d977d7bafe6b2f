//! The built-in languages: one file each in `shared/prompts`, read when it is needed.
//!
//! To add a language, add its file and its code to [`files!`]; the tests below check it.

use serde::Deserialize;

use super::texts::{GivenTexts, TextError, Texts};

/// Lists the language files by their names, which are the codes of the languages.
macro_rules! files {
    ($($code:literal),* $(,)?) => {
        const FILES: &[(&str, &str)] =
            &[$(($code, include_str!(concat!("../../prompts/", $code, ".json")))),*];

        /// The codes of the built-in languages, for messages.
        pub(super) const CODES: &str = join!($($code),*);
    };
}

/// `en, hi` of `"en", "hi"`.
macro_rules! join {
    ($first:literal $(, $code:literal)*) => { concat!($first $(, ", ", $code)*) };
}

files!["de", "en", "es", "fr", "hi", "it", "ja", "nl", "pl", "pt"];

/// A built-in language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BuiltIn {
    /// `<Say language>`.
    pub language: String,
    /// `<Say voice>`.
    pub voice: String,
    /// All sentences.
    pub texts: Texts,
}

/// A language file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    language: String,
    voice: String,
    texts: GivenTexts,
}

/// An invalid language file.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("the language file needs {missing}")]
    Incomplete {
        /// Names of all missing texts.
        missing: String,
    },
    #[error(transparent)]
    Text(#[from] TextError),
}

/// The built-in language of a name: that of `en` for `en-GB`, too.
pub(super) fn find(selected_language: &str) -> Option<BuiltIn> {
    let main = selected_language.split(['-', '_']).next()?;
    let is_file = |(code, _): &&(&str, &str)| code.eq_ignore_ascii_case(main);
    let (_, file) = FILES.iter().find(is_file)?;
    // The tests read every file.
    read(file).ok()
}

fn read(file: &str) -> Result<BuiltIn, FileError> {
    let given: Given = serde_json::from_str(file)?;
    let missing = given.texts.missing().join(", ");
    let Some(texts) = given.texts.or(None) else {
        return Err(FileError::Incomplete { missing });
    };
    texts.check()?;
    Ok(BuiltIn {
        language: given.language,
        voice: given.voice,
        texts,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::{Value, json};

    use super::*;
    use crate::menu::{Language, Menu};

    /// Maximum length of a built-in text, in characters: some ten seconds of speech.
    const BUILT_IN_CHARS_MAX: usize = 140;

    fn built_in() -> impl Iterator<Item = (&'static str, BuiltIn)> {
        FILES.iter().map(|(code, file)| {
            let language = read(file).unwrap_or_else(|error| panic!("{code}: {error}"));
            (*code, language)
        })
    }

    /// The texts of a language by name.
    fn texts_of(language: &BuiltIn) -> BTreeMap<String, String> {
        serde_json::from_value(serde_json::to_value(&language.texts).unwrap()).unwrap()
    }

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts")).unwrap();
        let mut files: Vec<String> = folder
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort_unstable();
        let listed: Vec<String> = FILES
            .iter()
            .map(|(code, _)| format!("{code}.json"))
            .collect();
        assert_eq!(files, listed);
        assert_eq!(listed.len(), 10);
        assert_eq!(CODES, "de, en, es, fr, hi, it, ja, nl, pl, pt");
    }

    #[test]
    fn every_language_is_complete() {
        for (code, language) in built_in() {
            assert!(language.language.starts_with(&format!("{code}-")), "{code}");
            assert!(language.voice.starts_with("Polly."), "{code}");
            for (name, text) in texts_of(&language) {
                let chars = text.chars().count();
                assert!(
                    (1..=BUILT_IN_CHARS_MAX).contains(&chars),
                    "{code} {name}: {chars}"
                );
                assert!(
                    text.ends_with(['.', '。', '।']),
                    "{code} {name} is a sentence"
                );
                assert_eq!(text.trim(), text, "{code} {name}");
                let placeholder = match name.as_str() {
                    "prompt" => "{key}",
                    "position" => "{position}",
                    "expected_wait" => "{minutes}",
                    _without => "",
                };
                assert!(
                    text.contains(placeholder),
                    "{code} {name} needs {placeholder}"
                );
            }
        }
    }

    /// An equal text is a copy that was not translated.
    #[test]
    fn no_text_or_voice_is_used_twice() {
        let (mut texts, mut voices) = (BTreeSet::new(), BTreeSet::new());
        for (code, language) in built_in() {
            assert!(
                voices.insert(language.voice.clone()),
                "{code}: {}",
                language.voice
            );
            for (name, text) in texts_of(&language) {
                assert!(texts.insert(text), "{code} {name}");
            }
        }
    }

    #[test]
    fn menu_can_have_every_language() {
        let languages: Vec<Value> = FILES
            .iter()
            .enumerate()
            .map(|(key, (code, _))| json!({"key": key, "selected_language": code}))
            .collect();
        let menu: Menu = serde_json::from_value(json!({ "languages": languages })).unwrap();
        for ((code, expected), language) in built_in().zip(menu.languages) {
            assert_eq!(language.selected_language, code);
            assert_eq!(language.language, expected.language);
            assert_eq!(language.voice, Some(expected.voice));
            assert_eq!(language.texts, expected.texts);
        }
    }

    #[test]
    fn variant_of_a_language_is_found() {
        let german = find("de");
        assert!(german.is_some());
        assert_eq!(find("de-AT"), german);
        assert_eq!(find("DE_ch"), german);
        assert_eq!(find("deu"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn file_with_missing_texts_names_them_all() {
        let read = |texts: Value| {
            let file = json!({"language": "sv-SE", "voice": "Polly.Astrid", "texts": texts});
            read(&file.to_string()).unwrap_err().to_string()
        };
        let mut texts = serde_json::to_value(find("en").unwrap().texts).unwrap();
        texts["apology"] = json!(null);
        texts.as_object_mut().unwrap().remove("goodbye");
        assert_eq!(
            read(texts),
            "the language file needs texts.apology, texts.goodbye"
        );
        let mut texts = serde_json::to_value(find("en").unwrap().texts).unwrap();
        texts["position"] = json!("Number {place}.");
        assert!(read(texts.clone()).starts_with("texts.position: unknown placeholder {place}"));
        texts["greeting"] = json!("Hello.");
        assert!(read(texts).starts_with("unknown field `greeting`"));
    }

    #[test]
    fn language_of_a_menu_is_built_in() {
        let language: Language =
            serde_json::from_value(json!({"key": 4, "selected_language": "nl-BE"})).unwrap();
        assert_eq!(language.language, "nl-NL");
        assert_eq!(language.texts.goodbye, find("nl").unwrap().texts.goodbye);
    }
}
