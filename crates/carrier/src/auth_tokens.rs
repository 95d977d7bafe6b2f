//! The account's auth tokens: one, or two while they are rotated (docs/guide/operate.md, "Rotate the
//! auth token").
//!
//! A carrier has a primary token, which signs its webhooks, and during a rotation a secondary one,
//! which becomes the primary one (voice-webhooks.md section 2). Both are valid for its API. A process
//! that has read its tokens before a rotation reads them again when a check fails, at a bounded rate.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Pause between two readings by one process after failed checks. Any client can send a wrong signature,
/// and Parameter Store allows the account 40 requests a second: a thousand processes stay below it.
pub const REREAD_PAUSE: Duration = Duration::from_secs(30);

/// How long a process uses tokens without reading them again, where it signs: nothing tells a sender
/// that its signatures have become invalid.
pub const TOKENS_KEPT: Duration = Duration::from_secs(300);

/// The tokens at one moment. The `Debug` output contains neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Signs our webhooks, and is the password at the carrier's API.
    pub primary: String,
    /// Accepted like the primary one.
    pub secondary: Option<String>,
}

/// A text that is not one token or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an auth token, or the primary and the secondary one separated by a comma")]
pub struct TokensError;

impl Tokens {
    /// One token.
    pub fn one(primary: impl Into<String>) -> Self {
        Self {
            primary: primary.into(),
            secondary: None,
        }
    }

    /// Reads `PRIMARY` or `PRIMARY,SECONDARY`.
    ///
    /// # Errors
    /// [`TokensError`], without the text.
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        let mut parts = text.split(',').map(str::trim);
        let primary = parts.next().filter(|token| !token.is_empty());
        let secondary = parts.next();
        let is_empty = secondary.is_some_and(str::is_empty);
        match (primary, parts.next()) {
            (Some(primary), None) if !is_empty => Ok(Self {
                primary: primary.to_owned(),
                secondary: secondary.map(str::to_owned),
            }),
            (Some(_) | None, Some(_) | None) => Err(TokensError),
        }
    }

    /// Every valid token, the primary one first.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let secondary = self.secondary.as_deref();
        std::iter::once(self.primary.as_str()).chain(secondary)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// A reading in progress; the error is a sentence for the log.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Tokens, String>> + Send + 'a>>;

/// Reads the tokens from where they are kept.
pub trait TokenReader: Send + Sync {
    /// Reads the tokens as they are now.
    fn read(&self) -> Reading<'_>;
}

/// The tokens of a process.
pub struct AuthTokens {
    current: RwLock<Arc<Tokens>>,
    source: Option<Source>,
}

struct Source {
    reader: Box<dyn TokenReader>,
    /// Locked while the tokens are read, so that one request reads them for all.
    last: Mutex<Last>,
}

/// The latest readings.
struct Last {
    /// Any reading.
    read: Instant,
    /// A reading after a failed check.
    reread: Option<Instant>,
}

impl AuthTokens {
    /// Tokens that do not change while the process runs.
    pub fn fixed(tokens: Tokens) -> Arc<Self> {
        Arc::new(Self {
            current: RwLock::new(Arc::new(tokens)),
            source: None,
        })
    }

    /// Tokens that `reader` has just read, and reads again.
    pub fn from_reader(tokens: Tokens, reader: impl TokenReader + 'static) -> Arc<Self> {
        let last = Last {
            read: Instant::now(),
            reread: None,
        };
        let source = Source {
            reader: Box::new(reader),
            last: Mutex::new(last),
        };
        Arc::new(Self {
            current: RwLock::new(Arc::new(tokens)),
            source: Some(source),
        })
    }

    /// The tokens as last read.
    pub fn current(&self) -> Arc<Tokens> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// The tokens, at most [`TOKENS_KEPT`] old. A failed reading is logged, and the known tokens are
    /// used.
    pub async fn fresh(&self) -> Arc<Tokens> {
        if let Some(source) = &self.source {
            let mut last = source.last.lock().await;
            if last.read.elapsed() >= TOKENS_KEPT {
                last.read = Instant::now();
                self.read_from(source).await;
            }
        }
        self.current()
    }

    /// Tokens other than `seen`, with which a check has failed: those that another request has read
    /// since, or, once in [`REREAD_PAUSE`], those that are read now. `None`: there are no others.
    pub async fn newer_than(&self, seen: &Arc<Tokens>) -> Option<Arc<Tokens>> {
        let source = self.source.as_ref()?;
        let mut last = source.last.lock().await;
        let is_known = self.current() == *seen;
        let is_due = last
            .reread
            .is_none_or(|reread| reread.elapsed() >= REREAD_PAUSE);
        if is_known && is_due {
            let now = Instant::now();
            last.reread = Some(now);
            last.read = now;
            self.read_from(source).await;
        }
        Some(self.current()).filter(|current| current != seen)
    }

