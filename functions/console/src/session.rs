//! Sign-in and authorization: the session's cookie, the ticket of a sign-in link, and the token
//! against forged requests (CSRF).
//!
//! All three are texts that carry their own authentication code (HMAC), made with a key derived
//! from the account's auth token, and for an API key's session with the key's secret, too. A new
//! auth token ends every session, unless the old one stays valid as the secondary one; a removed API key, or a new secret, ends those of the key. The
//! table has two things: used tickets, because a sign-in link works once, and the generation of each
//! principal's sessions ([`Sessions`]), so that a sign-out ends them.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use api::ApiKeys;
use carrier::AuthTokens;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use ids::time::{Millis, Timestamp};
use ids::{ApiKeySid, WorkerSid, WorkspaceSid};
use sha2::Sha256;
use store::Store;
use subtle::{Choice, ConstantTimeEq};

/// Lifetime of a session: a long working day.
pub const SESSION_LIFE: Millis = Millis::from_secs(12 * 3_600);

/// Lifetime of a sign-in link: long enough to find the terminal, or to pass the link on.
pub const TICKET_LIFE: Millis = Millis::from_secs(3_600);

/// How long a process uses a generation of sessions that it has read: one small read in this time
/// for each principal, however many pages are open.
const GENERATION_KEPT: Millis = Millis::from_secs(5);

/// Principals whose generation a process remembers, some hundred bytes each.
const PRINCIPALS_MAX: usize = 10_000;

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

/// The holder of the credentials that began a session. All sessions of a principal end together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// The account, by its auth token or by the link that the terminal prints.
    Account,
    /// An API key.
    ApiKey(ApiKeySid),
    /// An agent, by a link of an administrator.
    Agent(WorkerSid),
}

impl Principal {
    /// The access that sessions of the principal grant.
    pub const fn role(self) -> Role {
        match self {
            Self::Account | Self::ApiKey(_) => Role::Administrator,
            Self::Agent(worker) => Role::Agent(worker),
        }
    }

    /// The secret that a session depends on besides the auth token; `None` if there is no such
    /// principal.
    fn secret(self, api_keys: &ApiKeys) -> Option<&str> {
        match self {
            Self::Account | Self::Agent(_) => Some(""),
            Self::ApiKey(sid) => api_keys.secret(sid),
        }
    }
}

/// A principal, and until when they are signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The holder of the credentials.
    pub principal: Principal,
    /// The generation of the principal's sessions at sign-in.
    pub generation: u64,
    /// The moment at which the session expires.
    pub expires: Timestamp,
}

impl Session {
    /// The access of this session.
    pub const fn role(&self) -> Role {
        self.principal.role()
    }
}

/// The content of a sign-in link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The principal of the session that it begins.
    pub principal: Principal,
    /// The moment at which the link expires.
    pub expires: Timestamp,
    /// A name that no other ticket has: its signature.
    pub name: String,
}

/// Signs and verifies sessions, tickets and form tokens.
#[derive(Clone)]
pub struct Signer {
    tokens: Arc<AuthTokens>,
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
    /// The signer of the account with these auth tokens. The primary one signs; texts that the
    /// secondary one signed are accepted, too, so that a rotation ends no session.
    pub fn new(tokens: Arc<AuthTokens>, transport: Transport) -> Self {
        Self { tokens, transport }
    }

    /// The authentication code of a text, by the primary token.
    fn tag(&self, purpose: Purpose, text: &str) -> String {
        tag(&key_of(&self.tokens.current().primary), purpose, text)
    }

    /// Whether `given` is the authentication code of a text by one of the tokens.
    fn is_tag(&self, purpose: Purpose, text: &str, given: &str) -> bool {
        let tokens = self.tokens.current();
        let found = tokens.all().fold(Choice::from(0), |found, token| {
            let tag = tag(&key_of(token), purpose, text);
            found | tag.as_bytes().ct_eq(given.as_bytes())
        });
        found.into()
    }

