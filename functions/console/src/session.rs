//! Who is at the page: the session's cookie, the link that signs in, and the token against forged requests.
//!
//! All three are texts that carry their own authentication code, made with a key derived from the account's auth token. A new
//! auth token ends every session. Nothing is kept but which links were used: a link signs in once.

use std::fmt::{self, Display};
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use ids::time::{Millis, Timestamp};
use ids::{WorkerSid, WorkspaceSid};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How long a session lasts: a long working day.
pub const SESSION_LIFE: Millis = Millis::from_secs(12 * 3_600);

/// How long a link that signs in works: long enough to find the terminal, or to hand it to somebody.
pub const TICKET_LIFE: Millis = Millis::from_secs(3_600);

/// The cookie's name over plain HTTP, on one's own machine.
const COOKIE: &str = "cordboard";

/// The cookie's name over HTTPS: browsers keep such a one to this very host and to HTTPS.
const COOKIE_SECURE: &str = "__Host-cordboard";

/// The cookie that says which Workspace is shown. It opens nothing, so it is not signed.
const WORKSPACE_COOKIE: &str = "cordboard-workspace";

/// What a signed text is for: one kind never passes for another.
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

/// What somebody who signed in may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Administrator,
    /// The desktop of one Worker, and nothing else.
    Agent(WorkerSid),
}

/// A role until a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// What may be done.
    pub role: Role,
    /// When it is over.
    pub expires: Timestamp,
}

/// What a link carries that signs somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Who they will be.
    pub role: Role,
    /// Until when it works.
    pub expires: Timestamp,
    /// What no other ticket is called.
    pub name: String,
}

/// Makes and checks what is signed.
#[derive(Clone)]
pub struct Signer {
    key: Hmac<Sha256>,
    is_secure: bool,
}

impl Signer {
    /// One for the account with this auth token; `is_secure`: whether pages are served over HTTPS.
    pub fn new(auth_token: &str, is_secure: bool) -> Self {
        let derived = tag(&mac(auth_token.as_bytes()), Purpose::Key, "");
        Self {
            key: mac(derived.as_bytes()),
            is_secure,
        }
    }

    /// The `Set-Cookie` that begins a session.
    pub fn cookie(&self, session: &Session) -> String {
        let text = self.seal(Purpose::Session, session);
        let (name, secure) = self.cookie_kind();
        let secs = SESSION_LIFE.as_secs();
        format!("{name}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}")
    }

    /// The `Set-Cookie` that ends it.
    pub fn no_cookie(&self) -> String {
        let (name, secure) = self.cookie_kind();
        format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}")
    }

    /// The session a request belongs to, if it is one of ours and not over.
    pub fn session(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let (name, _) = self.cookie_kind();
        cookie(headers, name).and_then(|text| self.open(Purpose::Session, text, now))
    }

    /// The `Set-Cookie` that chooses a Workspace, for as long as a session may last.
    pub fn workspace_cookie(&self, workspace: WorkspaceSid) -> String {
        let (_, secure) = self.cookie_kind();
        let secs = SESSION_LIFE.as_secs();
        format!(
            "{WORKSPACE_COOKIE}={workspace}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}"
        )
    }

    /// What a link carries that signs in with `role`.
    pub fn ticket(&self, role: Role, now: Timestamp) -> String {
        self.seal(
            Purpose::Ticket,
            &Session {
                role,
                expires: now + TICKET_LIFE,
            },
        )
    }

    /// What a link carries, if it is one of ours and still works. Whether it was used is not known here.
    pub fn read_ticket(&self, ticket: &str, now: Timestamp) -> Option<Ticket> {
        let Session { role, expires } = self.open(Purpose::Ticket, ticket, now)?;
        let (_, name) = ticket.rsplit_once('.')?;
        Some(Ticket {
            role,
            expires,
            name: name.to_owned(),
        })
    }

    /// The token every form of this session carries, in pages that show this Workspace.
    pub fn csrf(&self, session: &Session, workspace: WorkspaceSid) -> String {
        tag(&self.key, Purpose::Csrf, &format!("{session} {workspace}"))
    }

    /// Whether a request that changes something carries the token of its session and of the Workspace it would change.
    pub fn is_csrf(&self, session: &Session, workspace: WorkspaceSid, token: &str) -> bool {
        self.csrf(session, workspace)
            .as_bytes()
            .ct_eq(token.as_bytes())
            .into()
    }

    fn cookie_kind(&self) -> (&'static str, &'static str) {
        if self.is_secure {
            (COOKIE_SECURE, "; Secure")
        } else {
            (COOKIE, "")
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
        let session: Session = text.parse().ok().filter(|_| is_ours)?;
        (session.expires > now).then_some(session)
    }
}

/// The Workspace a browser has chosen.
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

/// HMAC takes keys of every length.
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
        Signer::new("0123456789abcdef0123456789abcdef", false)
    }

    fn session(role: Role) -> Session {
        Session {
            role,
            expires: NOW + SESSION_LIFE,
        }
    }

    /// The headers of a browser that was sent this `Set-Cookie`.
    fn headers(set_cookie: &str) -> HeaderMap {
        let pair = set_cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(
            header::COOKIE,
            format!("theme=dark; {pair}").parse().unwrap(),
        )])
    }

    #[test]
    fn a_cookie_brings_back_the_session_it_was_made_for_until_it_is_over() {
        for role in [Role::Administrator, Role::Agent(ALICE)] {
            let headers = headers(&signer().cookie(&session(role)));
            assert_eq!(signer().session(&headers, NOW), Some(session(role)));
            assert_eq!(signer().session(&headers, NOW + SESSION_LIFE), None);
            assert_eq!(
                Signer::new("another token", false).session(&headers, NOW),
                None
            );
        }
    }

    #[test]
    fn a_cookie_that_was_changed_is_none() {
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
    fn scripts_other_sites_and_plain_http_do_not_get_the_cookie() {
        let cookie = signer().cookie(&session(Role::Administrator));
        assert!(
            cookie.contains("; HttpOnly; SameSite=Strict; Max-Age=43200"),
            "{cookie}"
        );
        let secure = Signer::new("token", true).cookie(&session(Role::Administrator));
        assert!(
            secure.starts_with("__Host-cordboard=") && secure.ends_with("; Secure"),
            "{secure}"
        );
    }

    #[test]
    fn a_ticket_can_be_read_for_an_hour_and_is_no_cookie() {
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
    fn a_token_is_good_for_its_own_session_and_workspace_only() {
        let (mine, other) = (session(Role::Administrator), session(Role::Agent(ALICE)));
        let (here, elsewhere) = (
            WorkspaceSid::from_bytes([2; 16]),
            WorkspaceSid::from_bytes([3; 16]),
        );
        assert!(signer().is_csrf(&mine, here, &signer().csrf(&mine, here)));
        let foreign = [signer().csrf(&other, here), signer().csrf(&mine, elsewhere)];
        for wrong in foreign.into_iter().chain([String::new(), "0".repeat(64)]) {
            assert!(!signer().is_csrf(&mine, here, &wrong), "{wrong}");
        }
    }

    #[test]
    fn a_browser_keeps_its_choice_of_a_workspace() {
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
