//! Sample values that a preview uses for the parameters that only the carrier knows.

/// Every parameter that a webhook requires. Parameters of the browser's URL precede the samples and
/// take precedence.
const SAMPLES: &[(&str, &str)] = &[
    ("AccountSid", "AC00000000000000000000000000000000"),
    ("CallSid", "CA00000000000000000000000000000000"),
    ("From", "+17075550100"),
    ("To", "+17075550183"),
    ("CallStatus", "in-progress"),
    ("Direction", "inbound"),
    ("Digits", "1"),
    ("TaskSid", "WT00000000000000000000000000000000"),
    ("ReservationSid", "WR00000000000000000000000000000000"),
    ("QueueResult", "leave"),
    ("QueueTime", "60"),
    ("DialCallStatus", "completed"),
    ("RecordingUrl", "https://example.com/recording"),
    ("WorkspaceSid", "WS00000000000000000000000000000000"),
    ("WorkflowSid", "WW00000000000000000000000000000000"),
    ("TaskQueueSid", "WQ00000000000000000000000000000000"),
    ("WorkerSid", "WK00000000000000000000000000000000"),
    ("WorkerName", "Sample"),
    (
        "TaskAttributes",
        r#"{"selected_language":"en","to":"+17075550183"}"#,
    ),
    (
        "WorkerAttributes",
        r#"{"languages":["en"],"contact_uri":"+17075550101"}"#,
    ),
    ("TaskAge", "5"),
    ("TaskPriority", "0"),
    ("Timestamp", "0"),
];

pub(super) fn pairs() -> impl Iterator<Item = (String, String)> {
    SAMPLES
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::{
        Assignment, DialEnded, EnqueueCall, IncomingCall, Parameters, QueueExit, Recording,
        TimedOut, WaitMusic, WorkerCall, WorkerCallStatus,
    };

    #[test]
    fn samples_satisfy_every_webhook() {
        let samples = Parameters::new(pairs().collect());
        IncomingCall::parse(&samples).unwrap();
        EnqueueCall::parse(&samples).unwrap();
        WaitMusic::parse(&samples).unwrap();
        Assignment::parse(&samples).unwrap();
        WorkerCall::parse(&samples).unwrap();
        WorkerCallStatus::parse(&samples).unwrap();
        DialEnded::parse(&samples).unwrap();
        QueueExit::parse(&samples).unwrap();
        TimedOut::parse(&samples).unwrap();
        Recording::parse(&samples).unwrap();
    }
}
