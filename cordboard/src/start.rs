//! Starts the contact centre, and stops it with a graceful shutdown: what `cargo run` does.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what the person at the terminal reads"
)]

use std::error::Error;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use carrier_simulator::twiml::Method;
use config::{ApplyError, ContactCentre};
use ids::AccountSid;
use ids::time::Clock;
use runtime::voice::Router;
use runtime::{Env, EnvError};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::carrier_choice::CarrierChoice;
use crate::centre::{self, CALLBACKS_AT_ONCE_DEFAULT, Centre, Settings};
use crate::cli::{DEFAULT_PORT, Serve, Start};
use crate::credentials::Account;
use crate::data_folder;
use crate::exposure::{self, PublicUrl};
use crate::lanes::LANES_DEFAULT;
use crate::prometheus;
use crate::recorder::{self, Limits, Recorder};
use crate::run_file::RunFile;
use crate::steady_clock::SteadyClock;
use crate::stop_signals::{StopSignal, StopSignals};

/// The configuration that is used when there is no file.
pub(crate) const BUILT_IN: &str = include_str!("../../contact-centre.yaml");

/// The configuration file that is used without `--config`.
pub const DEFAULT_FILE: &str = "contact-centre.yaml";

/// After SIGTERM, how long requests are still accepted while `/readyz` answers 503: a proxy that asks
/// every second has noticed by then. Ctrl-C has no such delay.
const DRAIN_NOTICE: Duration = Duration::from_secs(2);

/// How long requests under way get to finish after the last one was accepted; an open connection does
/// not prolong it.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Exit code after a second Ctrl-C: 128 + SIGINT, by the shells' convention.
const EXIT_CODE_INTERRUPTED: i32 = 130;

/// The error of a command: a message for the user at the terminal.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Starts the contact centre. Ctrl-C or SIGTERM begins the graceful shutdown; a second one exits at
/// once.
pub async fn start(serve: &Serve, options: &Start) -> Result<(), Failure> {
    prometheus::install();
    let env = Env::process();
    let running = Running::open(serve, options, options.port, &env).await?;
    let mut signals = StopSignals::new()?;
    let run_file = RunFile {
        account: running.account.clone(),
        phone_number: running.contact_centre.voice_settings.phone_number.clone(),
    };
    let _removed_on_drop = run_file.write(options.port).inspect_err(|error| {
        tracing::warn!(%error, "run file not written: `cordboard call` cannot use this contact centre");
    });
    print_banner(&running, options.port);
    tracing::info!(address = running.address, "contact centre started");
    let stop = running.stop.clone();
    let centre = Arc::clone(&running.centre);
    tokio::spawn(async move {
        let first = signals.next().await;
        centre.begin_stopping();
        let notice = match first {
            StopSignal::Interrupt => Duration::ZERO,
            StopSignal::Terminate => DRAIN_NOTICE,
        };
        tracing::info!(?notice, "contact centre stops");
        tokio::select! {
            () = tokio::time::sleep(notice) => {
                let _already_stopped = stop.send(true);
                signals.next().await;
            }
            _second = signals.next() => {}
        }
        std::process::exit(EXIT_CODE_INTERRUPTED);
    });
    running.finished().await
}

/// A contact centre that serves requests.
pub struct Running {
    /// The parts of the contact centre.
    pub centre: Arc<Centre>,
    /// The account it belongs to.
    pub account: Account,
    /// Its configuration.
    pub contact_centre: ContactCentre,
    /// Where this machine reaches it: `http://127.0.0.1:9000`.
    pub address: String,
    /// Where others reach it, if they do.
    pub public_url: Option<PublicUrl>,
    /// The source of the configuration: a file name or the built-in example.
    pub source: String,
    /// Begins the graceful shutdown when `true` is sent.
    pub stop: watch::Sender<bool>,
    tasks: tokio::task::JoinSet<()>,
    _lock: Option<File>,
}

