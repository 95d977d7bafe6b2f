//! What the voice functions share: their dependencies, admission of requests, and the reply to a
//! request that fails.
//!
//! A voice function has four steps: parse, load, decide, commit and render. Its `handle` passes the
//! first failing step's [`Failure`] to [`Voice::document`] or [`Voice::notification`], which turn
//! it into a reply and log it once.
//!
//! | variable | read by | meaning | default |
//! |---|---|---|---|
//! | `TABLE_NAME` | all | the table ([`crate::aws::store`]) | required |
//! | `AUTH_TOKEN` or `AUTH_TOKEN_PARAMETER` | all | the account's auth token ([`crate::parameter_store`]) | required |
//! | `VERIFY_SIGNATURES` | all | whether the carrier has to sign | `true` |
//! | `TWIML_PREVIEW` | all | whether a browser may look at the TwiML | `false` |
//! | `KEEP_WEBHOOKS` | all | whether the [`WebhookJournal`] is on | `false` |
//! | `CALLBACKS_QUEUE_URL` | `worker-call` | the callbacks queue, for applications' status callbacks | required |
//! | `ROUTER` | `enqueue-call` | what routes the calls: `cordboard` or `twilio` | `cordboard` |
//! | `WORKFLOW_SID` | `enqueue-call` | the hosted Workflow, with `ROUTER=twilio` | required then |
//! | `POST_WORK_ACTIVITY_SID` | `assignment` | the Activity after a conversation, instead of the configured one | none |

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use carrier::{AuthTokens, Tokens};
use http_client::{Destinations, WebClient};
use ids::time::{Clock, Timestamp};
use ids::{ActivitySid, CallSid, TaskSid, WorkflowSid};
use planted_bugs::Bug;
use shared::flows_version::FlowsVersion;
use shared::menu::{Language, Menu, documents};
use shared::twiml::Response;
use shared::voice_settings::VoiceSettings;
use shared::webhook::{
    self, Access, Admitted, Call, Checks, ParameterError, Parameters, Reply, Request, path,
};
use store::Store;
use task_router::model::AttributesError;
use task_router::router::NotRoutable;
use voice_flows::{State, Switches, VoiceFlows};

use crate::parameter_store::{self, SecretError};
use crate::{Begun, Env, EnvError, Outbox, OutboxError, SystemClock, WebhookJournal, aws};

/// The dependencies of a voice function.
pub struct Voice {
    /// The table.
    pub store: Store,
    /// The keys of the carrier's signatures.
    pub tokens: Arc<AuthTokens>,
    /// The checks of a request.
    pub checks: Checks,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What routes the calls.
    pub router: Router,
    /// The Activity of a Worker after a conversation, instead of the configured one. For hosted
    /// TaskRouter, whose Activities are not in the configuration.
    pub post_work_activity_sid: Option<ActivitySid>,
    /// The queue of requests to other servers; only `worker-call` has one.
    pub outbox: Option<Arc<dyn Outbox>>,
    /// The client of look-ups; only `flow-step` has one.
    pub look_ups: Option<LookUps>,
    /// The journal of webhooks.
    pub journal: WebhookJournal,
    /// The voice settings as last read: while the table is unavailable, callers still hear their
    /// own languages.
    last_settings: Mutex<Option<Arc<VoiceSettings>>>,
}

/// The client of look-ups: requests of a flow to a server of the contact centre's owner.
pub struct LookUps {
    /// The client, which resolves only allowed addresses.
    pub web: Arc<dyn WebClient>,
    /// The URLs that a look-up may use.
    pub destinations: Destinations,
}

/// What routes the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Router {
    /// Cordboard itself.
    Cordboard,
    /// Hosted TaskRouter.
    Twilio {
        /// The hosted Workflow that gets the calls.
        workflow_sid: WorkflowSid,
    },
}

