//! How a webhook of ours is delivered: settings in the fragment of its URL, which is neither sent nor signed
//! (voice-webhooks.md section 1, "Connection overrides").

use ids::time::Millis;

/// The settings of one URL. What its fragment does not say, or says in a way that cannot be used, is as by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionOverride {
    /// `ct`: how long connecting may take.
    pub connect_timeout: Millis,
    /// `rt`: how long the answer may take.
    pub read_timeout: Millis,
    /// `tt`: how long all attempts together may take.
    pub total_timeout: Millis,
    /// `rc`: attempts after the first one.
    pub retry_count: u8,
    /// `rp`: which failures are worth another attempt.
    pub retry_policy: RetryPolicy,
}

/// Which failures are worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetryPolicy {
    /// `4xx`
    pub client_error: bool,
    /// `5xx`
    pub server_error: bool,
    /// `ct`
    pub connect: bool,
    /// `rt`
    pub read: bool,
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryFailure {
    /// No connection came about.
    Connect,
    /// There was a connection, and no whole answer in time.
    Read,
    /// An answer with this status, which is no success.
    Status(u16),
}

/// Most attempts after the first one.
const RETRY_COUNT_MAX: u8 = 5;

/// The shortest time limit, in milliseconds.
const TIMEOUT_MIN_MILLIS: u64 = 100;

/// The longest time for connecting, in milliseconds.
const CONNECT_TIMEOUT_MAX_MILLIS: u64 = 10_000;

/// The longest time for anything else, in milliseconds.
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
    /// The URL as it is sent and signed, and how it is asked.
    pub fn split(url: &str) -> (&str, Self) {
        let (sent, fragment) = url.split_once('#').unwrap_or((url, ""));
        (sent, Self::parse(fragment))
    }

    /// The settings of a fragment, without its `#`.
    pub fn parse(fragment: &str) -> Self {
        let mut settings = Self::default();
        for (key, value) in form_urlencoded::parse(fragment.as_bytes()) {
            settings.set(&key, &value);
        }
        settings
    }

    /// Whether there is another attempt after `attempts` of them, the last of which failed so.
    pub fn tries_again(&self, attempts: u8, failure: DeliveryFailure) -> bool {
        attempts <= self.retry_count && self.retry_policy.covers(failure)
    }

    /// How long the next attempt may take in all, `spent` having passed since the first one began and `limit` being the most for
    /// webhooks of this kind. Nothing if the time is up.
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
        let within = |max| millis(value, max);
        match key {
            "ct" => {
                self.connect_timeout =
                    within(CONNECT_TIMEOUT_MAX_MILLIS).unwrap_or(self.connect_timeout)
            }
            "rt" => self.read_timeout = within(TIMEOUT_MAX_MILLIS).unwrap_or(self.read_timeout),
            "tt" => self.total_timeout = within(TIMEOUT_MAX_MILLIS).unwrap_or(self.total_timeout),
            "rc" => {
                let count = value.parse().ok().filter(|count| *count <= RETRY_COUNT_MAX);
                self.retry_count = count.unwrap_or(self.retry_count);
            }
            "rp" => self.retry_policy = RetryPolicy::parse(value).unwrap_or(self.retry_policy),
            // `sni` and `e` are about the carrier's own network; what else there is, is not ours.
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
    fn the_fragment_is_neither_sent_nor_signed() {
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
    fn every_key_is_read_and_what_cannot_be_used_is_as_by_default() {
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
    fn a_failure_is_tried_again_as_often_as_its_policy_says() {
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
    fn all_attempts_share_the_time_there_is() {
        let settings = ConnectionOverride::parse("ct=1000&rt=1000&tt=5000");
        let (limit, secs) = (Millis::from_secs(5), Millis::from_secs);
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
