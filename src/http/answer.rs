//! What each route answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::IntervalStream;

use crate::model::Span;
use crate::view;

use super::Site;

/// The text format of Prometheus.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
/// How often a board is told.
const STREAM_EVERY: Duration = Duration::from_secs(1);
/// The loop publishes many times a second; after this long without it is stuck.
const STUCK_AFTER: Span = Span(30_000);

/// `GET /metrics`: the KPI series of the newest snapshot, then the service's own.
pub(super) async fn metrics(State(site): State<Site>) -> Response {
    let Ok(_permit) = site.renders.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are being rendered: scrape less often\n").into_response();
    };
    let page = tokio::task::spawn_blocking(move || {
        let newest = || Arc::clone(&site.published.borrow().snapshot);
        let before = newest();
        // The clock is one of these: the snapshot that is read after it has come at least as far.
        let mut service = site.service.render();
        let snapshot = newest();
        if snapshot.caught_up && !before.caught_up {
            // It happened in between: what the service says of itself must not be of before.
            service = site.service.render();
        }
        let mut page = view::metrics::render(&snapshot, site.clock.now());
        page.push_str(&service);
        page
    });
    match page.await {
        Ok(page) => ([(header::CONTENT_TYPE, EXPOSITION)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the page could not be rendered: {error}\n")).into_response(),
    }
}

/// `GET /healthz`: the process is alive.
pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: 503 with reasons until caught up, and whenever ingestion is stale.
pub(super) async fn readyz(State(site): State<Site>) -> Response {
    let published = site.published.borrow();
    let mut reasons = published.not_ready.clone();
    let silent = site.clock.now().since(published.at);
    if silent > STUCK_AFTER {
        reasons.push(format!("the engine has not been heard of for {} s: restart the service if this lasts", silent.0 / 1_000));
    }
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").into_response()
}

/// `GET /`: the live board.
pub(super) async fn board() -> Html<&'static str> {
    Html(view::board::page())
}

/// `GET /api/v1/live`: the live view.
pub(super) async fn live(State(site): State<Site>) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], live_json(&site)).into_response()
}

/// `GET /api/v1/live/stream`: the live view once a second, as server-sent events, until the service ends.
pub(super) async fn stream(State(site): State<Site>) -> Response {
    let Ok(permit) = site.streams.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many boards are open: close some, or read /api/v1/live\n").into_response();
    };
    let told = IntervalStream::new(tokio::time::interval(STREAM_EVERY)).map_while(move |_| {
        let _held = &permit;
        let ended = site.published.has_changed().is_err();
        (!ended).then(|| Ok::<_, Infallible>(Event::default().data(live_json(&site))))
    });
    Sse::new(told).keep_alive(KeepAlive::default()).into_response()
}

fn live_json(site: &Site) -> String {
    let snapshot = Arc::clone(&site.published.borrow().snapshot);
    let moment = view::live::Moment { now: site.clock.now(), caught_up: snapshot.caught_up, names: &snapshot.names };
    view::live::json(&snapshot.live, moment)
}
