//! Closed sets of words: the vocabularies of TaskRouter and of the carrier.

/// A closed set of words: parsed from text, printed as text, listed in error messages.
pub trait Word: Sized + Copy {
    /// Every accepted word, synonyms included.
    const ALL: &'static [&'static str];

    /// The value of the word `text`; `None` for any other text.
    fn parse(text: &str) -> Option<Self>;
}

/// Defines enums whose values are words. A value can have several words: the first is printed, all
/// are parsed.
///
/// ```
/// use vocabulary::{Word, words};
///
/// words! {
///     /// An answer.
///     pub enum Answer {
///         /// Yes.
///         Yes = "yes" | "y",
///     }
/// }
/// assert_eq!(Answer::parse("y"), Some(Answer::Yes));
/// assert_eq!(Answer::Yes.to_string(), "yes");
/// ```
#[macro_export]
macro_rules! words {
    ($($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal $(| $also:literal)*,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The word of the value in the API.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::Word for $name {
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
