//! What an event says, by name (taskrouter.md section 12.3).

use std::collections::BTreeMap;

/// What the value of a parameter looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// An id that begins with these two capitals.
    Sid(&'static str),
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $shape:expr;)*) => {
        /// A parameter of an event, but for those of the common group that every event has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Parameter {
            $($(#[$doc])* $name,)*
        }

        impl Parameter {
            /// Every parameter.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in a callback.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The letters that stand for it where space is dear. They never change their meaning.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What its value looks like.
            pub const fn shape(self) -> Shape {
                match self {
                    $(Self::$name => $shape,)*
                }
            }
        }
    };
}

parameters! {
    /// The Workspace's friendly name.
    WorkspaceName, "a", Shape::Text;
    /// The Task.
    TaskSid, "b", Shape::Sid("WT");
    /// Its attributes, as JSON.
    TaskAttributes, "c", Shape::Text;
    /// Seconds since it was made.
    TaskAge, "d", Shape::Number;
    /// Its priority.
    TaskPriority, "e", Shape::Number;
    /// Where it stands.
    TaskAssignmentStatus, "f", Shape::Text;
    /// Its version.
    TaskVersion, "g", Shape::Number;
    /// When it was made, in seconds since 1970.
    TaskDateCreated, "h", Shape::Number;
    /// When it entered the TaskQueue, in seconds since 1970.
    TaskQueueEnteredDate, "i", Shape::Number;
    /// Why it was canceled.
    TaskCanceledReason, "j", Shape::Text;
    /// Why it was completed.
    TaskCompletedReason, "k", Shape::Text;
    /// Why it ended.
    Reason, "l", Shape::Text;
    /// The TaskChannel.
    TaskChannelSid, "m", Shape::Sid("TC");
    /// Its unique name.
    TaskChannelUniqueName, "n", Shape::Text;
    /// Its friendly name.
    TaskChannelName, "o", Shape::Text;
    /// Is idle time counted for it alone?
    TaskChannelOptimizedRouting, "p", Shape::Text;
    /// The TaskQueue.
    TaskQueueSid, "q", Shape::Sid("WQ");
    /// Its friendly name.
    TaskQueueName, "r", Shape::Text;
    /// Its expression.
    TaskQueueTargetExpression, "s", Shape::Text;
    /// The Workflow.
    WorkflowSid, "t", Shape::Sid("WW");
    /// Its friendly name.
    WorkflowName, "u", Shape::Text;
    /// The filter the Task is in.
    WorkflowFilterName, "v", Shape::Text;
    /// The step the Task has entered, by the name of its TaskQueue.
    WorkflowFilterTargetName, "w", Shape::Text;
    /// The Reservation.
    ReservationSid, "x", Shape::Sid("WR");
    /// Why its telephone part failed.
    CanceledReasonCode, "y", Shape::Number;
    /// The Worker.
    WorkerSid, "z", Shape::Sid("WK");
    /// Their friendly name.
    WorkerName, "A", Shape::Text;
    /// Their attributes, as JSON.
    WorkerAttributes, "B", Shape::Text;
    /// Their version.
    WorkerVersion, "C", Shape::Number;
    /// What they are doing.
    WorkerActivitySid, "D", Shape::Sid("WA");
    /// Its friendly name.
    WorkerActivityName, "E", Shape::Text;
    /// Seconds they did something else before.
    WorkerTimeInPreviousActivity, "F", Shape::Number;
    /// The same in milliseconds.
    WorkerTimeInPreviousActivityMs, "G", Shape::Number;
    /// What that was.
    WorkerPreviousActivitySid, "H", Shape::Sid("WA");
    /// Its friendly name.
    WorkerPreviousActivityName, "I", Shape::Text;
    /// Is their share of the TaskChannel switched on?
    WorkerChannelAvailable, "J", Shape::Text;
    /// Tasks of it they can take now.
    WorkerChannelAvailableCapacity, "K", Shape::Number;
    /// Tasks of it they could have at once before.
    WorkerChannelPreviousCapacity, "L", Shape::Number;
    /// Tasks of it they have.
    WorkerChannelTaskCount, "M", Shape::Number;
    /// The Activity.
    ActivitySid, "N", Shape::Sid("WA");
    /// Its friendly name.
    ActivityName, "O", Shape::Text;
    /// May a Worker in it be offered Tasks?
    ActivityAvailable, "P", Shape::Text;
    /// The known Worker whom the Task's step means, if the Task says so by SID (taskrouter.md section 7.4; the name is ours).
    KnownWorkerSid, "Q", Shape::Sid("WK");
}

impl Parameter {
    /// The parameter of this code, if there is one.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }
}

/// Values by parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(BTreeMap<Parameter, String>);

impl Parameters {
    /// None at all.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// With one value more, or another one.
    #[must_use]
    pub fn with(mut self, parameter: Parameter, value: impl ToString) -> Self {
        self.0.insert(parameter, value.to_string());
        self
    }

    /// With one value more, if there is one.
    #[must_use]
    pub fn with_some(self, parameter: Parameter, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(parameter, value),
            None => self,
        }
    }

    /// With all of `more`; where both have a value, that of `more`.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// The value of a parameter.
    pub fn get(&self, parameter: Parameter) -> Option<&str> {
        self.0.get(&parameter).map(String::as_str)
    }

    /// Every value, in the order of [`Parameter::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Parameter, &str)> {
        self.0
            .iter()
            .map(|(parameter, value)| (*parameter, value.as_str()))
    }
}

impl FromIterator<(Parameter, String)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (Parameter, String)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_parameter_has_a_code_of_its_own() {
        let codes: BTreeSet<&str> = Parameter::ALL
            .iter()
            .map(|parameter| parameter.code())
            .collect();
        assert_eq!(codes.len(), Parameter::ALL.len());
        for parameter in Parameter::ALL {
            assert_eq!(Parameter::of_code(parameter.code()), Some(*parameter));
        }
    }
}