    /// The `Set-Cookie` header that begins a session.
    pub fn cookie(&self, session: &Session, api_keys: &ApiKeys) -> String {
        let secret = session.principal.secret(api_keys).unwrap_or_default();
        let text = self.seal(Purpose::Session, session, secret);
        let (name, secure) = self.cookie_kind();
        let secs = SESSION_LIFE.as_secs();
        format!("{name}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}")
    }

    /// The `Set-Cookie` header that ends the session in this browser.
    pub fn clear_cookie(&self) -> String {
        let (name, secure) = self.cookie_kind();
        format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}")
    }

    /// The session of a request; `None` if the cookie is missing, forged or expired, or belongs to
    /// a removed API key. Whether the session was ended is recorded in the table.
    pub fn session(
        &self,
        headers: &HeaderMap,
        api_keys: &ApiKeys,
        now: Timestamp,
    ) -> Option<Session> {
        let (name, _) = self.cookie_kind();
        cookie(headers, name).and_then(|text| self.open(Purpose::Session, text, api_keys, now))
    }

    /// The `Set-Cookie` header that chooses a Workspace, for the lifetime of a session.
    pub fn workspace_cookie(&self, workspace: WorkspaceSid) -> String {
        let (_, secure) = self.cookie_kind();
        let secs = SESSION_LIFE.as_secs();
        format!(
            "{WORKSPACE_COOKIE}={workspace}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}"
        )
    }

    /// The ticket of a sign-in link for the account or an agent.
    pub fn ticket(&self, principal: Principal, now: Timestamp) -> String {
        let ticket = Session {
            principal,
            generation: 0,
            expires: now + TICKET_LIFE,
        };
        self.seal(Purpose::Ticket, &ticket, "")
    }

    /// The content of a ticket; `None` if it is forged or expired. Whether it was used before is
    /// recorded in the table.
    pub fn read_ticket(&self, ticket: &str, now: Timestamp) -> Option<Ticket> {
        let no_keys = ApiKeys::default();
        let opened = self.open(Purpose::Ticket, ticket, &no_keys, now)?;
        let (_, name) = ticket.rsplit_once('.')?;
        Some(Ticket {
            principal: opened.principal,
            expires: opened.expires,
            name: name.to_owned(),
        })
    }

    /// The token of the forms of this session on pages that show this Workspace.
    pub fn csrf(&self, session: &Session, workspace: WorkspaceSid) -> String {
        self.tag(Purpose::Csrf, &csrf_text(session, workspace))
    }

    /// Whether `token` is the form token of this session and of the Workspace that the request
    /// changes.
    pub fn accepts_csrf(&self, session: &Session, workspace: WorkspaceSid, token: &str) -> bool {
        self.is_tag(Purpose::Csrf, &csrf_text(session, workspace), token)
    }

    /// The name of the session's cookie and the attribute that ends a `Set-Cookie` header.
    fn cookie_kind(&self) -> (&'static str, &'static str) {
        match self.transport {
            Transport::Http => (COOKIE, ""),
            Transport::Https => (COOKIE_SECURE, "; Secure"),
        }
    }

    fn seal(&self, purpose: Purpose, session: &Session, secret: &str) -> String {
        let text = session.to_string();
        let tag = self.tag(purpose, &format!("{text}\0{secret}"));
        format!("{text}.{tag}")
    }

    fn open(
        &self,
        purpose: Purpose,
        sealed: &str,
        api_keys: &ApiKeys,
        now: Timestamp,
    ) -> Option<Session> {
        let (text, given) = sealed.rsplit_once('.')?;
        // The principal is needed for its secret; nothing else is trusted before the comparison.
        let session: Session = text.parse().ok()?;
        let secret = session.principal.secret(api_keys)?;
        let is_ours = self.is_tag(purpose, &format!("{text}\0{secret}"), given);
        (is_ours && session.expires > now).then_some(session)
    }
}

