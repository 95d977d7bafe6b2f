//! Every parameter of every instruction: its name in the JSON of an assignment callback, its name
//! in the REST API, and the debugger code of a value that cannot be used (taskrouter.md sections
//! 11.3 and 15).

/// One parameter of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameter {
    /// The name in JSON.
    pub json: &'static str,
    /// A second name in JSON, where TaskRouter's pages use two.
    pub json_also: Option<&'static str>,
    /// The name in a REST form.
    pub form: &'static str,
    /// The debugger code; `None` where TaskRouter defines none.
    pub code: Option<u32>,
    /// Whether JSON must write the value as a string although its words look like booleans.
    pub string_only: bool,
}

impl Parameter {
    const fn new(json: &'static str, form: &'static str) -> Self {
        Self {
            json,
            json_also: None,
            form,
            code: None,
            string_only: false,
        }
    }

    const fn code(self, code: u32) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    const fn also(self, name: &'static str) -> Self {
        Self {
            json_also: Some(name),
            ..self
        }
    }

    const fn string_only(self) -> Self {
        Self {
            string_only: true,
            ..self
        }
    }
}

/// The name of the instruction.
pub(super) const INSTRUCTION: Parameter = Parameter::new("instruction", "Instruction");

macro_rules! table {
    ($(#[$doc:meta] $module:ident { $($name:ident = $parameter:expr;)* })*) => {$(
        #[$doc]
        pub(super) mod $module {
            use super::Parameter;
            $(pub(in super::super) const $name: Parameter = $parameter;)*
            #[cfg(test)]
            pub(in super::super) const ALL: &[Parameter] = &[$($name),*];
        }
    )*};
}

table! {
    /// The parameters of `reject`.
    reject {
        ACTIVITY_SID = Parameter::new("activity_sid", "WorkerActivitySid").code(40_100);
    }

    /// The parameters of `dequeue`.
    dequeue {
        TO = Parameter::new("to", "DequeueTo").code(40_131);
        FROM = Parameter::new("from", "DequeueFrom").code(40_132);
        POST_WORK_ACTIVITY_SID = Parameter::new("post_work_activity_sid", "DequeuePostWorkActivitySid").code(40_130);
        RECORD = Parameter::new("record", "DequeueRecord");
        TIMEOUT = Parameter::new("timeout", "DequeueTimeout");
        STATUS_CALLBACK = Parameter::new("status_callback_url", "DequeueStatusCallbackUrl").code(40_157);
        STATUS_CALLBACK_EVENTS = Parameter::new("status_callback_events", "DequeueStatusCallbackEvent")
            .also("status_callback_event").code(40_134);
    }

    /// The parameters of `call`.
    call {
        TO = Parameter::new("to", "CallTo").code(40_110);
        FROM = Parameter::new("from", "CallFrom").code(40_111);
        URL = Parameter::new("url", "CallUrl").code(40_112);
        ACCEPT = Parameter::new("accept", "CallAccept");
        RECORD = Parameter::new("record", "CallRecord");
        TIMEOUT = Parameter::new("timeout", "CallTimeout");
        STATUS_CALLBACK = Parameter::new("status_callback_url", "CallStatusCallbackUrl").code(40_158);
    }

    /// The parameters of `redirect`.
    redirect {
        CALL_SID = Parameter::new("call_sid", "RedirectCallSid").code(40_121);
        URL = Parameter::new("url", "RedirectUrl").code(40_120);
        ACCEPT = Parameter::new("accept", "RedirectAccept");
    }

    /// The parameters of `conference`.
    conference {
        TO = Parameter::new("to", "To").code(40_137);
        FROM = Parameter::new("from", "From").code(40_138);
        TIMEOUT = Parameter::new("timeout", "Timeout");
        STATUS_CALLBACK = Parameter::new("status_callback", "StatusCallback").also("status_callback_url").code(40_159);
        STATUS_CALLBACK_METHOD = Parameter::new("status_callback_method", "StatusCallbackMethod").code(40_159);
        STATUS_CALLBACK_EVENT = Parameter::new("status_callback_event", "StatusCallbackEvent")
            .also("status_callback_events").code(40_159);
        RECORD = Parameter::new("record", "Record");
        MUTED = Parameter::new("muted", "Muted");
        BEEP = Parameter::new("beep", "Beep");
        START_CONFERENCE_ON_ENTER = Parameter::new("start_conference_on_enter", "StartConferenceOnEnter");
        END_CONFERENCE_ON_EXIT = Parameter::new("end_conference_on_exit", "EndConferenceOnExit");
        END_CONFERENCE_ON_CUSTOMER_EXIT =
            Parameter::new("end_conference_on_customer_exit", "EndConferenceOnCustomerExit");
        BEEP_ON_CUSTOMER_ENTRANCE = Parameter::new("beep_on_customer_entrance", "BeepOnCustomerEntrance");
        WAIT_URL = Parameter::new("wait_url", "WaitUrl");
        WAIT_METHOD = Parameter::new("wait_method", "WaitMethod").also("wait_url_method");
        EARLY_MEDIA = Parameter::new("early_media", "EarlyMedia");
        MAX_PARTICIPANTS = Parameter::new("max_participants", "MaxParticipants");
        CONFERENCE_STATUS_CALLBACK = Parameter::new("conference_status_callback", "ConferenceStatusCallback");
        CONFERENCE_STATUS_CALLBACK_METHOD =
            Parameter::new("conference_status_callback_method", "ConferenceStatusCallbackMethod");
        CONFERENCE_STATUS_CALLBACK_EVENT =
            Parameter::new("conference_status_callback_event", "ConferenceStatusCallbackEvent")
                .also("conference_status_callback_events");
        CONFERENCE_RECORD = Parameter::new("conference_record", "ConferenceRecord").string_only();
        CONFERENCE_TRIM = Parameter::new("conference_trim", "ConferenceTrim");
        RECORDING_CHANNELS = Parameter::new("recording_channels", "RecordingChannels");
        RECORDING_STATUS_CALLBACK = Parameter::new("recording_status_callback", "RecordingStatusCallback");
        RECORDING_STATUS_CALLBACK_METHOD =
            Parameter::new("recording_status_callback_method", "RecordingStatusCallbackMethod");
        CONFERENCE_RECORDING_STATUS_CALLBACK =
            Parameter::new("conference_recording_status_callback", "ConferenceRecordingStatusCallback");
        CONFERENCE_RECORDING_STATUS_CALLBACK_METHOD =
            Parameter::new("conference_recording_status_callback_method", "ConferenceRecordingStatusCallbackMethod");
        REGION = Parameter::new("region", "Region");
        SIP_AUTH_USERNAME = Parameter::new("sip_auth_username", "SipAuthUsername");
        SIP_AUTH_PASSWORD = Parameter::new("sip_auth_password", "SipAuthPassword");
        JITTER_BUFFER_SIZE = Parameter::new("jitter_buffer_size", "JitterBufferSize");
        POST_WORK_ACTIVITY_SID = Parameter::new("post_work_activity_sid", "PostWorkActivitySid").code(40_139);
    }

    /// The parameters of `supervise`.
    supervise {
        SUPERVISOR = Parameter::new("supervisor", "Supervisor").code(40_147);
        SUPERVISOR_MODE = Parameter::new("supervisor_mode", "SupervisorMode");
        FROM = Parameter::new("from", "From").code(40_148);
    }
}
