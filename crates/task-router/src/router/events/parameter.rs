//! The parameters of an Event (taskrouter.md section 12.3).

use std::collections::BTreeMap;

/// The format of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// An id with this prefix of two capitals.
    Sid(&'static str),
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $shape:expr;)*) => {
        /// A parameter of an Event, without those of the common group that every Event has.
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

            /// A one-letter code, which is stored instead of the name to save space. A code never
            /// changes its meaning.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The format of its value.
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
    /// Seconds since it was created.
    TaskAge, "d", Shape::Number;
    /// Its priority.
    TaskPriority, "e", Shape::Number;
    /// Its assignment status.
    TaskAssignmentStatus, "f", Shape::Text;
    /// Its version.
    TaskVersion, "g", Shape::Number;
    /// When it was created, in seconds since 1970.
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
    /// Does it have optimized routing, with an idle time of its own?
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
    /// The step that the Task has entered, named by its TaskQueue.
    WorkflowFilterTargetName, "w", Shape::Text;
    /// The Reservation.
    ReservationSid, "x", Shape::Sid("WR");
    /// The carrier's code for the failure of the call.
    CanceledReasonCode, "y", Shape::Number;
    /// The Worker.
    WorkerSid, "z", Shape::Sid("WK");
    /// Their friendly name.
    WorkerName, "A", Shape::Text;
    /// Their attributes, as JSON.
    WorkerAttributes, "B", Shape::Text;
    /// Their version.
    WorkerVersion, "C", Shape::Number;
    /// Their Activity.
    WorkerActivitySid, "D", Shape::Sid("WA");
    /// Its friendly name.
    WorkerActivityName, "E", Shape::Text;
    /// Seconds they were in their previous Activity.
    WorkerTimeInPreviousActivity, "F", Shape::Number;
    /// The same in milliseconds.
    WorkerTimeInPreviousActivityMs, "G", Shape::Number;
    /// Their previous Activity.
    WorkerPreviousActivitySid, "H", Shape::Sid("WA");
    /// Its friendly name.
    WorkerPreviousActivityName, "I", Shape::Text;
    /// Are they available in the TaskChannel?
    WorkerChannelAvailable, "J", Shape::Text;
    /// Free slots in the TaskChannel.
    WorkerChannelAvailableCapacity, "K", Shape::Number;
    /// Slots in the TaskChannel before the change.
    WorkerChannelPreviousCapacity, "L", Shape::Number;
    /// Slots of the TaskChannel that are taken.
    WorkerChannelTaskCount, "M", Shape::Number;
    /// The Activity.
    ActivitySid, "N", Shape::Sid("WA");
    /// Its friendly name.
    ActivityName, "O", Shape::Text;
    /// May a Worker in it be offered Tasks?
    ActivityAvailable, "P", Shape::Text;
    /// The known Worker of the Task's step, if the Task names them by SID (taskrouter.md section
    /// 7.4). TaskRouter documents no name for this parameter.
    KnownWorkerSid, "Q", Shape::Sid("WK");
}

impl Parameter {
    /// The parameter with this code, if there is one.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }
}

/// Parameters with their values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(BTreeMap<Parameter, String>);

impl Parameters {
    /// No parameter.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Sets a value.
    #[must_use]
    pub fn with(mut self, parameter: Parameter, value: impl ToString) -> Self {
        self.0.insert(parameter, value.to_string());
        self
    }

    /// Sets a value, if there is one.
    #[must_use]
    pub fn with_some(self, parameter: Parameter, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(parameter, value),
            None => self,
        }
    }

    /// Adds all values of `more`; they replace existing values.
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
    fn each_parameter_has_its_own_code() {
        let codes: BTreeSet<&str> = Parameter::ALL
            .iter()
            .map(|parameter| parameter.code())
            .collect();
        assert_eq!(codes.len(), Parameter::ALL.len());
        for parameter in Parameter::ALL {
            assert_eq!(Parameter::of_code(parameter.code()), Some(*parameter));
        }
    }

    #[test]
    fn parameters_are_collected_from_pairs() {
        let pairs = [(Parameter::Reason, "because".to_owned())];
        let collected: Parameters = pairs.into_iter().collect();
        assert_eq!(collected.get(Parameter::Reason), Some("because"));
    }
}
