//! `GET /api/v1/facts`: receipts, page by page.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::model::{ReceiptPage, ReceiptQuery, Zone};
use crate::view::receipts::{self, Asked};

/// Questions that are answered at the same time: each reads many blocks of the store.
const QUESTIONS_MAX: usize = 2;

/// Reads receipts; fails with a sentence.
pub type ReadReceipts = Arc<dyn Fn(&ReceiptQuery) -> Result<ReceiptPage, String> + Send + Sync>;

/// Where receipts are read, and what a day is.
#[derive(Clone)]
pub struct Receipts {
    read: ReadReceipts,
    zone: Zone,
    questions: Arc<Semaphore>,
}

impl Receipts {
    /// Receipts of a store, whose days are those of the reporting zone.
    #[must_use]
    pub fn new(read: ReadReceipts, zone: Zone) -> Self {
        Self { read, zone, questions: Arc::new(Semaphore::new(QUESTIONS_MAX)) }
    }
}

/// Answers with a page.
pub(super) async fn facts(
    State(receipts): State<Receipts>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let query = match asked.map_err(|error| error.body_text()).and_then(|Query(asked)| asked.query(&receipts.zone)) {
        Ok(query) => query,
        Err(wrong) => return (StatusCode::BAD_REQUEST, format!("{wrong}\n")).into_response(),
    };
    let Ok(permit) = receipts.questions.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "receipts are being read for others: ask again in a moment\n").into_response();
    };
    let page = tokio::task::spawn_blocking(move || {
        // Held to the end of the reading, also when whoever asked has gone.
        let _permit = permit;
        (receipts.read)(&query)
    });
    match page.await {
        Ok(Ok(page)) => {
            ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], receipts::json(&page)).into_response()
        }
        Ok(Err(failed)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{failed}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("receipts could not be read: {error}\n")).into_response(),
    }
}