/// The key that an auth token gives.
fn key_of(auth_token: &str) -> Hmac<Sha256> {
    let derived = tag(&mac(auth_token.as_bytes()), Purpose::Key, "");
    mac(derived.as_bytes())
}

fn csrf_text(session: &Session, workspace: WorkspaceSid) -> String {
    format!("{session} {workspace}")
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

/// The generations of sessions that this process has read from the table.
#[derive(Default)]
pub struct Sessions(Mutex<BTreeMap<Principal, Known>>);

#[derive(Clone, Copy)]
struct Known {
    generation: u64,
    read: Timestamp,
}

impl Sessions {
    /// Whether a session is of the present generation. The generation is read from the table at
    /// most once in [`GENERATION_KEPT`], so a sign-out in another process takes effect within that.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn is_current(
        &self,
        store: &Store,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool, store::Error> {
        let known = self.lock().get(&session.principal).copied();
        let kept = known.filter(|known| now.since(known.read) < GENERATION_KEPT);
        let generation = match kept {
            Some(known) => known.generation,
            None => self.read(store, session.principal, now).await?,
        };
        Ok(generation == session.generation)
    }

    /// Reads the present generation.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn read(
        &self,
        store: &Store,
        principal: Principal,
        now: Timestamp,
    ) -> Result<u64, store::Error> {
        let generation = store.session_generation(&principal.to_string()).await?;
        self.remember(principal, generation, now);
        Ok(generation)
    }

    /// Ends all sessions of a principal.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn end(
        &self,
        store: &Store,
        principal: Principal,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        let generation = store.end_sessions(&principal.to_string()).await?;
        self.remember(principal, generation, now);
        Ok(())
    }

    fn remember(&self, principal: Principal, generation: u64, now: Timestamp) {
        let mut known = self.lock();
        if known.len() >= PRINCIPALS_MAX {
            known.clear();
        }
        known.insert(
            principal,
            Known {
                generation,
                read: now,
            },
        );
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Principal, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `account`, `SK…` or `WK…`.
impl Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => formatter.write_str(ACCOUNT),
            Self::ApiKey(sid) => sid.fmt(formatter),
            Self::Agent(worker) => worker.fmt(formatter),
        }
    }
}

const ACCOUNT: &str = "account";

impl FromStr for Principal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == ACCOUNT {
            return Ok(Self::Account);
        }
        let key = text.parse().map(Self::ApiKey);
        key.or_else(|_| text.parse().map(Self::Agent))
            .map_err(|_| ())
    }
}

/// `<principal>.<generation>.<milliseconds>`
impl Display for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.expires.as_millis();
        write!(formatter, "{}.{}.{until}", self.principal, self.generation)
    }
}

