//! A file of stories: headings, set-ups, moments.

use jiff::tz::TimeZone;

use crate::expectation::Placed;
use crate::problem::{Place, Problem};
use crate::step::Step;
use crate::when::When;
use crate::words::Part;

/// Largest file, bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// The most stories of a file.
pub const STORIES_MAX: usize = 2_000;

/// The most mistakes that are told at once.
const PROBLEMS_MAX: usize = 50;

/// One story of a file.
#[derive(Debug, Clone)]
pub struct Story {
    /// The text after `==`; empty in a file without headings.
    pub heading: String,
    /// Its first line, from 1.
    pub line: usize,
    /// Its configuration.
    pub configuration: Configuration,
    /// The customer's documents, by path. With documents, the number belongs to the customer's
    /// server.
    pub documents: Option<Vec<(String, String)>>,
    /// The time zone of weekdays and dates.
    pub zone: TimeZone,
    /// The lines in order.
    pub moments: Vec<Moment>,
}

/// The configuration of a story.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// The file, as the story names it; `None`: that of the stories' folder.
    pub file: Option<String>,
    /// Sections in place of those of the file.
    pub sections: Option<String>,
}

/// One line of a story, and the indented lines below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The place of the whole line.
    pub place: Place,
    /// When it happens.
    pub when: When,
    /// What happens.
    pub step: Step,
    /// The place of the step.
    pub step_place: Place,
    /// What is expected then.
    pub expectations: Vec<Placed>,
    /// The text indented below the line, one indentation less.
    pub below: String,
}

impl Story {
    /// Whether the process of the centre ends during the story, so that its calls need a journal.
    pub fn has_restart(&self) -> bool {
        let mut steps = self.moments.iter().map(|moment| &moment.step);
        steps.any(|step| *step == Step::Restart)
    }
}

/// Reads a file of stories.
///
/// # Errors
/// All mistakes, in the order of the file.
pub fn read(text: &str) -> Result<Vec<Story>, Vec<Problem>> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!(
            "expected at most {FILE_BYTES_MAX} bytes, got {}",
            text.len()
        );
        return Err(vec![Problem::new(start(), message)]);
    }
    let mut reader = Reader::default();
    for line in lines_with_below(text) {
        reader.line(&line);
    }
    reader.finish()
}

/// A line with content, and the text that is indented below it.
struct Line<'t> {
    content: Part<'t>,
    below: String,
}

/// The lines with content. `#` begins a comment at the start of a line or after a blank, but not in
/// indented text, which has a syntax of its own.
fn lines_with_below(text: &str) -> Vec<Line<'_>> {
    let mut found: Vec<Line<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let (Some(indented), Some(above)) = (line.strip_prefix("  "), found.last_mut()) {
            above.below.push_str(indented);
            above.below.push('\n');
            continue;
        }
        let whole = Part {
            text: line,
            line: index + 1,
            column: 1,
        };
        let content = whole.split_once(" #").map_or(whole, |(before, _)| before);
        let content = content.trimmed();
        if !content.text.is_empty() && !content.text.starts_with('#') {
            let below = String::new();
            found.push(Line { content, below });
        }
    }
    found
}

/// What the lines before a story's first moment say.
#[derive(Debug, Clone)]
struct Settings {
    configuration: Configuration,
    documents: Option<Vec<(String, String)>>,
    zone: TimeZone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            configuration: Configuration::default(),
            documents: None,
            zone: TimeZone::UTC,
        }
    }
}

#[derive(Default)]
struct Reader {
    /// Of the lines before the first heading: for every story of the file.
    preamble: Settings,
    stories: Vec<Story>,
    problems: Vec<Problem>,
}

impl Reader {
    fn line(&mut self, line: &Line<'_>) {
        if self.problems.len() >= PROBLEMS_MAX {
            return;
        }
        if let Err(problem) = self.read(line) {
            self.problems.push(problem);
        }
    }

