//! The program: builds the parts, runs them, and shuts them down in order.

mod accept;
mod chores;
mod demo;
mod dump;
mod host_clock;
mod publish;
mod rebuild;
mod reload;
mod retention;
mod simulated;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::info;

use crate::archive::{Archive, ArchiveError};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::http::{self, Receipts, Site};
use crate::ingest::{Beginning, EmbeddedError, KafkaSettings, KafkaSource, KafkaSourceError, Owner, ProducerError, Source};
use crate::model::{PartitionId, Reached, ReceiptQuery, Topics};
use crate::pipeline::{Core, CoreError, Parts, Reload, Service, ServiceError, ServiceSettings, Writer, restore};
use crate::store::{Reader, Sqlite, StoreError, failpoint};
use crate::telemetry::ServiceMetrics;
use crate::view::Published;

pub use demo::{Demo, DemoStatus, demo};
pub use dump::{DumpError, dump};
pub use publish::publish_ledger;
pub use rebuild::{RebuildError, Rebuilt, rebuild};

/// Why the program ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What the configuration comes to.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The configuration would change time that has passed.
    #[error("the configuration would change time that has passed: {0}; change it back, or take it from here on with --accept-config")]
    Past(String),
    /// The host's clock cannot be right.
    #[error("{0}")]
    HostClock(String),
    /// The configuration has no form in which it can be kept.
    #[error("the configuration cannot be kept with the store: {0}")]
    Unwritable(String),
    /// The Kafka client.
    #[error(transparent)]
    Kafka(#[from] KafkaSourceError),
    /// The embedded broker.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// What was written to the broker.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The loop.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// An address to listen on.
    #[error("cannot listen on {address}: {source}; choose another one with {by}")]
    Listen {
        /// The address.
        address: String,
        /// What names it.
        by: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The operating system.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A thread of ours.
    #[error("the engine's thread ended in a panic: see the log, and start again")]
    Panicked,
}

impl AppError {
    /// Whether the user has to change what he wrote.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Config(_)
                | Self::Core(_)
                | Self::Past(_)
                | Self::Kafka(KafkaSourceError::Settings(_))
                | Self::Store(StoreError::TopicGone { .. })
        )
    }
}

/// What is allowed at one start only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServeOptions {
    /// An empty store, or another one than before, may begin to read for the group.
    pub bootstrap: bool,
    /// A configuration that would change time that has passed is taken from here on.
    pub accept_config: bool,
}

/// Runs the service until SIGTERM or SIGINT. At SIGHUP `load` reads the configuration again.
///
/// # Errors
/// When it cannot start, or cannot go on.
pub fn serve(
    config: &Config,
    options: ServeOptions,
    load: impl Fn() -> Result<Config, ConfigError> + Send + Sync + 'static,
) -> Result<(), AppError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (terminated, hangup) = (terminated()?, signal(SignalKind::hangup())?);
        let listeners = Listeners::open(config).await?;
        let clock = Clock::start();
        let open = if options.accept_config { Sqlite::open_leaving } else { Sqlite::open };
        let mut store = open(Path::new(&config.store.path), &config.kafka.topics)?;
        let mut core = Core::new(&config.core_settings()?.keeping_changes())?;
        core.evict_closed();
        let mut positions = restore(&mut core, &mut store, clock)?;
        host_clock::check(config.engine.clock, clock.now(), core.engine().clock())?;
        accept::enter(config, &mut store, core.engine().clock(), clock.now(), options.accept_config)?;
        store.keep_receipts(config.store.keep_receipts);
        let _chores = chores::start(config, clock)?;
        let (topics, unread) = (store.topics(), store.unread().clone());
        positions.retain(|partition, _| topics.get(usize::from(partition.topic)).is_some_and(|topic| !unread.contains(topic)));
        let archive = archive(config, &store, &positions)?;
        let kafka = KafkaSettings { topics: topics.to_vec(), ..config.kafka.clone() };
        let owner = Owner { store: store.id().as_str().to_owned(), takes_over: options.bootstrap };
        let beginning = Beginning { positions: named(&topics, &positions), unread, owner: Some(owner) };
        let source = KafkaSource::start(&kafka, beginning, clock)?;
        let _asking = retention::ask(config, &kafka)?;
        info!("metrics, board and API on http://{}", listeners.main.local_addr()?);
        let settings = service_settings(config, topics)?;
        let writer = Writer::start_with(store, archive, clock)?;
        let parts = Parts { core, source, positions, writer, metrics: ServiceMetrics::default() };
        let (sender, reloads) = mpsc::channel(1);
        tokio::spawn(reload::watch(hangup, load, config.clone(), clock, sender));
        let beside = Beside { receipts: Some(receipts(config)?), reloads: Some(reloads) };
        run(settings, clock, parts, listeners, beside, terminated).await
    })
}