    async fn read_from(&self, source: &Source) {
        match source.reader.read().await {
            Ok(read) => self.replace(read),
            Err(error) => {
                tracing::error!(error, "auth token not read again, the known one is used")
            }
        }
    }

    fn replace(&self, read: Tokens) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if **current != read {
            tracing::info!("auth token replaced");
            *current = Arc::new(read);
        }
    }
}

/// The token that a request to the carrier is sent with. At the moment of its promotion the secondary
/// token becomes the only valid one.
pub(crate) struct Password {
    tokens: Arc<Tokens>,
    is_secondary: bool,
}

impl Password {
    pub fn primary(tokens: Arc<Tokens>) -> Self {
        Self {
            tokens,
            is_secondary: false,
        }
    }

    pub fn text(&self) -> &str {
        match &self.tokens.secondary {
            Some(secondary) if self.is_secondary => secondary,
            Some(_) | None => &self.tokens.primary,
        }
    }

    /// The next token to try after the carrier refused this one: the secondary one, then those that
    /// were stored since.
    pub async fn other(&self, known: &AuthTokens) -> Option<Self> {
        if self.tokens.secondary.is_some() && !self.is_secondary {
            return Some(Self {
                tokens: Arc::clone(&self.tokens),
                is_secondary: true,
            });
        }
        known.newer_than(&self.tokens).await.map(Self::primary)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A place where tokens are kept, which counts the readings.
    #[derive(Clone, Default)]
    struct Kept {
        text: Arc<StdMutex<String>>,
        readings: Arc<AtomicU32>,
    }

    impl Kept {
        fn put(&self, text: &str) {
            text.clone_into(&mut self.text.lock().unwrap());
        }

        fn readings(&self) -> u32 {
            self.readings.load(Ordering::SeqCst)
        }
    }

    impl TokenReader for Kept {
        fn read(&self) -> Reading<'_> {
            self.readings.fetch_add(1, Ordering::SeqCst);
            let tokens = Tokens::parse(&self.text.lock().unwrap());
            Box::pin(std::future::ready(
                tokens.map_err(|error| error.to_string()),
            ))
        }
    }

    #[test]
    fn one_token_or_two_are_read() {
        for (text, expected) in [
            ("a", Some(("a", None))),
            ("a,b", Some(("a", Some("b")))),
            (" a , b\n", Some(("a", Some("b")))),
            ("", None),
            ("a,", None),
            (",b", None),
            ("a,b,c", None),
        ] {
            let expected = expected.map(|(primary, secondary): (&str, Option<&str>)| Tokens {
                primary: primary.to_owned(),
                secondary: secondary.map(str::to_owned),
            });
            assert_eq!(Tokens::parse(text).ok(), expected, "{text}");
        }
        assert!(!format!("{:?}", Tokens::one("secret")).contains("secret"));
    }

    #[tokio::test(start_paused = true)]
    async fn failed_checks_reread_at_a_bounded_rate() {
        let kept = Kept::default();
        kept.put("old");
        let tokens = AuthTokens::from_reader(Tokens::one("old"), kept.clone());
        let old = tokens.current();
        for _ in 0..100 {
            assert_eq!(tokens.newer_than(&old).await, None);
        }
        assert_eq!(kept.readings(), 1);
        kept.put("old,new");
        assert_eq!(tokens.newer_than(&old).await, None, "too early");
        tokio::time::advance(REREAD_PAUSE).await;
        let both = tokens.newer_than(&old).await.unwrap();
        assert_eq!(both.all().collect::<Vec<_>>(), ["old", "new"]);
        // A request that failed with the old one needs no reading any more.
        assert_eq!(tokens.newer_than(&old).await, Some(both));
        assert_eq!(kept.readings(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn sender_reads_tokens_again_in_time() {
        let kept = Kept::default();
        kept.put("new");
        let tokens = AuthTokens::from_reader(Tokens::one("old"), kept.clone());
        assert_eq!(tokens.fresh().await.primary, "old");
        tokio::time::advance(TOKENS_KEPT).await;
        assert_eq!(tokens.fresh().await.primary, "new");
        kept.put("");
        tokio::time::advance(TOKENS_KEPT).await;
        assert_eq!(tokens.fresh().await.primary, "new", "unreadable");
        assert_eq!(kept.readings(), 2);
    }
}
