//! What the voice functions share: their world, who is let in, and what a caller gets when something fails.
//!
//! A voice function is four beats: parse, load, decide, commit and render. Its `handle` gives the first failing beat's
//! [`Failure`] to [`Voice::document`] or [`Voice::notification`], which make an answer of it and log it, once.
//!
//! | variable | read by | meaning | default |
//! |---|---|---|---|
//! | `TABLE_NAME` | all | the table ([`crate::aws::store`]) | required |
//! | `AUTH_TOKEN` or `AUTH_TOKEN_PARAMETER` | all | the account's auth token ([`crate::parameter_store`]) | required |
//! | `VERIFY_SIGNATURES` | all | whether the carrier has to sign | `true` |
//! | `TWIML_PREVIEW` | all | whether a browser may look at the TwiML | `false` |
//! | `KEEP_WEBHOOKS` | all | whether webhooks are kept for their Task's story ([`WebhookJournal`]) | `false` |
//! | `CALLBACKS_QUEUE_URL` | `worker-call` | the callbacks queue, for other people's status callbacks | required |
//! | `ROUTER` | `enqueue-call` | who routes: `cordboard` or `twilio` | `cordboard` |
//! | `WORKFLOW_SID` | `enqueue-call` | the hosted Workflow, with `ROUTER=twilio` | required then |
//! | `POST_WORK_ACTIVITY_SID` | `assignment` | the Activity after a conversation, instead of the centre's | none |

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use ids::time::{Clock, Timestamp};
use ids::{ActivitySid, CallSid, TaskSid, WorkflowSid};
use planted_bugs::Bug;
use shared::menu::{Language, Menu, documents};
use shared::twiml::Response;
use shared::voice_settings::VoiceSettings;
use shared::webhook::{
    self, Access, Admitted, Checks, ParameterError, Parameters, Reply, Request, path,
};
use store::Store;
use task_router::model::AttributesError;
use task_router::router::NotRoutable;

use crate::parameter_store::{self, SecretError};
use crate::{Begun, Env, EnvError, Outbox, OutboxError, SystemClock, WebhookJournal, aws};

/// The voice functions' world.
pub struct Voice {
    /// The table.
    pub store: Store,
    /// What the carrier signs with.
    pub auth_token: String,
    /// What is asked of requests.
    pub checks: Checks,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who routes.
    pub router: Router,
    /// The Activity a Worker moves to after a conversation, instead of the centre's. For hosted TaskRouter, whose
    /// Activities the centre does not know.
    pub post_work_activity_sid: Option<ActivitySid>,
    /// Where requests to other people's servers go; only `worker-call` has any.
    pub outbox: Option<Arc<dyn Outbox>>,
    /// Where webhooks are kept for their Task's story.
    pub journal: WebhookJournal,
    /// The centre as last read: while the table is away, callers still hear their own languages.
    last_centre: Mutex<Option<Arc<VoiceSettings>>>,
}

/// Who routes the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Router {
    /// Cordboard itself.
    Cordboard,
    /// Hosted TaskRouter.
    Twilio {
        /// The Workflow there that gets the calls.
        workflow_sid: WorkflowSid,
    },
}

/// A request that is served.
pub struct Webhook {
    /// The path that was asked: `/enqueue-call`.
    pub path: String,
    /// Who is asking.
    pub access: Access,
    /// With which parameters.
    pub parameters: Parameters,
}

