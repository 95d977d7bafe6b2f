//! Comments that allow a finding: `# check: allow CB101 the reason`, on the line of the finding or
//! above it.

use routing_check::{Finding, Rule, Spot};

/// How such a comment begins, after its `#`.
const MARK: &str = "check:";

const WORD: &str = "allow";

/// One comment.
struct Allowance {
    /// Its own line, counted from 1.
    line: u64,
    /// The line it is about: its own, or the next one that is no comment.
    about: u64,
    rule: Result<(Rule, String), String>,
    is_used: bool,
}

/// The comments of a file.
pub(super) struct Allowances(Vec<Allowance>);

impl Allowances {
    /// Reads the comments of a file.
    pub(super) fn read(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let mut found = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let Some(comment) = comment_of(line) else {
                continue;
            };
            let stands_alone = line.trim_start().starts_with('#');
            let below = lines.iter().skip(index + 1);
            let between = below
                .take_while(|line| line.trim_start().starts_with('#'))
                .count();
            let about = if stands_alone {
                index + 1 + between
            } else {
                index
            };
            found.push(Allowance {
                line: number(index),
                about: number(about),
                rule: parse(comment),
                is_used: false,
            });
        }
        Self(found)
    }

    /// The reason why a finding of this rule is allowed on this line. `None`: it is not.
    pub(super) fn reason(&mut self, rule: Rule, line: u64) -> Option<String> {
        let mut matching = self.0.iter_mut().filter(|one| one.about == line);
        matching.find_map(|one| match &one.rule {
            Ok((allowed, reason)) if *allowed == rule => {
                one.is_used = true;
                Some(reason.clone())
            }
            Ok(_) | Err(_) => None,
        })
    }

    /// What is wrong with the comments themselves, by line.
    pub(super) fn into_findings(self) -> impl Iterator<Item = (u64, Finding)> {
        self.0.into_iter().filter_map(|one| {
            let (rule, message) = match one.rule {
                Err(problem) => (Rule::MalformedAllowance, problem),
                Ok((rule, _)) if !one.is_used => (
                    Rule::UnusedAllowance,
                    format!("there is no finding of {rule} in line {}", one.about),
                ),
                Ok(_) => return None,
            };
            Some((one.line, Finding::new(rule, Spot::at(""), message)))
        })
    }
}

fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1)
}

/// The text after `# check:`.
fn comment_of(line: &str) -> Option<&str> {
    let mut start = 0;
    while let Some(found) = line.get(start..)?.find('#') {
        let rest = line.get(start + found + 1..)?;
        if let Some(comment) = rest.trim_start().strip_prefix(MARK) {
            return Some(comment.trim());
        }
        start += found + 1;
    }
    None
}

fn parse(comment: &str) -> Result<(Rule, String), String> {
    let expected = "expected `# check: allow CB101` and a reason";
    let mut words = comment.splitn(3, char::is_whitespace);
    if words.next() != Some(WORD) {
        return Err(format!("{expected}, got `# check: {comment}`"));
    }
    let code = words.next().unwrap_or_default();
    let rule: Rule = code
        .parse()
        .map_err(|error| format!("{expected}: {error}"))?;
    match words.next().map(str::trim) {
        Some(reason) if !reason.is_empty() => Ok((rule, reason.to_owned())),
        Some(_) | None => Err(format!("{expected}: {rule} has no reason")),
    }
}
