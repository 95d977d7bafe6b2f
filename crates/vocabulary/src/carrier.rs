//! The words of an instruction's parameters (taskrouter.md section 11.3).

use crate::words;

words! {
    /// Whether the call to the Worker is recorded.
    #[derive(Default)]
    pub enum CallRecord {
        /// Not recorded.
        #[default]
        DoNotRecord = "do-not-record",
        /// Recorded from the moment the Worker answers.
        RecordFromAnswer = "record-from-answer",
    }

    /// The progress of the call to the Worker, as its status callback reports it.
    #[derive(Default)]
    pub enum CallEvent {
        /// The carrier dials the Worker.
        Initiated = "initiated",
        /// The phone rings.
        Ringing = "ringing",
        /// The Worker answered.
        Answered = "answered",
        /// The call has ended, with any result.
        #[default]
        Completed = "completed",
    }

    /// The events that a conference's status callback reports.
    #[derive(Default)]
    pub enum ConferenceEvent {
        /// The conference starts.
        #[default]
        Start = "start",
        /// The conference ends.
        End = "end",
        /// A participant joins.
        Join = "join",
        /// A participant leaves.
        Leave = "leave",
        /// A participant is muted or unmuted.
        Mute = "mute",
        /// A participant is put on hold or taken off hold.
        Hold = "hold",
        /// A participant begins or stops speaking.
        Speaker = "speaker",
    }

    /// When a conference beeps.
    #[derive(Default)]
    pub enum Beep {
        /// When a participant enters and when a participant leaves.
        #[default]
        Always = "true",
        /// Never.
        Never = "false",
        /// When this participant enters.
        OnEnter = "onEnter",
        /// When this participant leaves.
        OnExit = "onExit",
    }

    /// Whether a conference is recorded. TaskRouter knows two words for each.
    #[derive(Default)]
    pub enum ConferenceRecord {
        /// Not recorded.
        #[default]
        DoNotRecord = "do-not-record" | "false",
        /// Recorded from the start of the conference.
        RecordFromStart = "record-from-start" | "true",
    }

    /// Whether silence at both ends of a recording is removed.
    #[derive(Default)]
    pub enum Trim {
        /// Silence is removed.
        #[default]
        TrimSilence = "trim-silence",
        /// Silence is kept.
        DoNotTrim = "do-not-trim",
    }

    /// The tracks of a recording.
    #[derive(Default)]
    pub enum RecordingChannels {
        /// One track for all participants.
        #[default]
        Mono = "mono",
        /// One track for each side.
        Dual = "dual",
    }

    /// The region in which a conference is mixed.
    #[derive(Default)]
    pub enum Region {
        /// Virginia.
        #[default]
        Us1 = "us1",
        /// Oregon.
        Us2 = "us2",
        /// Ireland.
        Ie1 = "ie1",
        /// Frankfurt.
        De1 = "de1",
        /// Singapore.
        Sg1 = "sg1",
        /// São Paulo.
        Br1 = "br1",
        /// Sydney.
        Au1 = "au1",
        /// Tokyo.
        Jp1 = "jp1",
    }

    /// The size of the jitter buffer of a conference.
    #[derive(Default)]
    pub enum JitterBufferSize {
        /// A small buffer.
        Small = "small",
        /// A medium buffer.
        Medium = "medium",
        /// A large buffer.
        #[default]
        Large = "large",
        /// No buffer.
        Off = "off",
    }

    /// The HTTP method of a callback.
    #[derive(Default)]
    pub enum CallbackMethod {
        /// The parameters are a form in the body.
        #[default]
        Post = "POST",
        /// The parameters are in the query.
        Get = "GET",
    }

    /// What a supervisor can do in a conversation.
    #[derive(Default)]
    pub enum SupervisorMode {
        /// Listen.
        #[default]
        Monitor = "monitor",
        /// Listen, and speak to the Worker alone.
        Whisper = "whisper",
        /// Listen, and speak to the Worker and the caller.
        Barge = "barge",
    }
}
