//! The voice functions over a table, with the test as the carrier.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use ids::time::{Clock, Millis, Timestamp};
use ids::{CallSid, TaskSid};
use runtime::Voice;
use shared::voice_settings::VoiceSettings;
use shared::webhook::{Checks, Method, Reply, Request};
use store::Store;
use task_router::model::{OpenReservation, OpenStatus, Task, TaskChannelName, Worker};
use tests::centre::{self, AVAILABLE, NOON};

/// The caller whose Task is [`centre::waiting_task`].
pub const CALLER: &str = "CA00000000000000000000000000000001";
/// The Worker's leg.
pub const WORKER_LEG: &str = "CA00000000000000000000000000000002";

/// A clock that moves only when a test advances it.
pub struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// The voice functions over a temporary table, with a manual clock.
pub struct World {
    pub store: Store,
    pub voice: Arc<Voice>,
    clock: Arc<ManualClock>,
    _table: EmbeddedDynamoDb,
}

/// Signatures are not verified, so that tests need not sign. Signatures have their own tests.
const UNSIGNED: Checks = Checks {
    verify_signatures: false,
    twiml_preview: false,
};

impl World {
    /// The centre of [`tests::centre`] at noon.
    pub async fn open() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    /// The same, with changes to the voice settings and to [`Voice`].
    pub async fn with(
        change: impl FnOnce(&mut VoiceSettings),
        settle: impl FnOnce(&mut Voice),
    ) -> Self {
        let table = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
        let store = Store::new(table.client(), TABLE);
        centre::open(&store).await;
        let mut changed = centre::centre();
        change(&mut changed);
        store.save_voice_settings(&changed).await.unwrap();

        let clock = Arc::new(ManualClock(AtomicI64::new(NOON.as_millis())));
        let mut voice = Voice::new(
            store.clone(),
            carrier::AuthTokens::fixed(carrier::Tokens::one("12345")),
            UNSIGNED,
            clock.clone(),
        );
        settle(&mut voice);
        Self {
            store,
            voice: Arc::new(voice),
            clock,
            _table: table,
        }
    }

    /// Without a table: every request to it is refused. With `remembered`, the functions have
    /// cached the voice settings before.
    pub async fn without_table(remembered: bool) -> Self {
        let World {
            store,
            voice,
            clock,
            _table,
        } = Self::with(
            |centre| {
                centre.menu.languages.remove(0);
            },
            |_| {},
        )
        .await;
        if remembered {
            voice.settings().await.unwrap();
        }
        let mut voice = Arc::into_inner(voice).unwrap();
        voice.store = Store::new(_table.client(), "no-such-table");
        Self {
            store,
            voice: Arc::new(voice),
            clock,
            _table,
        }
    }

    pub fn pass(&self, duration: Millis) {
        self.clock.0.fetch_add(
            i64::try_from(duration.as_millis()).unwrap(),
            Ordering::Relaxed,
        );
    }

    /// The carrier's POST about the caller's leg. `more` overrides the standard parameters.
    pub async fn caller(&self, url: &str, more: &[(&str, &str)]) -> Reply {
        let parties = [
            ("CallSid", CALLER),
            ("From", "+17075550142"),
            ("To", centre::NUMBER),
            ("Direction", "inbound"),
        ];
        self.post(url, &[more, &parties].concat()).await
    }

    /// The carrier's POST about the Worker's leg.
    pub async fn worker(&self, url: &str, more: &[(&str, &str)]) -> Reply {
        let from = ("From", centre::NUMBER);
        let parties = [
            ("CallSid", WORKER_LEG),
            from,
            ("To", "+17075550101"),
            ("Direction", "outbound-api"),
        ];
        self.post(url, &[more, &parties].concat()).await
    }

    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Reply {
        let account = ("AccountSid", "AC00000000000000000000000000000001");
        let form = [
            form,
            &[
                account,
                ("ApiVersion", "2010-04-01"),
                ("CallStatus", "in-progress"),
            ],
        ]
        .concat();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.send(Method::Post, url, body).await
    }

    /// A browser's GET of a document.
    pub async fn browse(&self, url: &str) -> Reply {
        self.send(Method::Get, url, String::new()).await
    }

    async fn send(&self, method: Method, url: &str, body: String) -> Reply {
        let request = Request {
            method,
            url: format!("https://cordboard.example{url}"),
            content_type: Some("application/x-www-form-urlencoded".to_owned()),
            signature: None,
            body: body.into_bytes(),
        };
        let function = request.path().split('/').nth(1).unwrap().to_owned();
        let voice = Arc::clone(&self.voice);
        match function.as_str() {
            "incoming-call" => incoming_call::handle(voice, request).await,
            "enqueue-call" => enqueue_call::handle(voice, request).await,
            "wait-music" => wait_music::handle(voice, request).await,
            "assignment" => assignment::handle(voice, request).await,
            "worker-call" => worker_call::handle(voice, request).await,
            "queue-exit" => queue_exit::handle(voice, request).await,
            other => panic!("no function for /{other}"),
        }
    }

    /// The current state of the caller's Task.
    pub async fn task(&self) -> Option<Task> {
        self.store.task(task_of(CALLER)).await.unwrap()
    }

    /// The current state of Alice.
    pub async fn alice(&self) -> Worker {
        self.store.worker(centre::ALICE).await.unwrap().unwrap()
    }

    /// Offers the caller's Task to Alice, whose phone rings.
    pub async fn offer(&self) -> Task {
        let task = centre::offered_task();
        self.store
            .create_task(&task, &centre::workspace())
            .await
            .unwrap();
        let offer = OpenReservation {
            sid: task.reservations[0].sid,
            task_sid: task.sid,
            channel: TaskChannelName::VOICE,
            status: OpenStatus::Pending,
        };
        let alice = Worker {
            open_reservations: vec![offer],
            ..centre::alice(AVAILABLE)
        };
        self.store.delete_worker(&self.alice().await).await.unwrap();
        self.store
            .create_worker(&alice, &centre::workspace())
            .await
            .unwrap();
        task
    }
}

/// The Task of a call.
pub fn task_of(call_sid: &str) -> TaskSid {
    assert!(call_sid.parse::<CallSid>().is_ok());
    TaskSid::derive(&[call_sid])
}
