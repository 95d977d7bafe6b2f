//! The words an instruction's parameters are made of (taskrouter.md section 11.3).

use crate::words;

words! {
    /// Whether the call to the Worker is recorded.
    #[derive(Default)]
    pub enum CallRecord {
        /// It is not.
        #[default]
        DoNotRecord = "do-not-record",
        /// From the moment it is answered.
        RecordFromAnswer = "record-from-answer",
    }

    /// How far the call to the Worker is, as a status callback tells it.
    #[derive(Default)]
    pub enum CallEvent {
        /// It is dialed.
        Initiated = "initiated",
        /// The phone rings.
        Ringing = "ringing",
        /// Somebody picked up.
        Answered = "answered",
        /// It has ended, in whatever way.
        #[default]
        Completed = "completed",
    }

    /// What a conference's status callback can tell.
    #[derive(Default)]
    pub enum ConferenceEvent {
        /// It begins.
        #[default]
        Start = "start",
        /// It is over.
        End = "end",
        /// Somebody joins.
        Join = "join",
        /// Somebody leaves.
        Leave = "leave",
        /// Somebody is muted or unmuted.
        Mute = "mute",
        /// Somebody is put on hold or taken off it.
        Hold = "hold",
        /// Somebody begins or stops speaking.
        Speaker = "speaker",
    }

    /// When a conference beeps.
    #[derive(Default)]
    pub enum Beep {
        /// When somebody enters and when somebody leaves.
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
        /// It is not.
        #[default]
        DoNotRecord = "do-not-record" | "false",
        /// From its start.
        RecordFromStart = "record-from-start" | "true",
    }

    /// What becomes of silence at both ends of a recording.
    #[derive(Default)]
    pub enum Trim {
        /// It is cut off.
        #[default]
        TrimSilence = "trim-silence",
        /// It stays.
        DoNotTrim = "do-not-trim",
    }

    /// The tracks of a recording.
    #[derive(Default)]
    pub enum RecordingChannels {
        /// One for everybody.
        #[default]
        Mono = "mono",
        /// One for each side.
        Dual = "dual",
    }

    /// Where a conference is mixed.
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

    /// How much a conference smooths an uneven line.
    #[derive(Default)]
    pub enum JitterBufferSize {
        /// Little.
        Small = "small",
        /// Some.
        Medium = "medium",
        /// Much.
        #[default]
        Large = "large",
        /// Not at all.
        Off = "off",
    }

    /// How a callback is sent.
    #[derive(Default)]
    pub enum CallbackMethod {
        /// With a form.
        #[default]
        Post = "POST",
        /// With a query.
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
        /// Speak to both.
        Barge = "barge",
    }
}
