//! The project's own files, as data.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One folder under `functions/`.
#[derive(Debug, Clone, Default)]
pub struct Function {
    /// All of its Rust code, tests included.
    pub code: String,
}

/// One file under `events/`, `<function>.<situation>.json`.
#[derive(Debug, Clone)]
pub struct Event {
    /// File name without `.json`.
    pub name: String,
    /// The event's payload; the parser's message where the file is no JSON.
    pub payload: Result<Value, String>,
}

impl Event {
    /// The folder name the event is for: `enqueue-call` of `enqueue-call.digit-one`.
    pub fn function(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }
}

/// The workspace's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// A file of the project as text, named by its path from the root.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The content of a file that a configuration of a test names: the example of voice flows is the one
/// that has any.
///
/// # Errors
/// The file cannot be read.
pub fn file_beside(name: &str) -> Result<Vec<u8>, String> {
    let file = root().join("examples/utility").join(name);
    fs::read(file).map_err(|error| error.to_string())
}

/// All Rust code in a folder of the project, named by its path from the root.
pub fn rust_code(folder: &str) -> String {
    code_below(&root().join(folder))
}

/// Every folder under `functions/`, by name.
pub fn functions() -> BTreeMap<String, Function> {
    entries(&root().join("functions"))
        .filter(|path| path.is_dir())
        .map(|path| {
            (
                name_of(&path),
                Function {
                    code: code_below(&path),
                },
            )
        })
        .collect()
}

/// Every file under `events/`, by name.
pub fn events() -> Vec<Event> {
    let mut events: Vec<Event> = entries(&root().join("events"))
        .map(|path| Event {
            name: name_of(&path).trim_end_matches(".json").to_owned(),
            payload: fs::read_to_string(&path)
                .map_err(|error| error.to_string())
                .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())),
        })
        .collect();
    events.sort_by(|one, other| one.name.cmp(&other.name));
    events
}

fn code_below(folder: &Path) -> String {
    let mut code = String::new();
    for path in entries(folder) {
        if path.is_dir() {
            code += &code_below(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code += &fs::read_to_string(&path).unwrap();
        }
    }
    code
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
