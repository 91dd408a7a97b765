//! `GET` and `PUT /admin/logs`: what is logged, looked at and changed while the server runs.

use super::Server;
use super::audit::note;
use super::caller::Admin;
use super::extract::Body;
use super::problem::{BodyRefusals, Code, KeyRefusals, Problem};
use crate::guard::audit::Action;
use crate::telemetry::logs;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longer than any filter that a person writes.
const MAX_FILTER: usize = 500;

/// What is logged.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Logging)]
pub struct LoggingBody {
    /// In force now.
    filter: String,
    /// As the settings have it, and as it is again after a restart.
    configured: String,
    /// Names that a filter can give a level of their own: `info,retrieval=debug`.
    components: Vec<&'static str>,
}

/// What is to be logged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoggingChange)]
pub struct ChangeBody {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`, `off`), and levels of components; without
    /// it, what the settings say.
    #[schema(max_length = 500, example = "info,retrieval=debug")]
    filter: Option<String>,
}

/// Shows what is logged.
#[utoipa::path(
    get, path = "/admin/logs", operation_id = "read_logging", tag = "operation", security(("key" = ["admin"])),
    responses((status = 200, description = "What is logged", body = LoggingBody), KeyRefusals)
)]
pub async fn read(State(server): State<Server>, _: Admin) -> Json<LoggingBody> {
    Json(LoggingBody::now(&server))
}

/// Changes what is logged, until the next restart.
#[utoipa::path(
    put, path = "/admin/logs", operation_id = "change_logging", tag = "operation", request_body = ChangeBody, security(("key" = ["admin"])),
    responses((status = 200, description = "What is logged now", body = LoggingBody), BodyRefusals, KeyRefusals)
)]
pub async fn change(
    State(server): State<Server>,
    Admin(caller): Admin,
    Body(body): Body<ChangeBody>,
) -> Result<Json<LoggingBody>, Problem> {
    let filter = body
        .filter
        .unwrap_or_else(|| server.options.log_filter.clone());
    if filter.chars().count() > MAX_FILTER {
        let detail = format!("A filter has at most {MAX_FILTER} characters.");
        return Err(Problem::new(Code::InvalidField, detail));
    }
    logs::change_filter(&filter).map_err(|error| match error {
        logs::FilterError::Unreadable { reason, .. } => Problem::new(
            Code::InvalidField,
            format!("`filter` is not a level or filter: {reason}."),
        ),
        logs::FilterError::NotStarted => Problem::internal(),
    })?;
    note(&server, &caller, Action::LogFilter, &filter, "done").await;
    Ok(Json(LoggingBody::now(&server)))
}

impl LoggingBody {
    fn now(server: &Server) -> Self {
        Self {
            filter: logs::filter_in_force(),
            configured: server.options.log_filter.clone(),
            components: logs::COMPONENTS.to_vec(),
        }
    }
}
