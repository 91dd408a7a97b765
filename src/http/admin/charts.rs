//! `GET /admin/charts`: a dashboard's lines over the last hours, from the figures kept in this process.

use crate::http::Server;
use crate::http::caller::Admin;
use crate::http::extract::Parameters;
use crate::http::problem::{Code, KeyRefusals, Problem};
use crate::telemetry::history::DASHBOARDS;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Ten moments at least, and all there are.
const MIN_MINUTES: u32 = 5;
const MAX_MINUTES: u32 = 24 * 60;

/// Which charts, and how far back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChartParameters {
    #[serde(default)]
    #[param(inline, default = "main")]
    dashboard: DashboardName,
    /// 5–1440.
    #[serde(default = "default_minutes")]
    #[param(default = 60, minimum = 5, maximum = 1440)]
    minutes: u32,
}

fn default_minutes() -> u32 {
    60
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DashboardName {
    #[default]
    Main,
    Performance,
    Errors,
    Resources,
}

impl DashboardName {
    fn id(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Performance => "performance",
            Self::Errors => "errors",
            Self::Resources => "resources",
        }
    }
}

/// A dashboard over the last hours.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dashboard)]
pub struct ChartsBody {
    dashboard: &'static str,
    title: &'static str,
    /// Seconds between two points.
    step_s: u32,
    #[schema(value_type = Vec<String>)]
    times: Vec<Timestamp>,
    charts: Vec<ChartBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chart)]
pub struct ChartBody {
    title: &'static str,
    /// `per_minute`, `seconds`, `ratio`, `of_whole` (a ratio to be seen as a part of 1), `bytes`, `count` or `usd_per_hour`.
    unit: &'static str,
    lines: Vec<LineBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChartLine)]
pub struct LineBody {
    name: &'static str,
    /// One for each time; `null` where nothing is known.
    values: Vec<Option<f64>>,
}

/// Reads a dashboard's charts.
#[utoipa::path(
    get, path = "/admin/charts", operation_id = "read_charts", tag = "operation", params(ChartParameters), security(("key" = ["admin"])),
    responses((status = 200, description = "The charts", body = ChartsBody), KeyRefusals)
)]
pub async fn read(
    State(server): State<Server>,
    _: Admin,
    Parameters(asked): Parameters<ChartParameters>,
) -> Result<Response, Problem> {
    if !(MIN_MINUTES..=MAX_MINUTES).contains(&asked.minutes) {
        return Err(Problem::new(
            Code::InvalidParameter,
            format!("`minutes` must be from {MIN_MINUTES} to {MAX_MINUTES}."),
        ));
    }
    let id = asked.dashboard.id();
    let dashboard = DASHBOARDS
        .iter()
        .find(|one| one.id == id)
        .expect("every name has a dashboard");
    let drawn = server
        .history
        .drawn(dashboard, asked.minutes, Timestamp::now());
    let charts = dashboard.charts.iter().zip(drawn.values);
    let body = ChartsBody {
        dashboard: dashboard.id,
        title: dashboard.title,
        step_s: drawn.step_s,
        times: drawn.times,
        charts: charts
            .map(|(chart, values)| ChartBody {
                title: chart.title,
                unit: chart.unit,
                lines: chart
                    .lines
                    .iter()
                    .zip(values)
                    .map(|(line, values)| LineBody {
                        name: line.name,
                        values,
                    })
                    .collect(),
            })
            .collect(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
