//! Sign-in and authorization: the session's cookie, the ticket of a sign-in link, and the token
//! against forged requests (CSRF).
//!
//! All three are texts that carry their own authentication code (HMAC), made with a key derived
//! from the account's auth token. A new auth token ends every session. Only used tickets are
//! stored: a sign-in link works once.

use std::fmt::{self, Display};
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use ids::time::{Millis, Timestamp};
use ids::{WorkerSid, WorkspaceSid};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Lifetime of a session: a long working day.
pub const SESSION_LIFE: Millis = Millis::from_secs(12 * 3_600);

/// Lifetime of a sign-in link: long enough to find the terminal, or to pass the link on.
pub const TICKET_LIFE: Millis = Millis::from_secs(3_600);

/// The cookie's name over plain HTTP, on the local machine.
const COOKIE: &str = "cordboard";

/// The cookie's name over HTTPS. The prefix makes browsers restrict the cookie to this host and to
/// HTTPS.
const COOKIE_SECURE: &str = "__Host-cordboard";

/// The cookie that names the Workspace to show. It grants no access, so it is not signed.
const WORKSPACE_COOKIE: &str = "cordboard-workspace";

/// The purpose of a signed text. It is part of the authentication code, so a text of one purpose is
/// never valid for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Key,
    Session,
    Ticket,
    Csrf,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Key => "cordboard console 1",
            Self::Session => "session",
            Self::Ticket => "ticket",
            Self::Csrf => "csrf",
        }
    }
}

/// The access that a session grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Every page of the console.
    Administrator,
    /// The desktop of one Worker, and no other page.
    Agent(WorkerSid),
}

/// A role and the end of its validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The access of this session.
    pub role: Role,
    /// The moment at which the session expires.
    pub expires: Timestamp,
}

/// The content of a sign-in link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The role of the session that it begins.
    pub role: Role,
    /// The moment at which the link expires.
    pub expires: Timestamp,
    /// A name that no other ticket has: its signature.
    pub name: String,
}

/// Signs and verifies sessions, tickets and form tokens.
#[derive(Clone)]
pub struct Signer {
    key: Hmac<Sha256>,
    transport: Transport,
}

/// The transport of the pages between the browser and the contact centre's public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP, on the local machine.
    Http,
    /// HTTPS. Cookies are restricted to HTTPS.
    Https,
}

impl Signer {
    /// The signer of the account with this auth token.
    pub fn new(auth_token: &str, transport: Transport) -> Self {
        let derived = tag(&mac(auth_token.as_bytes()), Purpose::Key, "");
        Self {
            key: mac(derived.as_bytes()),
            transport,
        }
    }

    /// The `Set-Cookie` header that begins a session.
    pub fn cookie(&self, session: &Session) -> String {
        let text = self.seal(Purpose::Session, session);
        let (name, secure) = self.cookie_kind();
        let secs = SESSION_LIFE.as_secs();
        format!("{name}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}")
    }

