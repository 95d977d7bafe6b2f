//! Findings, and the rules that make them.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing; nothing needs to change.
    Note,
    /// Most likely not what was meant.
    Warning,
    /// A part that cannot work.
    Error,
}

impl Level {
    /// `error`, `warning`, `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A position: a path, and the characters of the text at it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Spot {
    /// `workflows[0].filters[2].expression`.
    pub path: String,
    /// The first character, counted from 0, and the number of characters. `None`: all of them.
    pub characters: Option<(usize, usize)>,
}

impl Spot {
    /// The whole value at a path.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            characters: None,
        }
    }
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that found it.
    pub rule: Rule,
    /// Its level.
    pub level: Level,
    /// Its position.
    pub spot: Spot,
    /// What is wrong, in one or two sentences.
    pub message: String,
}

impl Finding {
    /// A finding of a rule, with the rule's level.
    pub fn new(rule: Rule, spot: Spot, message: impl Into<String>) -> Self {
        Self {
            rule,
            level: rule.level(),
            spot,
            message: message.into(),
        }
    }
}

macro_rules! rules {
    ($($name:ident $code:literal $level:ident $title:literal;)*) => {
        /// A rule. Its code is stable: files name it to allow a finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $title] $name,)*
        }

        impl Rule {
            /// Every rule, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// `CB101`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The level of its findings.
            pub fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)* }
            }

            /// What it finds, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

rules! {
    FilterNeverReached "CB101" Error "Filter is never reached";
    FilterNeverTrue "CB102" Error "Filter can never be true";
    FilterAlwaysTrue "CB103" Warning "Filter is always true";
    TasksWithoutFilter "CB104" Warning "Some Tasks match no filter";
    HoursWithoutFilter "CB105" Warning "No filter covers some hours";
    LanguageWithoutFilter "CB106" Error "Calls in a language match no filter";
    StepNeverReached "CB201" Error "Step is never reached";
    StepNeverTrue "CB202" Error "Step can never offer its Task";
    FilterExcludesStep "CB203" Error "Step contradicts its filter";
    SkipIfNever "CB204" Warning "skip_if can never be true";
    SkipIfAlways "CB205" Warning "skip_if is always true";
    SkippedToNothing "CB206" Warning "Last step is skipped to nothing";
    StepShorterThanOffer "CB207" Warning "Step is shorter than an offer";
    PriorityLowered "CB208" Warning "Step lowers the priority";
    WaitForKnownWorker "CB209" Warning "Task waits for one Worker without a limit";
    WaitWithoutLimit "CB210" Note "Calls wait without a limit";
    NarrowerStep "CB211" Warning "Step considers fewer Workers than the one before";
    StepsBeyondLifetime "CB212" Warning "Step begins after the Task's lifetime";
    ConsideredForAMoment "CB213" Warning "Workers are considered for a moment only";
    ComparisonNeverTrue "CB301" Error "Comparison can never be true";
    AlternativeNeverTrue "CB302" Warning "Alternative can never be true";
    PrefixMissing "CB303" Error "Key of a step lacks its prefix";
    WrongOwner "CB304" Error "Expression asks for what it cannot see";
    UnknownTimeName "CB305" Error "Unknown name of the time of day";
    QuotedKey "CB306" Warning "Key is in quotes";
    MixedTypes "CB307" Warning "Attribute is compared as different types";
    OtherCase "CB308" Warning "Values differ in case only";
    UnknownTaskAttribute "CB309" Warning "Task attribute is most likely misspelled";
    UnknownLanguage "CB310" Warning "Language is not in the menu";
    QueueWithoutWorkers "CB401" Error "No Worker serves the TaskQueue";
    QueueNeverTrue "CB402" Error "TaskQueue can never have a Worker";
    StepWithoutWorkers "CB403" Warning "No Worker can serve the step";
    UnusedQueue "CB404" Warning "TaskQueue is not used";
    UnusedActivity "CB405" Note "Activity is not used";
    NoAvailableActivity "CB406" Error "No Activity is available";
    UnknownWorkerAttribute "CB407" Warning "No Worker has the attribute";
    WrongAttributeType "CB408" Error "Attribute has another type";
    UnknownWorker "CB409" Error "Worker does not exist";
    UnknownActivity "CB410" Error "Activity does not exist";
    OrderIgnored "CB411" Error "Order of Workers is ignored";
    ChannelWithoutCapacity "CB412" Warning "No Worker has capacity in the TaskChannel";
    WorkerWithoutPhone "CB501" Error "Worker of calls has no phone";
    SharedPhone "CB502" Warning "Two Workers have one phone";
    WorkerWithoutQueue "CB503" Warning "Worker serves no TaskQueue";
    WorkerWithoutCapacity "CB504" Warning "Worker has no capacity";
    NamesDifferInCase "CB505" Warning "Names differ in case only";
    AttributeSpelling "CB506" Warning "Attribute is spelled in two ways";
    AttributeTypes "CB507" Warning "Attribute has different types";
    RingLongerThanOffer "CB601" Warning "Phone rings longer than the offer lasts";
    CallbackRefused "CB602" Warning "Deployed centre refuses the callback";
    FallbackIsSame "CB603" Warning "Fallback is the same URL";
    WrapUpAvailable "CB604" Warning "Worker is available in wrap-up";
    UnavailableAfterWrapUp "CB605" Warning "Worker is unavailable after wrap-up";
    TimeoutActivityAvailable "CB606" Note "Worker who does not answer stays available";
    UnknownKey "CB701" Warning "Key has no effect";
    UnknownQueue "CB702" Error "TaskQueue does not exist";
    FlowNeverUsed "CB801" Warning "Flow is never used";
    FlowStepNeverReached "CB802" Warning "Step of a flow is never reached";
    EndlessCircle "CB803" Error "Steps repeat without an end";
    MenuWithoutExit "CB804" Warning "No key leads out of the menu";
    KeyNotNamed "CB805" Note "Menu does not say its key";
    PhraseTwice "CB806" Error "Phrase is that of two keys";
    CaseNeverTrue "CB807" Error "Case can never be true";
    CaseNeverReached "CB808" Error "Case is never reached";
    StepWithoutEffect "CB809" Warning "Step has no effect";
    UnusedCalendar "CB810" Warning "Calendar is not used";
    UnusedList "CB811" Warning "List is not used";
    HolidaysPast "CB812" Warning "All holidays are in the past";
    UnusedValue "CB813" Warning "Collected value is not used";
    SecretSpoken "CB814" Error "Secret value is spoken or stored";
    LanguageNeverChosen "CB815" Warning "No step chooses the language";
    TransferToItself "CB816" Warning "Transfer leads back to the contact centre";
    MalformedAllowance "CB901" Warning "Comment allows nothing";
    UnusedAllowance "CB902" Note "Comment is not needed";
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|rule| rule.code() == code);
        found
            .copied()
            .ok_or_else(|| format!("there is no rule {code}"))
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(Rule::ALL.is_sorted_by(|one, next| one.code() < next.code()));
        for rule in Rule::ALL {
            assert_eq!(rule.code().parse(), Ok(*rule));
        }
        assert!("CB000".parse::<Rule>().is_err());
    }
}