/// The archive of the configuration, if it names one.
fn archive(config: &Config, store: &Sqlite, positions: &BTreeMap<PartitionId, Reached>) -> Result<Option<Archive>, ArchiveError> {
    let path = Some(Path::new(&config.archive.path)).filter(|path| !path.as_os_str().is_empty());
    path.map(|path| Archive::open(path, store.id().as_str(), store.topics(), positions, failpoint::reach)).transpose()
}

/// The receipts of the configured store, read by a connection of its own for each question.
fn receipts(config: &Config) -> Result<Receipts, ConfigError> {
    let path = PathBuf::from(&config.store.path);
    let read = move |query: &ReceiptQuery| Reader::open(&path).and_then(|store| store.receipts(query)).map_err(|error| error.to_string());
    Ok(Receipts::new(Arc::new(read), config.zone()?))
}

/// Positions by the names of their topics.
fn named(topics: &Topics, positions: &BTreeMap<PartitionId, Reached>) -> BTreeMap<(String, u32), Reached> {
    let name = |partition: &PartitionId| topics.get(usize::from(partition.topic)).cloned().unwrap_or_default();
    positions.iter().map(|(partition, reached)| ((name(partition), partition.partition), *reached)).collect()
}

/// The sockets that are answered.
pub(crate) struct Listeners {
    main: TcpListener,
    metrics: Option<TcpListener>,
}

impl Listeners {
    /// Listens where the configuration says.
    pub(crate) async fn open(config: &Config) -> Result<Self, AppError> {
        let main = listen(&config.http.listen.to_string(), "http.listen or --listen").await?;
        let metrics = match config.http.metrics_listen.as_str() {
            "" => None,
            address => Some(listen(address, "http.metrics_listen").await?),
        };
        Ok(Self { main, metrics })
    }

    /// Where board, API and metrics are.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.main.local_addr()
    }
}

async fn listen(address: &str, by: &'static str) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { address: address.to_owned(), by, source })
}

/// What a service has and the demo has not.
#[derive(Default)]
pub(crate) struct Beside {
    receipts: Option<Receipts>,
    reloads: Option<mpsc::Receiver<Reload>>,
}

/// Runs the loop on a thread of its own and answers requests until `shutdown`; the loop ends first, then the listeners.
pub(crate) async fn run<S: Source + Send + 'static>(
    settings: ServiceSettings,
    clock: Clock,
    parts: Parts<S>,
    listeners: Listeners,
    beside: Beside,
    shutdown: impl Future<Output = ()>,
) -> Result<(), AppError> {
    let handle = parts.metrics.handle();
    let (service, published) = Service::new(settings, clock, parts);
    let service = match beside.reloads {
        Some(reloads) => service.with_reloads(reloads),
        None => service,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let result = match runtime {
            Ok(runtime) => runtime.block_on(service.run(async move {
                // A dropped sender is a shutdown too.
                let _asked = stopped.await.is_ok();
            })),
            Err(error) => Err(ServiceError::from(error)),
        };
        let _heard = ended.send(result).is_ok();
    })?;
    let site = Site::new(published.clone(), handle, clock);
    let site = match beside.receipts {
        Some(receipts) => site.with_receipts(receipts),
        None => site,
    };
    let main = tokio::spawn(http::serve(listeners.main, site.routes(), ended_of(published.clone())));
    let metrics = listeners.metrics.map(|listener| tokio::spawn(http::serve(listener, site.metrics_routes(), ended_of(published))));
    drop(site);
    let result = tokio::select! {
        result = end => result,
        () = stopping(shutdown, stop) => return Err(AppError::Panicked),
    };
    for server in std::iter::once(main).chain(metrics) {
        server.abort();
    }
    result.map_err(|_| AppError::Panicked)?.map_err(AppError::from)
}

/// Passes the shutdown on and then waits for ever: the loop's end is what counts.
async fn stopping(shutdown: impl Future<Output = ()>, stop: oneshot::Sender<()>) {
    shutdown.await;
    if stop.send(()).is_ok() {
        info!("shutting down");
    }
    std::future::pending::<()>().await;
}

/// Done when nothing is published any more.
async fn ended_of(mut published: watch::Receiver<Published>) {
    while published.changed().await.is_ok() {}
}

/// Done when the process is asked to end, from this call on: whoever asks while it starts is heard, too.
pub(crate) fn terminated() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What the loop is told, with the topics by their numbers.
fn service_settings(config: &Config, topics: Topics) -> Result<ServiceSettings, ConfigError> {
    Ok(ServiceSettings {
        clock_mode: config.engine.clock,
        idle_after: config.engine.idle_after,
        allowed_lateness: config.engine.allowed_lateness,
        keep_hot: config.keep_hot()?,
        topics,
        display: config.display()?,
    })
}
