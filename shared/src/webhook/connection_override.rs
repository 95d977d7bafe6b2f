//! Timeouts and retries of one outgoing webhook: settings in the fragment of its URL, which is
//! neither sent nor signed (voice-webhooks.md section 1, "Connection overrides").

use ids::time::Millis;

/// The settings of one URL. A setting that is absent or invalid has its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionOverride {
    /// `ct`: connect timeout.
    pub connect_timeout: Millis,
    /// `rt`: read timeout, until the response is complete.
    pub read_timeout: Millis,
    /// `tt`: total timeout of all attempts.
    pub total_timeout: Millis,
    /// `rc`: number of retries after the first attempt.
    pub retry_count: u8,
    /// `rp`: the failures that are retried.
    pub retry_policy: RetryPolicy,
}

/// The failures that are retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetryPolicy {
    /// `4xx`: a response with a 4xx status.
    pub client_error: bool,
    /// `5xx`: a response with a 5xx status.
    pub server_error: bool,
    /// `ct`: no connection within the connect timeout.
    pub connect: bool,
    /// `rt`: no complete response within the read timeout.
    pub read: bool,
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryFailure {
    /// No connection was established.
    Connect,
    /// The connection was established, but no complete response arrived in time.
    Read,
    /// A response with this status, which is not a success.
    Status(u16),
}

/// Most retries after the first attempt.
const RETRY_COUNT_MAX: u8 = 5;

/// Shortest timeout, in milliseconds.
const TIMEOUT_MIN_MILLIS: u64 = 100;

/// Longest connect timeout, in milliseconds.
const CONNECT_TIMEOUT_MAX_MILLIS: u64 = 10_000;

/// Longest read timeout and total timeout, in milliseconds.
const TIMEOUT_MAX_MILLIS: u64 = 15_000;

impl Default for ConnectionOverride {
    fn default() -> Self {
        Self {
            connect_timeout: Millis::from_secs(5),
            read_timeout: Millis::from_secs(15),
            total_timeout: Millis::from_secs(15),
            retry_count: 1,
            retry_policy: RetryPolicy {
                connect: true,
                ..RetryPolicy::default()
            },
        }
    }
}

impl ConnectionOverride {
    /// The URL without its fragment, as it is sent and signed, and the settings of the fragment.
    pub fn split(url: &str) -> (&str, Self) {
        let (sent, fragment) = url.split_once('#').unwrap_or((url, ""));
        (sent, Self::parse(fragment))
    }

    /// Parses a fragment, without its `#`.
    pub fn parse(fragment: &str) -> Self {
        let mut settings = Self::default();
        for (key, value) in form_urlencoded::parse(fragment.as_bytes()) {
            settings.set(&key, &value);
        }
        settings
    }

    /// Whether to retry after `attempts` attempts, the last of which ended with `failure`.
    pub fn tries_again(&self, attempts: u8, failure: DeliveryFailure) -> bool {
        attempts <= self.retry_count && self.retry_policy.covers(failure)
    }

    /// The timeout of the next attempt, `spent` having passed since the first one began; `limit`
    /// caps the total timeout of this kind of webhook. `None` when the time is up.
    pub fn time_left(&self, spent: Millis, limit: Millis) -> Option<Millis> {
        let total = self.total_timeout.min(limit).as_millis();
        let left = total
            .checked_sub(spent.as_millis())
            .filter(|left| *left > 0)?;
        let attempt = self
            .connect_timeout
            .as_millis()
            .saturating_add(self.read_timeout.as_millis());
        Some(Millis::from_millis(left.min(attempt)))
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "ct" => {
                self.connect_timeout =
                    millis(value, CONNECT_TIMEOUT_MAX_MILLIS).unwrap_or(self.connect_timeout);
            }
            "rt" => {
                self.read_timeout = millis(value, TIMEOUT_MAX_MILLIS).unwrap_or(self.read_timeout)
            }
            "tt" => {
                self.total_timeout =
                    millis(value, TIMEOUT_MAX_MILLIS).unwrap_or(self.total_timeout);
            }
            "rc" => {
                let count = value.parse().ok().filter(|count| *count <= RETRY_COUNT_MAX);
                self.retry_count = count.unwrap_or(self.retry_count);
            }
            "rp" => self.retry_policy = RetryPolicy::parse(value).unwrap_or(self.retry_policy),
            // `sni` and `e` configure the carrier's own network; any other key is unknown.
            _ => {}
        }
    }
}