    fn read(&mut self, line: &Line<'_>) -> Result<(), Problem> {
        let content = line.content;
        if let Some(heading) = content.text.strip_prefix("==") {
            return self.heading(heading.trim(), content);
        }
        let first = content.text.split_whitespace().next().unwrap_or_default();
        let argument = content.text.get(first.len()..).unwrap_or_default().trim();
        match first {
            "file" => {
                self.settings(content)?.configuration.file = Some(argument.to_owned());
            }
            "set-up" if argument.is_empty() => {
                self.settings(content)?.configuration.sections = Some(line.below.clone());
            }
            "documents" if argument.is_empty() => {
                let documents = documents(line)?;
                *self.settings(content)?.documents = Some(documents);
            }
            "zone" => {
                let zone = TimeZone::get(argument).map_err(|_| {
                    let message = format!(
                        "expected an IANA time zone such as Europe/Berlin, got {argument:?}"
                    );
                    Problem::new(content.place(), message)
                })?;
                *self.settings(content)?.zone = zone;
            }
            _ => {
                let moment = moment(line)?;
                self.story(content).moments.push(moment);
            }
        }
        Ok(())
    }

    fn heading(&mut self, heading: &str, content: Part<'_>) -> Result<(), Problem> {
        if let Some(first) = self
            .stories
            .first()
            .filter(|story| story.heading.is_empty())
        {
            let message = format!(
                "line {} is before the first heading, where only file, set-up, documents and zone \
                 may be",
                first.line
            );
            self.stories.clear();
            return Err(Problem::new(content.place(), message));
        }
        let is_known = |story: &&Story| story.heading == heading;
        if let Some(same) = self.stories.iter().find(is_known) {
            let message = format!("line {} has the same heading", same.line);
            return Err(Problem::new(content.place(), message));
        }
        if self.stories.len() >= STORIES_MAX {
            let message = format!("expected at most {STORIES_MAX} stories in a file");
            return Err(Problem::new(content.place(), message));
        }
        self.begin(heading, content);
        Ok(())
    }

    fn begin(&mut self, heading: &str, content: Part<'_>) -> &mut Story {
        let settings = self.preamble.clone();
        let story = Story {
            heading: heading.to_owned(),
            line: content.line,
            configuration: settings.configuration,
            documents: settings.documents,
            zone: settings.zone,
            moments: Vec::new(),
        };
        self.stories.push(story);
        let last = self.stories.len() - 1;
        &mut self.stories[last]
    }

    fn story(&mut self, content: Part<'_>) -> &mut Story {
        if self.stories.is_empty() {
            return self.begin("", content);
        }
        let last = self.stories.len() - 1;
        &mut self.stories[last]
    }

    /// The settings that a line belongs to: of its story, or of the file.
    fn settings(&mut self, content: Part<'_>) -> Result<SettingsOf<'_>, Problem> {
        let Some(story) = self.stories.last_mut() else {
            return Ok(SettingsOf::of_file(&mut self.preamble));
        };
        if let Some(moment) = story.moments.first() {
            let message = format!(
                "expected before the first moment of the story, which is in line {}",
                moment.place.line
            );
            return Err(Problem::new(content.place(), message));
        }
        Ok(SettingsOf {
            configuration: &mut story.configuration,
            documents: &mut story.documents,
            zone: &mut story.zone,
        })
    }

    fn finish(mut self) -> Result<Vec<Story>, Vec<Problem>> {
        for story in self.stories.iter().filter(|story| story.moments.is_empty()) {
            if self.problems.is_empty() {
                let place = Place {
                    line: story.line,
                    ..start()
                };
                self.problems
                    .push(Problem::new(place, "the story has no moments"));
            }
        }
        if self.stories.is_empty() && self.problems.is_empty() {
            self.problems
                .push(Problem::new(start(), "the file has no stories"));
        }
        if self.problems.is_empty() {
            Ok(self.stories)
        } else {
            Err(self.problems)
        }
    }
}

/// The settings of the file or of a story, for a change.
struct SettingsOf<'s> {
    configuration: &'s mut Configuration,
    documents: &'s mut Option<Vec<(String, String)>>,
    zone: &'s mut TimeZone,
}

impl<'s> SettingsOf<'s> {
    fn of_file(settings: &'s mut Settings) -> Self {
        Self {
            configuration: &mut settings.configuration,
            documents: &mut settings.documents,
            zone: &mut settings.zone,
        }
    }
}

fn start() -> Place {
    Place {
        line: 1,
        column: 1,
        width: 1,
    }
}

