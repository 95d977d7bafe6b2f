//! The stories that are to be played: the files, the filter, and the configuration of each story.

use std::path::{Path, PathBuf};

use stories::{Story, with_sections};

use crate::start::{BUILT_IN, DEFAULT_FILE, Failure};

/// The end of the name of a file of stories, in a folder.
const EXTENSION: &str = "story";

/// Folders within folders that are searched.
const DEPTH_MAX: usize = 8;

/// The most stories of one run.
const STORIES_MAX: usize = 100_000;

/// The stories of a run.
#[derive(Debug)]
pub struct Plan {
    /// The files, in the order of their names.
    pub files: Vec<StoryFile>,
    /// The stories that are played, in the order of the files.
    pub stories: Vec<Planned>,
    /// The configurations, each once.
    pub configurations: Vec<Configuration>,
}

/// A file of stories.
#[derive(Debug)]
pub struct StoryFile {
    /// Its path, as it was named.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A story of the run.
#[derive(Debug)]
pub struct Planned {
    /// The index of its file.
    pub file: usize,
    /// The index of its configuration.
    pub configuration: usize,
    /// The story.
    pub story: Story,
}

/// The configuration of stories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The file; `None`: the built-in example.
    pub file: Option<PathBuf>,
    /// Its text, with the sections of the story.
    pub text: String,
}

impl Planned {
    /// The name of the story in results: its heading, or the name of a file with one story.
    pub fn name<'p>(&'p self, plan: &'p Plan) -> &'p str {
        if self.story.heading.is_empty() {
            &plan.files[self.file].name
        } else {
            &self.story.heading
        }
    }
}

impl Configuration {
    /// The name of the file in messages.
    pub fn source(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => "the built-in example".to_owned(),
        }
    }

    /// The folder of the files that the configuration names.
    pub fn folder(&self) -> &Path {
        let folder = self.file.as_deref().and_then(Path::parent);
        folder.unwrap_or(Path::new(""))
    }
}

impl Plan {
    /// Reads the files of stories below these paths. `config` is the configuration of stories that
    /// name none.
    ///
    /// # Errors
    /// A path does not exist, a file has mistakes, or no story is left.
    pub fn read(
        paths: &[PathBuf],
        name: Option<&str>,
        config: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut plan = Self {
            files: Vec::new(),
            stories: Vec::new(),
            configurations: Vec::new(),
        };
        let mut problems = Vec::new();
        for path in files(paths)? {
            if let Err(problem) = plan.add(&path, name, config) {
                problems.push(problem.to_string());
            }
        }
        if !problems.is_empty() {
            return Err(problems.join("\n").into());
        }
        if plan.stories.is_empty() {
            let paths: Vec<_> = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let filter = name.map_or(String::new(), |name| {
                format!(" whose name contains {name:?}")
            });
            let paths = paths.join(", ");
            return Err(format!("{paths}: there is no story{filter}").into());
        }
        Ok(plan)
    }

    fn add(
        &mut self,
        path: &Path,
        name: Option<&str>,
        config: Option<&Path>,
    ) -> Result<(), Failure> {
        let file_name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("{file_name}: {error}"))?;
        let stories = stories::read(&text).map_err(|problems| {
            let shown = problems.iter();
            let shown: Vec<_> = shown
                .map(|problem| problem.render(&file_name, &text))
                .collect();
            shown.join("\n")
        })?;
        let file = self.files.len();
        for story in stories {
            let is_wanted =
                name.is_none_or(|name| story.heading.contains(name) || file_name.contains(name));
            if !is_wanted {
                continue;
            }
            if self.stories.len() >= STORIES_MAX {
                return Err(format!("expected at most {STORIES_MAX} stories").into());
            }
            let configuration = configuration(path, &story, config)?;
            let configuration = self.index_of(configuration);
            self.stories.push(Planned {
                file,
                configuration,
                story,
            });
        }
        self.files.push(StoryFile {
            name: file_name,
            text,
        });
        Ok(())
    }

    fn index_of(&mut self, configuration: Configuration) -> usize {
        let known = self.configurations.iter();
        let found = known.rev().position(|known| *known == configuration);
        if let Some(found) = found {
            return self.configurations.len() - 1 - found;
        }
        self.configurations.push(configuration);
        self.configurations.len() - 1
    }
}

/// The configuration of a story: the file that it names, or `config`, or the nearest
/// `contact-centre.yaml` in its folder and those above, or the built-in example.
fn configuration(
    path: &Path,
    story: &Story,
    config: Option<&Path>,
) -> Result<Configuration, Failure> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = match (&story.configuration.file, config) {
        (Some(named), _) => Some(folder.join(named)),
        (None, Some(config)) => Some(config.to_owned()),
        (None, None) => nearest(folder),
    };
    let text = match &file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            let (story_file, file) = (path.display(), file.display());
            format!("{story_file}:{}: {file}: {error}", story.line)
        })?,
        None => BUILT_IN.to_owned(),
    };
    let text = match &story.configuration.sections {
        Some(sections) => with_sections(&text, sections)
            .map_err(|error| format!("{}:{}: set-up: {error}", path.display(), story.line))?,
        None => text,
    };
    Ok(Configuration { file, text })
}

fn nearest(folder: &Path) -> Option<PathBuf> {
    // The folders above the current one have no name in a relative path.
    let absolute = std::path::absolute(folder).ok()?;
    let found = absolute
        .ancestors()
        .map(|folder| folder.join(DEFAULT_FILE))
        .find(|file| file.is_file())?;
    let current = std::env::current_dir().ok()?;
    let short = found.strip_prefix(&current).map(Path::to_owned);
    Some(short.unwrap_or(found))
}

/// The files that paths name, and the files of stories below folders, sorted and each once.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            search(path, 0, &mut found)?;
        } else if path.exists() {
            found.push(path.clone());
        } else {
            return Err(format!("{}: there is no such file or folder", path.display()).into());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            search(&path, depth + 1, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == EXTENSION)
        {
            found.push(path);
        }
    }
    Ok(())
}