/// An admitted request.
pub struct Webhook {
    /// The requested path, such as `/enqueue-call`.
    pub path: String,
    /// How the request was admitted.
    pub access: Access,
    /// Its parameters.
    pub parameters: Parameters,
}

/// The reason why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A parameter is missing or malformed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The table failed. A retry may help.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The table failed, and no caller is connected who could hear an apology.
    #[error("{0} (no caller is connected)")]
    Unheard(#[source] store::Error),
    /// A part of the configuration is not in the table. A retry helps while the configuration is
    /// being applied.
    #[error("there is no {0} in the table: contact-centre.yaml has not been applied")]
    NotSetUp(&'static str),
    /// A message for another function could not be sent.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The call had more webhooks in its flow than a caller can answer.
    #[error("the call had more webhooks in its flow than a caller can answer")]
    FlowTooLong,
    /// The Workflow has no filter for the call.
    #[error(transparent)]
    NotRoutable(#[from] NotRoutable),
    /// The call's attributes are larger than a Task may have.
    #[error(transparent)]
    Attributes(#[from] AttributesError),
}

/// What a failure means for the reply.
enum Meaning {
    /// The request is invalid: this status and the failure's own text.
    Faulty(u16),
    /// A retry may succeed.
    TryAgain,
    /// A retry will not succeed.
    GiveUp,
    /// No caller hears the reply; only its status matters.
    Unheard,
}

/// The checks of [`Voice::new`], from `VERIFY_SIGNATURES` and `TWIML_PREVIEW`.
pub fn checks(env: &Env<'_>) -> Result<Checks, EnvError> {
    Ok(Checks {
        verify_signatures: env.switch("VERIFY_SIGNATURES", true)?,
        twiml_preview: env.switch("TWIML_PREVIEW", false)?,
    })
}

/// The reply to an unknown path: 404.
pub fn no_such_path(request: &Request) -> Reply {
    tracing::warn!(path = request.path(), "no such path");
    Reply::error(404, "there is nothing at this path")
}

/// The language with this `selected_language`, or the menu's first.
///
/// # Errors
/// [`Failure::NotSetUp`] for a menu without languages.
pub fn language<'m>(
    menu: &'m Menu,
    selected_language: Option<&str>,
) -> Result<&'m Language, Failure> {
    menu.language(selected_language.unwrap_or_default())
        .ok_or(Failure::NotSetUp("language"))
}

impl Voice {
    /// The dependencies of a voice function in a Lambda. `main` sets the router and what else only
    /// one function needs.
    ///
    /// # Errors
    /// [`SecretError`] when a variable is missing or Parameter Store does not return the token.
    pub async fn from_env(env: &Env<'_>) -> Result<Self, SecretError> {
        let store = aws::store(env)?;
        let clock = Arc::new(SystemClock);
        let journal = WebhookJournal::from_env(env, &store, Arc::clone(&clock) as _)?;
        let voice = Self::new(
            store,
            parameter_store::auth_tokens(env).await?,
            checks(env)?,
            clock,
        );
        Ok(Self { journal, ..voice })
    }

    /// The dependencies of a function for which Cordboard routes.
    pub fn new(
        store: Store,
        tokens: Arc<AuthTokens>,
        checks: Checks,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            tokens,
            checks,
            clock,
            router: Router::Cordboard,
            post_work_activity_sid: None,
            outbox: None,
            look_ups: None,
            journal: WebhookJournal::off(),
            last_settings: Mutex::new(None),
        }
    }

    /// Answers `request` with the document that `function` returns. When it fails, the caller hears
    /// an apology and is redirected to a retry; an invalid request gets a 4xx.
    pub async fn document<F>(&self, request: &Request, function: F) -> Reply
    where
        F: AsyncFnOnce(&Self, &Webhook) -> Result<Response, Failure>,
    {
        let begun = self.journal.begin();
        let webhook = match self.admit(request).await {
            Ok(webhook) => webhook,
            Err(refusal) => return refusal,
        };
        let reply = match function(self, &webhook).await {
            Ok(document) => rendered(&webhook, &document),
            Err(failure) => self.document_instead(&webhook, &failure),
        };
        self.keep(begun, request, &webhook, reply).await
    }

    /// Answers `request`, for which no caller waits, with the reply that `function` returns. When
    /// it fails, the status says so and the sender may retry.
    pub async fn notification<F>(&self, request: &Request, function: F) -> Reply
    where
        F: AsyncFnOnce(&Self, &Webhook) -> Result<Reply, Failure>,
    {
        let begun = self.journal.begin();
        let webhook = match self.admit(request).await {
            Ok(webhook) => webhook,
            Err(refusal) => return refusal,
        };
        let reply = match function(self, &webhook).await {
            Ok(reply) => reply,
            Err(failure) => match webhook.note(&failure) {
                Meaning::Faulty(status) => Reply::error(status, &failure.to_string()),
                Meaning::TryAgain | Meaning::GiveUp | Meaning::Unheard => unavailable(),
            },
        };
        self.keep(begun, request, &webhook, reply).await
    }

    /// The reply in place of a document that could not be made.
    fn document_instead(&self, webhook: &Webhook, failure: &Failure) -> Reply {
        let apology = match webhook.note(failure) {
            Meaning::Faulty(status) => return Reply::error(status, &failure.to_string()),
            Meaning::Unheard => return unavailable(),
            Meaning::TryAgain if Bug::NoApology.is_planted() => return unavailable(),
            Meaning::TryAgain => {
                self.apology(webhook, path::retry(&webhook.path, &webhook.parameters))
            }
            Meaning::GiveUp => self.apology(webhook, None),
        };
        rendered(webhook, &apology)
    }

    /// Records the request and its reply in the journal, and returns the reply. A browser's preview
    /// is not recorded.
    async fn keep(
        &self,
        begun: Option<Begun>,
        request: &Request,
        webhook: &Webhook,
        reply: Reply,
    ) -> Reply {
        if !webhook.is_preview() {
            self.journal
                .received(begun, request, &webhook.parameters, &reply)
                .await;
        }
        reply
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The voice settings.
    ///
    /// # Errors
    /// [`Failure::Store`], and [`Failure::NotSetUp`] before any are stored.
    pub async fn settings(&self) -> Result<Arc<VoiceSettings>, Failure> {
        let settings = self
            .store
            .voice_settings(self.now())
            .await?
            .ok_or(Failure::NotSetUp("voice settings"))?;
        *self
            .last_settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&settings));
        Ok(settings)
    }

    /// The flows of new calls, and their version; `None`: callers hear the menu.
    ///
    /// # Errors
    /// [`Failure::Store`], and [`Failure::NotSetUp`] when the flows are not stored.
    pub async fn flows(&self) -> Result<Option<(Arc<VoiceFlows>, FlowsVersion)>, Failure> {
        let settings = self.settings().await?;
        let Some(version) = settings.flows.clone() else {
            return Ok(None);
        };
        Ok(Some((self.flows_of(&version).await?, version)))
    }

    /// The flows of a version.
    ///
    /// # Errors
    /// [`Failure::Store`], and [`Failure::NotSetUp`] when they are not stored (any more).
    pub async fn flows_of(&self, version: &FlowsVersion) -> Result<Arc<VoiceFlows>, Failure> {
        let flows = self.store.voice_flows(version).await?;
        flows.ok_or(Failure::NotSetUp("voice flow"))
    }

    /// The emergency openings and closings in force. None if they cannot be read: then the calendars
    /// apply, because a caller is not lost for a switch.
    pub async fn switches(&self, webhook: &Webhook, flows: &VoiceFlows) -> Arc<Switches> {
        if flows.calendars.is_empty() {
            return Arc::default();
        }
        match self.store.calendar_switches(self.now()).await {
            Ok(switches) => switches,
            Err(error) => webhook.tolerate(&Failure::Store(error), Arc::default()),
        }
    }

    /// The flow of a call to one of our numbers, and the state in which it begins; `None`: callers
    /// of this number hear the menu.
    ///
    /// # Errors
    /// As [`Voice::flows`].
    pub async fn flow_of_number(
        &self,
        call: &Call,
    ) -> Result<Option<(Arc<VoiceFlows>, State)>, Failure> {
        let Some((flows, version)) = self.flows().await? else {
            return Ok(None);
        };
        let start = flows.start_of(call.to.as_str());
        Ok(start.map(|at| (flows, State::new(version, at))))
    }

    /// The menu, which is needed even without the table: the stored one, or the one last read, or
    /// the built-in one.
    pub async fn menu(&self, webhook: &Webhook) -> Menu {
        match self.settings().await {
            Ok(settings) => settings.menu.clone(),
            Err(failure) => webhook.tolerate(&failure, self.last_menu()),
        }
    }

    /// Admits a request that is signed with one of the tokens. After a wrong signature the tokens may
    /// be read again, because the carrier's may have been rotated.
    async fn admit(&self, request: &Request) -> Result<Webhook, Reply> {
        let tokens = self.tokens.current();
        let mut admitted = self.admit_with(request, &tokens);
        if matches!(admitted, Err(webhook::Error::Signature(_)))
            && let Some(newer) = self.tokens.newer_than(&tokens).await
        {
            admitted = self.admit_with(request, &newer);
        }
        match admitted {
            Ok(Admitted { access, parameters }) => Ok(Webhook {
                path: request.path().to_owned(),
                access,
                parameters,
            }),
            Err(error) => {
                tracing::warn!(path = request.path(), status = error.status(), %error, "request refused");
                Err(error.reply())
            }
        }
    }

    fn admit_with(&self, request: &Request, tokens: &Tokens) -> Result<Admitted, webhook::Error> {
        let admitted = webhook::admit(request, &tokens.primary, self.checks);
        match (&admitted, &tokens.secondary) {
            (Err(webhook::Error::Signature(_)), Some(secondary)) => {
                webhook::admit(request, secondary, self.checks)
            }
            (Ok(_) | Err(_), Some(_) | None) => admitted,
        }
    }

    /// In the caller's language if the request contains it, otherwise in all languages of the menu.
    fn apology(&self, webhook: &Webhook, retry: Option<String>) -> Response {
        let menu = self.last_menu();
        let selected = webhook
            .parameters
            .get(path::LANGUAGE)
            .and_then(|name| menu.language(name));
        match selected {
            Some(language) => documents::apology([language], retry),
            None => documents::apology(&menu.languages, retry),
        }
    }

    fn last_menu(&self) -> Menu {
        let last = self
            .last_settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .map(|settings| settings.menu.clone())
            .unwrap_or_default()
    }
}