impl Running {
    /// Opens the contact centre on `port` (0: any free port) and starts its tasks.
    pub async fn open(
        serve: &Serve,
        options: &Start,
        port: u16,
        env: &Env<'_>,
    ) -> Result<Self, Failure> {
        let clock = |_: &ContactCentre| Ok(Arc::new(SteadyClock::start()) as _);
        Self::open_at(serve, options, port, env, clock).await
    }

    /// The same with a clock that depends on the configuration.
    pub async fn open_at(
        serve: &Serve,
        options: &Start,
        port: u16,
        env: &Env<'_>,
        clock: impl FnOnce(&ContactCentre) -> Result<Arc<dyn Clock>, Failure>,
    ) -> Result<Self, Failure> {
        let public_url = exposure::public_url(serve.public_url.as_ref(), serve.bind, env)?;
        let data = (!options.in_memory).then_some(options.data.as_path());
        let lock = data.map(data_folder::open).transpose()?;
        let account = Account::find(env, data)?;
        let (contact_centre, source) =
            read_contact_centre(options.config.as_deref(), account.account_sid)?;
        let listener = listen(serve.bind, port).await?;
        let address = format!("http://{}", reachable(listener.local_addr()?));
        let settings = Settings {
            data: data.map(Path::to_owned),
            account: account.clone(),
            api_keys: env
                .optional("API_KEYS", "a comma list of SK…:secret")?
                .unwrap_or_default(),
            contact_centre: contact_centre.clone(),
            carrier: CarrierChoice::from_env(env, public_url.as_ref())?,
            public_url: public_url.clone(),
            durability: serve.durability,
            twiml_preview: env.switch("TWIML_PREVIEW", public_url.is_none())?,
            keep_webhooks: env.switch("KEEP_WEBHOOKS", true)?,
            router: Router::from_env(env)?,
            voice_url: voice_url(env)?,
            voice_method: voice_method(env)?,
            lanes: LANES_DEFAULT,
            callbacks_at_once: CALLBACKS_AT_ONCE_DEFAULT,
            clock: clock(&contact_centre)?,
        };
        let opened = Centre::open(settings, &address).await;
        let centre = opened.map_err(|error| at_start(error, &options.data))?;
        if let Some(folder) = &serve.record {
            let begun =
                Recorder::create(folder, Limits::default()).map_err(recorder::Error::from)?;
            centre.record(begun).await?;
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(Arc::clone(&centre).serve(listener, until(stopped.clone())));
        tasks.spawn(Arc::clone(&centre).run(until(stopped.clone())));
        if let Some(network) = centre.network.clone() {
            tasks.spawn(async move { network.run(until(stopped)).await });
        }
        Ok(Self {
            centre,
            account,
            contact_centre,
            address,
            public_url,
            source,
            stop,
            tasks,
            _lock: lock,
        })
    }

    /// Waits for the graceful shutdown to end, or for `SHUTDOWN_TIMEOUT` after its beginning.
    pub async fn finished(mut self) -> Result<(), Failure> {
        let stopped = self.stop.subscribe();
        let done = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended?;
            }
            Ok(())
        };
        let timeout = async {
            until(stopped).await;
            tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
        };
        tokio::select! {
            done = done => done,
            () = timeout => {
                tracing::warn!(timeout = ?SHUTDOWN_TIMEOUT, "graceful shutdown timed out with open requests");
                Ok(())
            }
        }
    }
}

/// Reads the configuration: the named file, otherwise the one in the current folder, otherwise the
/// built-in example.
pub fn read_contact_centre(
    named: Option<&Path>,
    account_sid: AccountSid,
) -> Result<(ContactCentre, String), Failure> {
    let default = Path::new(DEFAULT_FILE);
    let file = named.or_else(|| default.exists().then_some(default));
    let (text, source) = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            (text, file.display().to_string())
        }
        None => (BUILT_IN.to_owned(), "the built-in example".to_owned()),
    };
    let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
    let read = read_text(&text, &source, folder, account_sid)?;
    for warning in &read.warnings {
        eprintln!("warning: {warning}");
    }
    Ok((read, source))
}

