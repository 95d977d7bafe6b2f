//! The section `prompts`: the languages of the flows, each with its voice and texts.

use serde_json::json;
use shared::menu::{LANGUAGES_MAX, Language, Menu};

use crate::document::{Value, place};
use crate::reader::{Fields, Reader};

const KEYS: [&str; 3] = ["language", "voice", "texts"];

/// The menu of a file with `prompts` instead of `menu`: its languages, in the order of the file. The
/// other functions of a call, such as the greeting of a Worker, take their texts from it.
pub(crate) fn menu_of(reader: &mut Reader<'_>, file: &Fields<'_>) -> Option<Menu> {
    let section = file.get("prompts")?;
    let Value::Mapping(entries) = &section.value else {
        reader.unexpected(section, "prompts", "a mapping of languages");
        return None;
    };
    if entries.is_empty() || entries.len() > LANGUAGES_MAX {
        let message = format!(
            "prompts: expected 1 to {LANGUAGES_MAX} languages, got {}",
            entries.len()
        );
        reader.problem(place(section), message);
        return None;
    }
    let mut languages = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let fields = reader.mapping(&entry.value, "a language", &KEYS)?;
        let mut given = json!({"key": key_of(index), "selected_language": entry.key.value});
        for key in KEYS {
            if let Some(node) = fields.get(key) {
                given[key] = reader.json(node);
            }
        }
        let read =
            serde_json::from_value::<Language>(given).map_err(|error| format!("prompts: {error}"));
        languages.extend(reader.take(read, place(&entry.key)));
    }
    (languages.len() == entries.len()).then(|| Menu {
        languages,
        ..Menu::default()
    })
}

/// The key of a language in a menu. A flow has menus of its own, so any free key will do.
pub(crate) fn key_of(index: usize) -> char {
    const KEYS: [char; LANGUAGES_MAX] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*'];
    KEYS.get(index).copied().unwrap_or('*')
}