impl Webhook {
    /// Whether the request is a browser's preview, which must not write or send anything.
    pub fn is_preview(&self) -> bool {
        self.access == Access::Preview
    }

    /// Continues after a failure: logs it and returns `instead`.
    pub fn tolerate<T>(&self, failure: &Failure, instead: T) -> T {
        self.note(failure);
        instead
    }

    /// Logs a failure where it is handled.
    fn note(&self, failure: &Failure) -> Meaning {
        let meaning = failure.meaning();
        // Only ids are logged, because an invalid request may contain anything.
        let call_sid = self
            .parameters
            .optional::<CallSid>("CallSid")
            .ok()
            .flatten()
            .map(|sid| sid.to_string());
        let task_sid = self
            .parameters
            .optional::<TaskSid>("TaskSid")
            .ok()
            .flatten()
            .map(|sid| sid.to_string());
        let path = &self.path;
        match meaning {
            Meaning::Faulty(status) => {
                tracing::warn!(path, status, call_sid, task_sid, %failure, "request refused")
            }
            Meaning::TryAgain | Meaning::GiveUp | Meaning::Unheard => {
                tracing::error!(path, call_sid, task_sid, %failure, "request failed");
            }
        }
        meaning
    }
}

impl Failure {
    fn meaning(&self) -> Meaning {
        match self {
            Self::Parameter(_) => Meaning::Faulty(400),
            Self::Store(_) | Self::Outbox(_) | Self::NotSetUp(_) => Meaning::TryAgain,
            Self::NotRoutable(_) | Self::Attributes(_) | Self::FlowTooLong => Meaning::GiveUp,
            Self::Unheard(_) => Meaning::Unheard,
        }
    }
}

