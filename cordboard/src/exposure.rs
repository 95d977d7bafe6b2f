//! Who reaches a contact centre: programs on this machine alone, or others, too. A centre that others
//! reach needs credentials of its own and an address for them.

use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use runtime::parameter_store::AUTH_TOKEN_CHARS_MIN;
use runtime::{Env, EnvError};

/// The URL at which others reach a contact centre: `http://` or `https://`, without a slash at the
/// end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

const AUTH_TOKEN: &str = "AUTH_TOKEN";
const SECONDARY_AUTH_TOKEN: &str = "SECONDARY_AUTH_TOKEN";

/// What a public URL must be.
const EXPECTED: &str = "an http:// or https:// URL without a query, such as https://centre.example";

impl PublicUrl {
    /// The URL's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected {EXPECTED}");
        let url: Uri = text.parse().map_err(|_| expected())?;
        let is_web = matches!(url.scheme_str(), Some("http" | "https"));
        if !is_web || url.query().is_some() || text.contains('#') {
            return Err(expected());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// Why a contact centre must not be reached by others as it is set up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An environment variable is malformed.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Other machines reach the address, and there is no URL for them.
    #[error(
        "--bind {0} opens this contact centre to other machines: set --public-url to the URL at which they reach it, such as https://centre.example"
    )]
    NoPublicUrl(IpAddr),
    /// There are no credentials of its owner's.
    #[error(
        "others reach this contact centre at {0}: set the environment variables ACCOUNT_SID (AC and 32 hexadecimal digits) and AUTH_TOKEN (at least {AUTH_TOKEN_CHARS_MIN} characters, such as the output of `openssl rand -hex 16`) to credentials of your own"
    )]
    NoCredentials(String),
    /// The auth token can be guessed.
    #[error(
        "others reach this contact centre at {url}: {name} has {chars} characters, expected at least {AUTH_TOKEN_CHARS_MIN}, such as the output of `openssl rand -hex 16`"
    )]
    ShortToken {
        /// The public URL.
        url: String,
        /// The token's variable.
        name: &'static str,
        /// The token's characters.
        chars: usize,
    },
}

/// The URL at which others reach the contact centre: the given one, otherwise `PUBLIC_URL`; `None` if
/// only this machine reaches it.
///
/// # Errors
/// It listens at an address that other machines reach, without a public URL or without `ACCOUNT_SID`
/// and `AUTH_TOKEN` in the environment.
pub fn public_url(
    given: Option<&PublicUrl>,
    bind: IpAddr,
    env: &Env<'_>,
) -> Result<Option<PublicUrl>, Error> {
    let from_env = || env.optional("PUBLIC_URL", EXPECTED);
    let url = match given.cloned() {
        Some(given) => Some(given),
        None => from_env()?,
    };
    let Some(url) = url else {
        return if bind.is_loopback() {
            Ok(None)
        } else {
            Err(Error::NoPublicUrl(bind))
        };
    };
    let account_sid: Option<String> = env.optional("ACCOUNT_SID", "an account SID")?;
    let auth_token: Option<String> = env.optional(AUTH_TOKEN, "the auth token")?;
    let (Some(_), Some(auth_token)) = (account_sid, auth_token) else {
        return Err(Error::NoCredentials(url.0));
    };
    let secondary: Option<String> =
        env.optional(SECONDARY_AUTH_TOKEN, "the secondary auth token")?;
    let tokens = [
        (AUTH_TOKEN, Some(auth_token)),
        (SECONDARY_AUTH_TOKEN, secondary),
    ];
    for (name, token) in tokens {
        let chars = token.map_or(AUTH_TOKEN_CHARS_MIN, |token| token.chars().count());
        if chars < AUTH_TOKEN_CHARS_MIN {
            let PublicUrl(url) = url;
            return Err(Error::ShortToken { url, name, chars });
        }
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const SID: (&str, &str) = ("ACCOUNT_SID", "AC00000000000000000000000000000001");
    const TOKEN: (&str, &str) = ("AUTH_TOKEN", "0123456789abcdef0123456789abcdef");
    const URL: (&str, &str) = ("PUBLIC_URL", "https://centre.example/");

    fn found(bind: IpAddr, variables: &[(&str, &str)]) -> Result<Option<PublicUrl>, Error> {
        let find = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        public_url(None, bind, &Env::new(find))
    }

    #[test]
    fn public_url_is_a_web_address() {
        for (text, expected) in [
            ("https://centre.example", Some("https://centre.example")),
            ("http://10.0.0.5:9000/", Some("http://10.0.0.5:9000")),
            ("centre.example", None),
            ("ftp://centre.example", None),
            ("https://centre.example/?a=b", None),
            ("https://", None),
            ("", None),
        ] {
            let parsed: Option<PublicUrl> = text.parse().ok();
            assert_eq!(parsed.as_ref().map(PublicUrl::as_str), expected, "{text}");
        }
    }

    #[test]
    fn others_need_url_and_own_credentials() {
        let everywhere = [
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5)),
        ];
        for bind in everywhere {
            assert_eq!(found(bind, &[SID, TOKEN]), Err(Error::NoPublicUrl(bind)));
        }
        for bind in everywhere.into_iter().chain([LOCAL]) {
            let public = found(bind, &[URL, SID, TOKEN]).unwrap().unwrap();
            assert_eq!(public.as_str(), "https://centre.example");
            for missing in [vec![URL], vec![URL, SID], vec![URL, TOKEN]] {
                let error = found(bind, &missing).unwrap_err();
                assert!(matches!(error, Error::NoCredentials(_)), "{error}");
                let text = error.to_string();
                assert!(text.contains("ACCOUNT_SID") && text.contains("AUTH_TOKEN"));
            }
            for short in [
                [
                    URL,
                    SID,
                    (AUTH_TOKEN, "secret"),
                    (SECONDARY_AUTH_TOKEN, TOKEN.1),
                ],
                [URL, SID, TOKEN, (SECONDARY_AUTH_TOKEN, "secret")],
            ] {
                let short = found(bind, &short);
                assert!(matches!(short, Err(Error::ShortToken { chars: 6, .. })));
            }
        }
        assert_eq!(found(LOCAL, &[]), Ok(None));
    }
}
