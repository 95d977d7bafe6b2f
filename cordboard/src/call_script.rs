//! The script of `cordboard call`: what the caller does, in the order of the command line.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use carrier_simulator::network::{DIGITS_MAX, SPEECH_CHARS_MAX};
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// Longest `--wait`: no caller waits for longer than an hour.
const WAIT_MAX: Duration = Duration::from_secs(3_600);

/// One thing that the caller does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Presses these keys in the next Gather, or in a Record.
    Keys(String),
    /// Says this to the next Gather that hears speech, or to a Record.
    Say(String),
    /// Does nothing for this long.
    Wait(Duration),
}

impl Display for Step {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(keys) => write!(out, "press {keys}"),
            Self::Say(text) => write!(out, "say \"{text}\""),
            Self::Wait(length) => write!(out, "wait for {} s", length.as_secs_f64()),
        }
    }
}

/// What the caller does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script(pub Vec<Step>);

impl Default for Script {
    fn default() -> Self {
        Self(vec![Step::Keys("1".to_owned())])
    }
}

impl Script {
    /// The sum of all waits.
    pub fn waits(&self) -> Duration {
        let waits = self.0.iter().map(|step| match step {
            Step::Wait(length) => *length,
            Step::Keys(_) | Step::Say(_) => Duration::ZERO,
        });
        waits.sum()
    }
}

/// The names of the options.
const OPTIONS: [&str; 4] = ["press", "digits", "say", "wait"];

impl Args for Script {
    fn augment_args(command: Command) -> Command {
        let option = |name: &'static str, value: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name(value)
                .action(ArgAction::Append)
        };
        command
            .arg(
                option("press", "KEYS")
                    .value_parser(ValueParser::new(press))
                    .help("Keys, separated by commas: each is pressed in a Gather of its own [default: 1]"),
            )
            .arg(
                option("digits", "KEYS")
                    .value_parser(ValueParser::new(digits))
                    .help("Keys of one entry, such as 1234#, pressed in one Gather"),
            )
            .arg(
                option("say", "TEXT")
                    .value_parser(ValueParser::new(say))
                    .help("What the caller says to a Gather that hears speech, or to a Record"),
            )
            .arg(
                option("wait", "TIME")
                    .value_parser(ValueParser::new(wait))
                    .help("How long the caller does nothing, such as 90s"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Script {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut placed: Vec<(usize, Vec<Step>)> = Vec::new();
        for option in OPTIONS {
            let places = matches.indices_of(option).into_iter().flatten();
            let values = matches.get_many::<Vec<Step>>(option).into_iter().flatten();
            placed.extend(places.zip(values.cloned()));
        }
        placed.sort_by_key(|(place, _)| *place);
        let steps: Vec<Step> = placed.into_iter().flat_map(|(_, steps)| steps).collect();
        Ok(if steps.is_empty() {
            Self::default()
        } else {
            Self(steps)
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn press(text: &str) -> Result<Vec<Step>, String> {
    let key = |text: &str| match text.trim() {
        key if key.len() == 1 && are_keys(key) => Ok(Step::Keys(key.to_owned())),
        _ => Err("expected keys 0-9 * # separated by commas, such as 1,2".to_owned()),
    };
    text.split(',').map(key).collect()
}

fn digits(text: &str) -> Result<Vec<Step>, String> {
    if text.is_empty() || text.len() > DIGITS_MAX || !are_keys(text) {
        return Err(format!(
            "expected 1 to {DIGITS_MAX} of the keys 0-9 * #, such as 1234#"
        ));
    }
    Ok(vec![Step::Keys(text.to_owned())])
}

fn are_keys(text: &str) -> bool {
    text.chars()
        .all(|key| key.is_ascii_digit() || key == '*' || key == '#')
}

fn say(text: &str) -> Result<Vec<Step>, String> {
    if text.trim().is_empty() || text.chars().count() > SPEECH_CHARS_MAX {
        return Err(format!("expected 1 to {SPEECH_CHARS_MAX} characters"));
    }
    Ok(vec![Step::Say(text.to_owned())])
}

fn wait(text: &str) -> Result<Vec<Step>, String> {
    let number_end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(number_end);
    let number = number.parse::<u64>().ok();
    let length = number.and_then(|number| match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" | "" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    });
    match length.filter(|length| *length <= WAIT_MAX) {
        Some(length) => Ok(vec![Step::Wait(length)]),
        None => Err("expected a time of at most an hour, such as 90s, 500ms or 2m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn script(options: &[&str]) -> Result<Vec<Step>, clap::Error> {
        let arguments = ["cordboard", "call"]
            .into_iter()
            .chain(options.iter().copied());
        match Cli::try_parse_from(arguments)?.command {
            Some(Command::Call(call)) => Ok(call.script.0),
            other => panic!("another command: {other:?}"),
        }
    }

    fn keys(keys: &str) -> Step {
        Step::Keys(keys.to_owned())
    }

    #[test]
    fn steps_keep_the_order_of_options() {
        let options = [
            "--press", "1,2", "--say", "my bill", "--wait", "90s", "--digits", "1234#", "--press",
            "*",
        ];
        let expected = [
            keys("1"),
            keys("2"),
            Step::Say("my bill".to_owned()),
            Step::Wait(Duration::from_secs(90)),
            keys("1234#"),
            keys("*"),
        ];
        assert_eq!(script(&options).unwrap(), expected);
    }

    #[test]
    fn one_key_is_the_default() {
        assert_eq!(script(&[]).unwrap(), [keys("1")]);
    }

    #[test]
    fn invalid_steps_are_refused() {
        let long = "1".repeat(65);
        for (option, value, expected) in [
            ("--press", "12", "separated by commas"),
            ("--press", "1,", "separated by commas"),
            ("--press", "x", "separated by commas"),
            ("--digits", &long, "1 to 64 of the keys"),
            ("--digits", "12a", "1 to 64 of the keys"),
            ("--say", " ", "1 to 1000 characters"),
            ("--wait", "2h", "such as 90s"),
            ("--wait", "3601s", "at most an hour"),
            ("--wait", "", "such as 90s"),
        ] {
            let error = script(&[option, value]).unwrap_err().to_string();
            assert!(error.contains(expected), "{option} {value}: {error}");
        }
    }

    #[test]
    fn waits_are_added_up() {
        let steps = script(&["--wait", "90", "--wait", "500ms", "--wait", "1m"]).unwrap();
        assert_eq!(Script(steps).waits(), Duration::from_millis(150_500));
    }
}