impl Router {
    /// `ROUTER`, and `WORKFLOW_SID` for hosted TaskRouter.
    pub fn from_env(env: &Env<'_>) -> Result<Self, EnvError> {
        match env.optional("ROUTER", "cordboard or twilio")? {
            None | Some(RouterName::Cordboard) => Ok(Self::Cordboard),
            Some(RouterName::Twilio) => {
                let workflow_sid = env.required(
                    "WORKFLOW_SID",
                    "WW and 32 hexadecimal digits, with ROUTER=twilio",
                )?;
                Ok(Self::Twilio { workflow_sid })
            }
        }
    }
}

enum RouterName {
    Cordboard,
    Twilio,
}

impl FromStr for RouterName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "cordboard" => Ok(Self::Cordboard),
            "twilio" => Ok(Self::Twilio),
            _ => Err(()),
        }
    }
}

/// The reply with a document.
fn rendered(webhook: &Webhook, document: &Response) -> Reply {
    Reply::try_twiml(document).unwrap_or_else(|error| {
        tracing::error!(path = webhook.path, %error, "document not rendered");
        Reply::error(500, &error.to_string())
    })
}

/// The reply to a failed request. The cause is in the log only.
fn unavailable() -> Reply {
    Reply::error(503, "the request could not be handled at the moment")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "WW22222222222222222222222222222222";

    fn router(settings: &[(&str, &str)]) -> Result<Router, String> {
        let find = |name: &str| {
            settings
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Router::from_env(&Env::new(find)).map_err(|error| error.to_string())
    }

    #[test]
    fn router_follows_from_variables() {
        let workflow_sid = WorkflowSid::from_bytes([0x22; 16]);
        for (settings, expected) in [
            (&[][..], Ok(Router::Cordboard)),
            (
                &[("ROUTER", ""), ("WORKFLOW_SID", "")],
                Ok(Router::Cordboard),
            ),
            (
                &[("ROUTER", "cordboard"), ("WORKFLOW_SID", WORKFLOW)],
                Ok(Router::Cordboard),
            ),
            (
                &[("ROUTER", "twilio"), ("WORKFLOW_SID", WORKFLOW)],
                Ok(Router::Twilio { workflow_sid }),
            ),
            (
                &[("ROUTER", "Twilio")],
                Err("ROUTER must be cordboard or twilio"),
            ),
            (
                &[("ROUTER", "twilio"), ("WORKFLOW_SID", "")],
                Err(
                    "WORKFLOW_SID is not set: it must be WW and 32 hexadecimal digits, with ROUTER=twilio",
                ),
            ),
        ] {
            assert_eq!(
                router(settings),
                expected.map_err(str::to_owned),
                "{settings:?}"
            );
        }
    }

    #[test]
    fn signatures_are_required_by_default() {
        let on = Env::new(|name| (name == "TWIML_PREVIEW").then(|| "true".to_owned()));
        let strict = Checks {
            verify_signatures: true,
            twiml_preview: false,
        };
        assert_eq!(checks(&Env::new(|_| None)), Ok(strict));
        assert_eq!(
            checks(&on),
            Ok(Checks {
                twiml_preview: true,
                ..strict
            })
        );
    }
}