impl FromStr for Session {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (principal, rest) = text.split_once('.').ok_or(())?;
        let (generation, until) = rest.split_once('.').ok_or(())?;
        Ok(Self {
            principal: principal.parse()?,
            generation: generation.parse().map_err(|_| ())?,
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
    use std::sync::LazyLock;

    use carrier::Tokens;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_348_800_000);
    const ALICE: WorkerSid = WorkerSid::from_bytes([1; 16]);
    const KEY: ApiKeySid = ApiKeySid::from_bytes([7; 16]);
    static NO_KEYS: LazyLock<ApiKeys> = LazyLock::new(ApiKeys::default);

    /// One API key with this character as its secret.
    fn keys(secret: &str) -> ApiKeys {
        format!("{KEY}:{}", secret.repeat(32)).parse().unwrap()
    }

    fn signer() -> Signer {
        signer_with("0123456789abcdef0123456789abcdef", Transport::Http)
    }

    fn signer_with(tokens: &str, transport: Transport) -> Signer {
        let tokens = Tokens::parse(tokens).unwrap();
        Signer::new(AuthTokens::fixed(tokens), transport)
    }

    fn session(principal: Principal) -> Session {
        Session {
            principal,
            generation: 3,
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
        let keys = keys("s");
        for principal in [
            Principal::Account,
            Principal::ApiKey(KEY),
            Principal::Agent(ALICE),
        ] {
            let headers = headers(&signer().cookie(&session(principal), &keys));
            let read = |signer: &Signer, now| signer.session(&headers, &keys, now);
            assert_eq!(read(&signer(), NOW), Some(session(principal)));
            assert_eq!(read(&signer(), NOW + SESSION_LIFE), None);
            assert_eq!(
                read(&signer_with("another token", Transport::Http), NOW),
                None
            );
        }
    }

    #[test]
    fn rotation_ends_no_session() {
        let old = signer_with("old", Transport::Http);
        let headers = headers(&old.cookie(&session(Principal::Account), &NO_KEYS));
        for (tokens, is_valid) in [
            ("old,new", true),
            ("new,old", true),
            ("new", false),
            ("new,newest", false),
        ] {
            let signer = signer_with(tokens, Transport::Http);
            let read = signer.session(&headers, &NO_KEYS, NOW);
            assert_eq!(read.is_some(), is_valid, "{tokens}");
        }
    }

    #[test]
    fn removed_api_key_ends_its_sessions() {
        let session = session(Principal::ApiKey(KEY));
        let headers = headers(&signer().cookie(&session, &keys("s")));
        assert_eq!(signer().session(&headers, &keys("s"), NOW), Some(session));
        assert_eq!(
            signer().session(&headers, &keys("t"), NOW),
            None,
            "another secret"
        );
        assert_eq!(signer().session(&headers, &ApiKeys::default(), NOW), None);
    }

    #[test]
    fn changed_cookie_is_rejected() {
        let cookie = signer().cookie(&session(Principal::Agent(ALICE)), &NO_KEYS);
        let text = cookie.split(';').next().unwrap();
        for changed in [
            text.replace(&ALICE.to_string(), ACCOUNT),
            text.replace(".3.", ".4."),
            text.replace("17953", "27953"),
            text.get(..text.len() - 1).unwrap().to_owned(),
            format!("{text}0"),
            text.split_once('.').unwrap().0.to_owned(),
            "cordboard=".to_owned(),
            "cordboard=.".to_owned(),
        ] {
            let read = signer().session(&headers(&changed), &NO_KEYS, NOW);
            assert_eq!(read, None, "{changed}");
        }
    }

    #[test]
    fn cookie_attributes_restrict_access() {
        let cookie = signer().cookie(&session(Principal::Account), &NO_KEYS);
        assert!(
            cookie.contains("; HttpOnly; SameSite=Strict; Max-Age=43200"),
            "{cookie}"
        );
        let secure =
            signer_with("token", Transport::Https).cookie(&session(Principal::Account), &NO_KEYS);
        assert!(
            secure.starts_with("__Host-cordboard=") && secure.ends_with("; Secure"),
            "{secure}"
        );
    }

    #[test]
    fn ticket_expires_and_is_no_session() {
        let ticket = signer().ticket(Principal::Agent(ALICE), NOW);
        let read = signer().read_ticket(&ticket, NOW).unwrap();
        assert_eq!(
            (read.principal, read.expires),
            (Principal::Agent(ALICE), NOW + TICKET_LIFE)
        );
        let other = signer().ticket(Principal::Agent(ALICE), NOW + Millis::from_millis(1));
        assert_ne!(signer().read_ticket(&other, NOW).unwrap().name, read.name);
        assert_eq!(signer().read_ticket(&ticket, NOW + TICKET_LIFE), None);
        assert_eq!(
            signer().session(&headers(&format!("cordboard={ticket}")), &NO_KEYS, NOW),
            None
        );
        let cookie = signer().cookie(&session(Principal::Account), &NO_KEYS);
        let text = cookie.split([';', '=']).nth(1).unwrap();
        assert_eq!(signer().read_ticket(text, NOW), None);
    }

    #[test]
    fn token_fits_one_session_and_workspace() {
        let own_session = session(Principal::Account);
        let other_session = session(Principal::Agent(ALICE));
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