/// Why a function cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A parameter is missing or malformed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The table failed. Trying again may help.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The table failed, and nobody is on the line to hear an apology.
    #[error("{0} (and nobody is on the line)")]
    Unheard(#[source] store::Error),
    /// Something that the set-up brings is not in the table. Trying again helps while the set-up is under way.
    #[error("there is no {0} in the table; contact-centre.yaml has not been applied to it")]
    NotSetUp(&'static str),
    /// A message for another function could not be sent.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The Workflow has no place for the call.
    #[error(transparent)]
    NotRoutable(#[from] NotRoutable),
    /// The call says more about itself than a Task may hold.
    #[error(transparent)]
    Attributes(#[from] AttributesError),
}

/// What a failure is for the one who asked.
enum Meaning {
    /// The request is faulty: this status and the failure's own sentence.
    Faulty(u16),
    /// It may work in a moment.
    TryAgain,
    /// It will not work.
    GiveUp,
    /// Nobody hears an answer; the status alone tells.
    Unheard,
}

/// What [`Voice::new`] needs to know about requests, from `VERIFY_SIGNATURES` and `TWIML_PREVIEW`.
pub fn checks(env: &Env<'_>) -> Result<Checks, EnvError> {
    Ok(Checks {
        verify_signatures: env.switch("VERIFY_SIGNATURES", true)?,
        twiml_preview: env.switch("TWIML_PREVIEW", false)?,
    })
}

/// The answer to a path that no function has.
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
    /// The world of a voice function in a Lambda; who routes, and what else only one of them reads, is set by its `main`.
    ///
    /// # Errors
    /// [`SecretError`] when a setting is missing or Parameter Store does not give the token.
    pub async fn from_env(env: &Env<'_>) -> Result<Self, SecretError> {
        let (store, clock) = (aws::store(env)?, Arc::new(SystemClock));
        let journal = WebhookJournal::from_env(env, &store, Arc::clone(&clock) as _)?;
        let voice = Self::new(
            store,
            parameter_store::auth_token(env).await?,
            checks(env)?,
            clock,
        );
        Ok(Self { journal, ..voice })
    }

    /// The world of a function that leaves routing to Cordboard.
    pub fn new(store: Store, auth_token: String, checks: Checks, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            auth_token,
            checks,
            clock,
            router: Router::Cordboard,
            post_work_activity_sid: None,
            outbox: None,
            journal: WebhookJournal::off(),
            last_centre: Mutex::new(None),
        }
    }

    /// Answers `request` with the document that `function` makes. When it fails the caller hears an apology and is sent
    /// on; a faulty request gets a 4xx.
    pub async fn document<F>(&self, request: &Request, function: F) -> Reply
    where
        F: AsyncFnOnce(&Self, &Webhook) -> Result<Response, Failure>,
    {
        let begun = self.journal.begin();
        let webhook = match self.admit(request) {
            Ok(webhook) => webhook,
            Err(refusal) => return refusal,
        };
        let reply = match function(self, &webhook).await {
            Ok(document) => rendered(&webhook, &document),
            Err(failure) => self.document_instead(&webhook, &failure),
        };
        self.keep(begun, request, &webhook, reply).await
    }

    /// Answers `request`, which no caller waits for, with what `function` replies. When it fails the status says so, and
    /// whoever asked may ask again.
    pub async fn notification<F>(&self, request: &Request, function: F) -> Reply
    where
        F: AsyncFnOnce(&Self, &Webhook) -> Result<Reply, Failure>,
    {
        let begun = self.journal.begin();
        let webhook = match self.admit(request) {
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

    /// What a caller gets whose document cannot be made.
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

    /// Gives a reply back when it is kept what was asked and answered. A browser that looks at TwiML is no part of any story.
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

    /// The moment the function works in.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The centre.
    ///
    /// # Errors
    /// [`Failure::Store`], and [`Failure::NotSetUp`] before any set-up.
    pub async fn settings(&self) -> Result<Arc<VoiceSettings>, Failure> {
        let centre = self
            .store
            .voice_settings(self.now())
            .await?
            .ok_or(Failure::NotSetUp("centre"))?;
        *self
            .last_centre
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&centre));
        Ok(centre)
    }

    /// The menu, for what is said even without the table: as it is, else as it was, else the built-in one.
    pub async fn menu(&self, webhook: &Webhook) -> Menu {
        match self.settings().await {
            Ok(centre) => centre.menu.clone(),
            Err(failure) => webhook.tolerate(&failure, self.last_menu()),
        }
    }

    fn admit(&self, request: &Request) -> Result<Webhook, Reply> {
        match webhook::admit(request, &self.auth_token, self.checks) {
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

    /// In the caller's language if the request tells it, else in all of the menu's.
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
            .last_centre
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .map(|centre| centre.menu.clone())
            .unwrap_or_default()
    }
}

impl Webhook {
    /// Whether nothing may be written or sent because of it.
    pub fn is_preview(&self) -> bool {
        self.access == Access::Preview
    }

    /// Goes on without what failed: logs it, and takes `instead`.
    pub fn tolerate<T>(&self, failure: &Failure, instead: T) -> T {
        self.note(failure);
        instead
    }

    /// Logs a failure, where it is handled.
    fn note(&self, failure: &Failure) -> Meaning {
        let meaning = failure.meaning();
        // Only what is an id is logged: a faulty request may hold anything.
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
            Self::NotRoutable(_) | Self::Attributes(_) => Meaning::GiveUp,
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

/// A document on its way to the carrier.
fn rendered(webhook: &Webhook, document: &Response) -> Reply {
    if let Err(error) = document.to_xml() {
        tracing::error!(path = webhook.path, %error, "a document cannot be sent");
    }
    Reply::twiml(document)
}

/// The log says what; the one who asked need not know.
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
    fn cordboard_routes_unless_a_hosted_workflow_is_named() {
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
    fn the_carrier_has_to_sign_and_browsers_see_nothing_unless_switched() {
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
