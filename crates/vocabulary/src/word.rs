//! Closed sets of words: TaskRouter's and the carrier's vocabularies.

/// A closed set of words: parsed from text, written as text, named in errors.
pub trait Word: Sized + Copy {
    /// Every word there is.
    const ALL: &'static [&'static str];

    /// The value `text` stands for.
    fn parse(text: &str) -> Option<Self>;
}

/// Defines enums whose values are words; a value can have more than one.
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
            /// The word for it.
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
