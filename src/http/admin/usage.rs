//! `GET /admin/usage`: what models were used for and cost, by day.

use crate::http::Server;
use crate::http::caller::Admin;
use crate::http::csv::{self, Cell};
use crate::http::extract::Parameters;
use crate::http::problem::{Code, KeyRefusals, Problem};
use crate::store::{DaySpent, Spent};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const MAX_DAYS: u32 = 366;

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageParameters {
    /// 1–366.
    #[serde(default = "default_days")]
    #[param(default = 30, minimum = 1, maximum = 366)]
    days: u32,
}

fn default_days() -> u32 {
    30
}

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub struct UsageBody {
    total: SpentBody,
    /// The latest first; a day without calls is left out.
    days: Vec<DayBody>,
}

/// One model on one day (UTC).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayUsage)]
pub struct DayBody {
    #[schema(format = Date, value_type = String)]
    day: jiff::civil::Date,
    generator: String,
    model: String,
    #[serde(flatten)]
    spent: SpentBody,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Spent)]
pub struct SpentBody {
    calls: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    cost_usd: f64,
}

/// Reads what models were used for and cost, by day.
#[utoipa::path(
    get, path = "/admin/usage", operation_id = "read_usage", tag = "operation", params(UsageParameters), security(("key" = ["admin"])),
    responses(
        (status = 200, description = "The usage; one model and day a line for `Accept: text/csv`",
            content((UsageBody = "application/json"), (String = "text/csv"))),
        KeyRefusals,
    )
)]
pub async fn read(
    State(server): State<Server>,
    _: Admin,
    headers: HeaderMap,
    Parameters(asked): Parameters<UsageParameters>,
) -> Result<Response, Problem> {
    if !(1..=MAX_DAYS).contains(&asked.days) {
        return Err(Problem::new(
            Code::InvalidParameter,
            format!("`days` must be from 1 to {MAX_DAYS}."),
        ));
    }
    let back = SignedDuration::from_hours(24 * i64::from(asked.days));
    let since = Timestamp::now().checked_sub(back).unwrap_or(Timestamp::MIN);
    let total = server.store.ledger.spent_since(since).await?;
    let days = server.store.ledger.spent_by_day(since).await?;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if csv::is_wanted(&headers) {
        return Ok((no_store, csv::response("usage.csv", &table(&days))).into_response());
    }
    let body = UsageBody {
        total: total.into(),
        days: days.into_iter().map(DayBody::from).collect(),
    };
    Ok((no_store, Json(body)).into_response())
}

fn table(days: &[DaySpent]) -> Vec<Vec<Cell>> {
    let names = [
        "day",
        "generator",
        "model",
        "calls",
        "prompt_tokens",
        "completion_tokens",
        "cost_usd",
    ];
    let row = |one: &DaySpent| {
        vec![
            Cell::from(one.day.to_string().as_str()),
            Cell::from(one.generator.as_str()),
            Cell::from(one.model.as_str()),
            Cell::from(one.spent.calls),
            Cell::from(one.spent.prompt_tokens),
            Cell::from(one.spent.completion_tokens),
            Cell::from(format!("{:.6}", one.spent.cost_usd).as_str()),
        ]
    };
    let head = names.map(Cell::from).to_vec();
    std::iter::once(head).chain(days.iter().map(row)).collect()
}

impl From<Spent> for SpentBody {
    fn from(spent: Spent) -> Self {
        Self {
            calls: spent.calls,
            prompt_tokens: spent.prompt_tokens,
            completion_tokens: spent.completion_tokens,
            cost_usd: spent.cost_usd,
        }
    }
}

impl From<DaySpent> for DayBody {
    fn from(one: DaySpent) -> Self {
        Self {
            day: one.day,
            generator: one.generator,
            model: one.model,
            spent: one.spent.into(),
        }
    }
}