/// `WHEN STEP -> EXPECTATION, EXPECTATION`
fn moment(line: &Line<'_>) -> Result<Moment, Problem> {
    let content = line.content;
    let (before, expected) = match content.split_once("->") {
        Some((before, expected)) => (before, Some(expected)),
        None => (content, None),
    };
    let words = before.words();
    let (when, count) = When::take(&words, content.place())?;
    let Some(first) = words.get(count) else {
        let message = "expected a step after the moment, such as `time passes`";
        return Err(Problem::new(content.place(), message));
    };
    let skipped = first.place.column - before.column;
    let text = before
        .text
        .char_indices()
        .nth(skipped)
        .and_then(|(start, _)| before.text.get(start..))
        .unwrap_or_default();
    let step = Part {
        text,
        column: first.place.column,
        ..before
    };
    let step = step.trimmed();
    let expectations = expected.map(Placed::parse_all).transpose()?;
    Ok(Moment {
        place: content.place(),
        when,
        step: Step::parse(step)?,
        step_place: step.place(),
        expectations: expectations.unwrap_or_default(),
        below: line.below.clone(),
    })
}

fn documents(line: &Line<'_>) -> Result<Vec<(String, String)>, Problem> {
    let lines = line.below.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|document| {
            let (path, document) = document.split_once(' ').ok_or_else(|| {
                let message = format!("expected `/path <Response>…` below, got {document:?}");
                Problem::new(line.content.place(), message)
            })?;
            Ok((path.to_owned(), document.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# The evening.
file ../contact-centre.yaml
zone Europe/Berlin

== Closed in the evening
Mon 18:05  c1 dials   -> c1 hears \"closed\", c1 is gone   # a comment

== With another queue
set-up
  workers:
    - { name: A }
00:00  task t1        -> t1 is pending
";

    #[test]
    fn settings_before_headings_are_for_all() {
        let stories = read(FILE).unwrap();
        let [evening, other] = stories.as_slice() else {
            panic!("{stories:?}");
        };
        assert_eq!(evening.heading, "Closed in the evening");
        assert_eq!(evening.line, 5);
        assert_eq!(evening.moments[0].expectations.len(), 2);
        for story in [evening, other] {
            let file = story.configuration.file.as_deref();
            assert_eq!(file, Some("../contact-centre.yaml"));
            assert_eq!(story.zone.iana_name(), Some("Europe/Berlin"));
        }
        let sections = other.configuration.sections.as_deref();
        assert_eq!(sections, Some("workers:\n  - { name: A }\n"));
        assert_eq!(evening.configuration.sections, None);
    }

    #[test]
    fn file_without_headings_is_a_story() {
        let stories = read("00:00  c1 dials\n+20s  time passes\n").unwrap();
        assert_eq!(stories.len(), 1);
        assert_eq!((stories[0].heading.as_str(), stories[0].line), ("", 1));
    }

    #[test]
    fn mistakes_are_told_at_once() {
        let text = "== One\n00:00  c1 sings -> c1 waits\n00:10\nsoon  c1 dials\n\
                    00:20  c1 dials  -> c1 waits, nobody sleeps\n";
        let problems = read(text).unwrap_err();
        let found: Vec<(usize, usize)> = problems
            .iter()
            .map(|problem| (problem.place.line, problem.place.column))
            .collect();
        assert_eq!(found, [(2, 8), (3, 1), (4, 1), (5, 31)]);
    }

    #[test]
    fn files_have_stories_with_moments() {
        for (text, expected) in [
            ("", "the file has no stories"),
            ("== One\n", "the story has no moments"),
            (
                "00:00 time passes\n== One\n00:00 time passes\n",
                "before the first heading",
            ),
            (
                "== One\n00:00 time passes\n== One\n00:00 time passes\n",
                "the same heading",
            ),
            (
                "== One\n00:00 time passes\nzone UTC\n",
                "expected before the first moment",
            ),
            (
                "zone Berlin\n00:00 time passes\n",
                "expected an IANA time zone",
            ),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems[0].message.contains(expected), "{problems:?}");
        }
    }

    #[test]
    fn problem_shows_its_line() {
        let text = "00:00  c1 dials  -> c1 sings\n";
        let problems = read(text).unwrap_err();
        let shown = problems[0].render("a.story", text);
        let expected = "  --> a.story:1:21\n  |\n1 | 00:00  c1 dials  -> c1 sings\n  \
                        |                     ^^^^^^^^\n";
        assert!(shown.ends_with(expected), "{shown}");
    }
}