    /// The `Set-Cookie` header that ends the session in this browser.
    pub fn clear_cookie(&self) -> String {
        let (name, secure) = self.cookie_kind();
        format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}")
    }

    /// The session of a request; `None` if the cookie is missing, forged or expired.
    pub fn session(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let (name, _) = self.cookie_kind();
        cookie(headers, name).and_then(|text| self.open(Purpose::Session, text, now))
    }

    /// The `Set-Cookie` header that chooses a Workspace, for the lifetime of a session.
    pub fn workspace_cookie(&self, workspace: WorkspaceSid) -> String {
        let (_, secure) = self.cookie_kind();
        let secs = SESSION_LIFE.as_secs();
        format!(
            "{WORKSPACE_COOKIE}={workspace}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}"
        )
    }

    /// The ticket of a sign-in link for `role`.
    pub fn ticket(&self, role: Role, now: Timestamp) -> String {
        self.seal(
            Purpose::Ticket,
            &Session {
                role,
                expires: now + TICKET_LIFE,
            },
        )
    }

    /// The content of a ticket; `None` if it is forged or expired. Whether it was used before is
    /// recorded in the table.
    pub fn read_ticket(&self, ticket: &str, now: Timestamp) -> Option<Ticket> {
        let Session { role, expires } = self.open(Purpose::Ticket, ticket, now)?;
        let (_, name) = ticket.rsplit_once('.')?;
        Some(Ticket {
            role,
            expires,
            name: name.to_owned(),
        })
    }

    /// The token of the forms of this session on pages that show this Workspace.
    pub fn csrf(&self, session: &Session, workspace: WorkspaceSid) -> String {
        tag(&self.key, Purpose::Csrf, &format!("{session} {workspace}"))
    }

    /// Whether `token` is the form token of this session and of the Workspace that the request
    /// changes.
    pub fn accepts_csrf(&self, session: &Session, workspace: WorkspaceSid, token: &str) -> bool {
        self.csrf(session, workspace)
            .as_bytes()
            .ct_eq(token.as_bytes())
            .into()
    }

    /// The name of the session's cookie and the attribute that ends a `Set-Cookie` header.
    fn cookie_kind(&self) -> (&'static str, &'static str) {
        match self.transport {
            Transport::Http => (COOKIE, ""),
            Transport::Https => (COOKIE_SECURE, "; Secure"),
        }
    }

    fn seal(&self, purpose: Purpose, session: &Session) -> String {
        let text = session.to_string();
        let tag = tag(&self.key, purpose, &text);
        format!("{text}.{tag}")
    }

    fn open(&self, purpose: Purpose, sealed: &str, now: Timestamp) -> Option<Session> {
        let (text, given) = sealed.rsplit_once('.')?;
        let is_ours: bool = tag(&self.key, purpose, text)
            .as_bytes()
            .ct_eq(given.as_bytes())
            .into();
        if !is_ours {
            return None;
        }
        let session: Session = text.parse().ok()?;
        (session.expires > now).then_some(session)
    }
}

/// The Workspace that the browser has chosen; `None` if it has chosen none.
pub fn chosen_workspace(headers: &HeaderMap) -> Option<WorkspaceSid> {
    cookie(headers, WORKSPACE_COOKIE)?.parse().ok()
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, text)| text)
}

/// `admin.<milliseconds>` or `WK….<milliseconds>`.
impl Display for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.expires.as_millis();
        match self.role {
            Role::Administrator => write!(formatter, "{ADMINISTRATOR}.{until}"),
            Role::Agent(worker) => write!(formatter, "{worker}.{until}"),
        }
    }
}

const ADMINISTRATOR: &str = "admin";

impl FromStr for Session {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (role, until) = text.split_once('.').ok_or(())?;
        let role = match role {
            ADMINISTRATOR => Role::Administrator,
            worker => Role::Agent(worker.parse().map_err(|_| ())?),
        };
        Ok(Self {
            role,
            expires: Timestamp::from_millis(until.parse().map_err(|_| ())?),
        })
    }
}

/// HMAC accepts keys of every length, so the fallback is never used.
fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