impl RetryPolicy {
    fn parse(list: &str) -> Option<Self> {
        let mut policy = Self::default();
        for word in list.split(',') {
            match word.trim() {
                "4xx" => policy.client_error = true,
                "5xx" => policy.server_error = true,
                "ct" => policy.connect = true,
                "rt" => policy.read = true,
                "all" => {
                    policy = Self {
                        client_error: true,
                        server_error: true,
                        connect: true,
                        read: true,
                    }
                }
                _ => return None,
            }
        }
        Some(policy)
    }

    fn covers(self, failure: DeliveryFailure) -> bool {
        match failure {
            DeliveryFailure::Connect => self.connect,
            DeliveryFailure::Read => self.read,
            DeliveryFailure::Status(400..=499) => self.client_error,
            DeliveryFailure::Status(500..=599) => self.server_error,
            DeliveryFailure::Status(_) => false,
        }
    }
}

/// A timeout of [`TIMEOUT_MIN_MILLIS`] to `max`.
fn millis(value: &str, max: u64) -> Option<Millis> {
    let millis = value
        .parse()
        .ok()
        .filter(|millis| (TIMEOUT_MIN_MILLIS..=max).contains(millis))?;
    Some(Millis::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::super::signature::sign;
    use super::*;

    #[test]
    fn fragment_is_neither_sent_nor_signed() {
        let (sent, settings) = ConnectionOverride::split("https://app.example/hook?a=1#rc=2");
        assert_eq!(
            (sent, settings.retry_count),
            ("https://app.example/hook?a=1", 2)
        );
        let form = [("CallSid".to_owned(), "CA1".to_owned())];
        assert_eq!(
            sign("token", "https://app.example/hook?a=1#rc=2", &form),
            sign("token", sent, &form)
        );
        assert_eq!(
            ConnectionOverride::split("https://app.example").1,
            ConnectionOverride::default()
        );
    }

    #[test]
    fn invalid_override_keeps_the_default() {
        let all = ConnectionOverride::parse(
            "ct=2000&rt=3000&tt=4000&rc=5&rp=5xx,ct&sni=n&e=ashburn,dublin",
        );
        let expected = ConnectionOverride {
            connect_timeout: Millis::from_secs(2),
            read_timeout: Millis::from_secs(3),
            total_timeout: Millis::from_secs(4),
            retry_count: 5,
            retry_policy: RetryPolicy {
                server_error: true,
                connect: true,
                ..RetryPolicy::default()
            },
        };
        assert_eq!(all, expected);
        for wrong in [
            "", "ct=99", "ct=10001", "rt=15001", "tt=x", "rc=6", "rc=-1", "rp=6xx", "rp=", "=",
            "%ff=%ff", "&&",
        ] {
            assert_eq!(
                ConnectionOverride::parse(wrong),
                ConnectionOverride::default(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn retries_follow_count_and_policy() {
        use DeliveryFailure::{Connect, Read, Status};
        for (fragment, failure, attempts) in [
            ("", Connect, 2),
            ("", Read, 1),
            ("", Status(503), 1),
            ("rc=0", Connect, 1),
            ("rc=2&rp=5xx", Status(503), 3),
            ("rc=2&rp=5xx", Status(404), 1),
            ("rc=2&rp=5xx", Status(302), 1),
            ("rc=2&rp=5xx", Connect, 1),
            ("rc=2&rp=4xx", Status(404), 3),
            ("rc=5&rp=all", Read, 6),
            ("rc=5&rp=all", Status(302), 1),
        ] {
            let settings = ConnectionOverride::parse(fragment);
            let made = (1..).find(|made| !settings.tries_again(*made, failure));
            assert_eq!(made, Some(attempts), "{fragment} {failure:?}");
        }
    }

    #[test]
    fn attempts_share_the_total_timeout() {
        let settings = ConnectionOverride::parse("ct=1000&rt=1000&tt=5000");
        let limit = Millis::from_secs(5);
        let secs = Millis::from_secs;
        assert_eq!(settings.time_left(secs(0), limit), Some(secs(2)));
        assert_eq!(settings.time_left(secs(4), limit), Some(secs(1)));
        assert_eq!(settings.time_left(secs(5), limit), None);
        assert_eq!(settings.time_left(secs(6), limit), None);
        assert_eq!(
            ConnectionOverride::default().time_left(secs(0), limit),
            Some(secs(5))
        );
        assert_eq!(
            ConnectionOverride::default().time_left(secs(0), secs(15)),
            Some(secs(15))
        );
    }
}
