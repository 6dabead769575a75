//! HTTP: the routes, each a function of the newest snapshot and the wall clock. It never touches the engine.

mod answer;
mod facts;
mod host;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::clock::Clock;
use crate::view::Published;

pub use facts::{ReadReceipts, Receipts};

/// Pages that are rendered at the same time; more are refused rather than queued.
const RENDERS_MAX: usize = 4;
/// Boards that are kept up to date at the same time.
const STREAMS_MAX: usize = 256;
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What every route reads.
#[derive(Clone)]
pub struct Site {
    published: watch::Receiver<Published>,
    service: PrometheusHandle,
    clock: Clock,
    renders: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    receipts: Option<Receipts>,
}

impl Site {
    /// A site over the newest snapshot and the service's own metrics.
    #[must_use]
    pub fn new(published: watch::Receiver<Published>, service: PrometheusHandle, clock: Clock) -> Self {
        let (renders, streams) = (Arc::new(Semaphore::new(RENDERS_MAX)), Arc::new(Semaphore::new(STREAMS_MAX)));
        Self { published, service, clock, renders, streams, receipts: None }
    }

    /// The same with receipts to read.
    #[must_use]
    pub fn with_receipts(self, receipts: Receipts) -> Self {
        Self { receipts: Some(receipts), ..self }
    }

    /// Every route: metrics, health, board, API; for requests that name this machine.
    pub fn routes(&self) -> Router {
        let pages = Router::new()
            .route("/", get(answer::board))
            .route("/api/v1/live", get(answer::live))
            .with_state(self.clone())
            .merge(self.receipts_routes())
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_LIMIT))
            .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest));
        let stream = Router::new().route("/api/v1/live/stream", get(answer::stream)).with_state(self.clone());
        self.metrics_routes().merge(pages).merge(stream).layer(axum::middleware::from_fn(host::only_local))
    }

    fn receipts_routes(&self) -> Router {
        match &self.receipts {
            Some(receipts) => Router::new().route("/api/v1/facts", get(facts::facts)).with_state(receipts.clone()),
            None => Router::new(),
        }
    }

    /// The routes without customers or names of agents beyond labels: metrics and health; under whatever name, since this address may
    /// be open to the network.
    pub fn metrics_routes(&self) -> Router {
        Router::new()
            .route("/metrics", get(answer::metrics))
            .route("/healthz", get(answer::healthz))
            .route("/readyz", get(answer::readyz))
            .with_state(self.clone())
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_LIMIT))
            .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest))
    }
}

/// Answers on a listener until `shutdown` is done.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, routes: Router, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    axum::serve(listener, routes).with_graceful_shutdown(shutdown).await
}
