//! `/status` and `/status.json`: whether readers get what they should, since when, and if not, why.
//! Public: it names no figure that is nobody's business.

mod page;
mod words;

use super::Server;
use super::asset::Asset;
use super::extract::Parameters;
use super::standing::{Standing, Trouble, standing};
use crate::telemetry::history::Signal;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A day in quarters of an hour.
const QUARTERS: usize = 96;
const HOUR_S: u32 = 60 * 60;

/// Whether readers get what they should.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceStatus)]
pub struct StatusReport {
    /// `up` or `degraded`.
    state: &'static str,
    /// Since when it has been so, at the earliest since the server started.
    #[schema(format = DateTime, value_type = String)]
    since: Timestamp,
    troubles: Vec<TroubleBody>,
    /// Pages that can be asked; `null` before the first index.
    documents: Option<usize>,
    /// Half of the last hour's answers were ready within this time; `null` when nobody asked.
    answer_seconds_median: Option<f64>,
    /// Part of the last 24 hours in which all was well, 0 to 1, as far as this process looked.
    well_ratio: Option<f64>,
    /// The last 24 hours by quarters of an hour, oldest first: `true` for all well, `null` for times
    /// at which this process did not look.
    last_24_hours: Vec<Option<bool>>,
    #[schema(format = DateTime, value_type = String)]
    at: Timestamp,
}

/// What readers get less of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceTrouble)]
pub struct TroubleBody {
    /// `starting`, `indexing`, `index_fails`, `model_fails`, `budget_spent` or `database_fails`.
    name: &'static str,
    #[schema(format = DateTime, value_type = String)]
    since: Timestamp,
}

/// In which language.
#[derive(Debug, Deserialize)]
pub struct PageParameters {
    lang: Option<String>,
}

/// Says whether readers get what they should, and since when.
#[utoipa::path(
    get, path = "/status.json", operation_id = "service_status", tag = "operation",
    responses((status = 200, description = "How it stands", body = StatusReport))
)]
pub async fn report(State(server): State<Server>) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (no_store, Json(StatusReport::now(&server))).into_response()
}

/// `GET /status`: the page; the report for who asks for JSON.
pub async fn page(
    State(server): State<Server>,
    Parameters(asked): Parameters<PageParameters>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let accept = text(header::ACCEPT).unwrap_or_default();
    if accept.contains("application/json") && !accept.contains("text/html") {
        return report(State(server)).await;
    }
    let language = asked.lang.as_deref().or(text(header::ACCEPT_LANGUAGE));
    let words = words::in_language(language.unwrap_or_default());
    let html = page::page(&StatusReport::now(&server), words, &server.site.title);
    let page = Asset::new(html, "text/html; charset=utf-8").policy(super::admin::policy());
    let mut response = page.respond(StatusCode::OK, &method, &headers).await;
    let vary = HeaderValue::from_static("accept, accept-language");
    response.headers_mut().append(header::VARY, vary);
    response
}

impl StatusReport {
    fn now(server: &Server) -> Self {
        let now = Timestamp::now();
        let Standing { since, troubles } = standing(server);
        let median = server
            .history
            .over(HOUR_S, |hour| hour.quantile(0.5, Signal::AnswerTime));
        Self {
            state: if troubles.is_empty() {
                "up"
            } else {
                "degraded"
            },
            since,
            troubles: troubles.into_iter().map(TroubleBody::from).collect(),
            documents: server.index().map(|index| index.summary().documents),
            answer_seconds_median: median,
            well_ratio: server.history.well(),
            last_24_hours: server.history.quarters(QUARTERS, now),
            at: now,
        }
    }
}

impl From<(Trouble, Timestamp)> for TroubleBody {
    fn from((trouble, since): (Trouble, Timestamp)) -> Self {
        Self {
            name: trouble.name(),
            since,
        }
    }
}