fn tag(key: &Hmac<Sha256>, purpose: Purpose, text: &str) -> String {
    let mut mac = key.clone();
    mac.update(purpose.label().as_bytes());
    mac.update(b"\0");
    mac.update(text.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_348_800_000);
    const ALICE: WorkerSid = WorkerSid::from_bytes([1; 16]);

    fn signer() -> Signer {
        Signer::new("0123456789abcdef0123456789abcdef", Transport::Http)
    }

    fn session(role: Role) -> Session {
        Session {
            role,
            expires: NOW + SESSION_LIFE,
        }
    }

    /// The headers of a browser that received this `Set-Cookie` header.
    fn headers(set_cookie: &str) -> HeaderMap {
        let pair = set_cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(
            header::COOKIE,
            format!("theme=dark; {pair}").parse().unwrap(),
        )])
    }

    #[test]
    fn cookie_restores_session_until_it_expires() {
        for role in [Role::Administrator, Role::Agent(ALICE)] {
            let headers = headers(&signer().cookie(&session(role)));
            assert_eq!(signer().session(&headers, NOW), Some(session(role)));
            assert_eq!(signer().session(&headers, NOW + SESSION_LIFE), None);
            assert_eq!(
                Signer::new("another token", Transport::Http).session(&headers, NOW),
                None
            );
        }
    }

    #[test]
    fn changed_cookie_is_rejected() {
        let cookie = signer().cookie(&session(Role::Agent(ALICE)));
        let text = cookie.split(';').next().unwrap();
        for changed in [
            text.replace(&ALICE.to_string(), ADMINISTRATOR),
            text.replace("17953", "27953"),
            text.get(..text.len() - 1).unwrap().to_owned(),
            format!("{text}0"),
            text.split_once('.').unwrap().0.to_owned(),
            "cordboard=".to_owned(),
            "cordboard=.".to_owned(),
        ] {
            assert_eq!(signer().session(&headers(&changed), NOW), None, "{changed}");
        }
    }

    #[test]
    fn cookie_attributes_restrict_access() {
        let cookie = signer().cookie(&session(Role::Administrator));
        assert!(
            cookie.contains("; HttpOnly; SameSite=Strict; Max-Age=43200"),
            "{cookie}"
        );
        let secure = Signer::new("token", Transport::Https).cookie(&session(Role::Administrator));
        assert!(
            secure.starts_with("__Host-cordboard=") && secure.ends_with("; Secure"),
            "{secure}"
        );
    }

    #[test]
    fn ticket_expires_and_is_no_session() {
        let ticket = signer().ticket(Role::Agent(ALICE), NOW);
        let read = signer().read_ticket(&ticket, NOW).unwrap();
        assert_eq!(
            (read.role, read.expires),
            (Role::Agent(ALICE), NOW + TICKET_LIFE)
        );
        let other = signer().ticket(Role::Agent(ALICE), NOW + Millis::from_millis(1));
        assert_ne!(signer().read_ticket(&other, NOW).unwrap().name, read.name);
        assert_eq!(signer().read_ticket(&ticket, NOW + TICKET_LIFE), None);
        assert_eq!(
            signer().session(&headers(&format!("cordboard={ticket}")), NOW),
            None
        );
        let cookie = signer().cookie(&session(Role::Administrator));
        let text = cookie.split([';', '=']).nth(1).unwrap();
        assert_eq!(signer().read_ticket(text, NOW), None);
    }

    #[test]
    fn token_fits_one_session_and_workspace() {
        let own_session = session(Role::Administrator);
        let other_session = session(Role::Agent(ALICE));
        let shown = WorkspaceSid::from_bytes([2; 16]);
        let other_workspace = WorkspaceSid::from_bytes([3; 16]);
        let token = signer().csrf(&own_session, shown);
        assert!(signer().accepts_csrf(&own_session, shown, &token));
        for wrong in [
            signer().csrf(&other_session, shown),
            signer().csrf(&own_session, other_workspace),
            String::new(),
            "0".repeat(64),
        ] {
            assert!(
                !signer().accepts_csrf(&own_session, shown, &wrong),
                "{wrong}"
            );
        }
    }

    #[test]
    fn workspace_cookie_restores_choice() {
        let workspace = WorkspaceSid::from_bytes([2; 16]);
        assert_eq!(
            chosen_workspace(&headers(&signer().workspace_cookie(workspace))),
            Some(workspace)
        );
        assert_eq!(
            chosen_workspace(&headers("cordboard-workspace=../..; Path=/")),
            None
        );
        assert_eq!(chosen_workspace(&HeaderMap::new()), None);
    }
}