/// Reads a configuration whose other files are in `folder`.
///
/// # Errors
/// All mistakes, a line each.
pub(crate) fn read_text(
    text: &str,
    source: &str,
    folder: &Path,
    account_sid: AccountSid,
) -> Result<ContactCentre, Failure> {
    let beside = |name: &str| read_beside(folder, name);
    config::read_with_files(text, source, account_sid, &beside).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n").into()
    })
}

/// The content of a file that a configuration in `folder` names. The error says why it cannot be read.
pub(crate) fn read_beside(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(folder.join(name)).map_err(|error| error.to_string())
}

/// The error of a start in other words: a table in a folder fails only when its data is damaged or the
/// disk fails.
fn at_start(error: centre::Error, folder: &Path) -> Failure {
    match error {
        centre::Error::Store(source) | centre::Error::SetUp(ApplyError::Store(source)) => {
            let folder = folder.display().to_string();
            data_folder::Error::Unreadable { folder, source }.into()
        }
        other @ (centre::Error::DynamoDb(_)
        | centre::Error::SetUp(ApplyError::NamesTaken(_))
        | centre::Error::Simulator(_)
        | centre::Error::Carrier(_)
        | centre::Error::Client(_)
        | centre::Error::Port(_)) => other.into(),
    }
}

async fn listen(bind: IpAddr, port: u16) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind((bind, port)).await;
    Ok(listener.map_err(|error| {
        format!("port {port} of {bind} cannot be used ({error}); choose another one with --port")
    })?)
}

/// The address at which this machine reaches a listener: one that listens everywhere is reached at
/// the loopback address.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listening.port())
}

/// What the person at the terminal needs. A centre that others reach has credentials of its owner's
/// in the environment, and its output is often kept by a service manager: it prints no secret.
fn print_banner(running: &Running, port: u16) {
    let Running {
        account,
        contact_centre,
        address,
        public_url,
        source,
        centre,
        ..
    } = running;
    let carrier = if centre.network.is_some() {
        "simulated telephone network"
    } else {
        "real carrier"
    };
    println!("Cordboard is listening at {address} ({carrier})");
    match public_url {
        Some(public_url) => println!("  public URL    {}", public_url.as_str()),
        None => println!(
            "  console       {}",
            centre.console.sign_in_link(address, centre.now())
        ),
    }
    println!(
        "  phone number  {}",
        contact_centre.voice_settings.phone_number
    );
    println!(
        "  workflow SID  {}",
        contact_centre.voice_settings.workflow_sid
    );
    println!("  account SID   {}", account.account_sid);
    if public_url.is_none() {
        println!("  auth token    {}", account.auth_token);
    }
    println!("  configuration {source}: {}", centre.summary);
    let port = if port == DEFAULT_PORT {
        String::new()
    } else {
        format!(" --port {port}")
    };
    println!("Place a call:   cargo run -- call --press 1{port}     Stop: Ctrl-C");
}

/// `VOICE_URL`: the application that is requested in place of `/incoming-call` when the simulated
/// number is dialled.
fn voice_url(env: &Env<'_>) -> Result<Option<String>, EnvError> {
    let name = "VOICE_URL";
    let expected = "an http:// or https:// URL";
    let url: Option<http::Uri> = env.optional(name, expected)?;
    match url {
        Some(url) if !matches!(url.scheme_str(), Some("http" | "https")) => {
            Err(EnvError::Malformed { name, expected })
        }
        url => Ok(url.map(|url| url.to_string())),
    }
}

/// `VOICE_METHOD`: the method of the request of `VOICE_URL`.
fn voice_method(env: &Env<'_>) -> Result<Method, EnvError> {
    let name = "VOICE_METHOD";
    let expected = "GET or POST";
    match env.optional::<String>(name, expected)? {
        None => Ok(Method::Post),
        Some(text) => Method::read(&text).ok_or(EnvError::Malformed { name, expected }),
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender was dropped, which also means stop.
    let _stopped = stopped.wait_for(|stopped| *stopped).await;
}
