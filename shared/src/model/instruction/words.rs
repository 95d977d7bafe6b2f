//! The words an instruction's parameters are made of (taskrouter.md section 11.3).

/// A closed set of words: parsed from text, written as text, named in errors.
pub(super) trait Word: Sized + Copy {
    /// Every word there is.
    const ALL: &'static [&'static str];

    /// The value `text` stands for.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! words {
    ($($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal $(| $also:literal)*,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// TaskRouter's word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl Word for $name {
            const ALL: &'static [&'static str] = &[$($word, $($also,)*)*];

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $($word $(| $also)* => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

words! {
    /// Whether the call to the Worker is recorded.
    pub enum CallRecord {
        /// It is not.
        #[default]
        DoNotRecord = "do-not-record",
        /// From the moment it is answered.
        RecordFromAnswer = "record-from-answer",
    }

    /// How far the call to the Worker is, as a status callback tells it.
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
    pub enum ConferenceRecord {
        /// It is not.
        #[default]
        DoNotRecord = "do-not-record" | "false",
        /// From its start.
        RecordFromStart = "record-from-start" | "true",
    }

    /// What becomes of silence at both ends of a recording.
    pub enum Trim {
        /// It is cut off.
        #[default]
        TrimSilence = "trim-silence",
        /// It stays.
        DoNotTrim = "do-not-trim",
    }

    /// The tracks of a recording.
    pub enum RecordingChannels {
        /// One for everybody.
        #[default]
        Mono = "mono",
        /// One for each side.
        Dual = "dual",
    }

    /// Where a conference is mixed.
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
    pub enum CallbackMethod {
        /// With a form.
        #[default]
        Post = "POST",
        /// With a query.
        Get = "GET",
    }

    /// What a supervisor can do in a conversation.
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
