//! OpenAI's error shape: `{"error": {message, type, param, code}}`.
//!
//! Handlers here refuse with [`Refusal`]; problem documents that other parts answer with (limits,
//! keys, bodies that are no JSON) are given the same shape on their way out.

use crate::http::problem::{Code, Problem};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A request that is not answered.
#[derive(Debug)]
pub struct Refusal {
    problem: Problem,
    /// The parameter that is at fault.
    param: Option<String>,
    /// OpenAI's word for it, where it has one of its own.
    code: Option<&'static str>,
}

/// An error as OpenAI writes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiError)]
pub struct RefusalBody {
    error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiErrorDetail)]
struct ErrorBody {
    message: String,
    /// `invalid_request_error`, `authentication_error`, `permission_error`, `rate_limit_error` or
    /// `server_error`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The parameter that is at fault.
    #[schema(required = true)]
    param: Option<String>,
    code: &'static str,
}

impl Refusal {
    /// A parameter whose value is wrong.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::about(param, "invalid_value", message)
    }

    /// A parameter that OpenAI has and this server has not.
    pub fn unsupported(param: &str, message: &str) -> Self {
        let message = format!("Unsupported parameter: '{param}' {message}");
        Self::about(param, "unsupported_parameter", message)
    }

    /// A parameter at fault, with OpenAI's code for the fault.
    pub fn about(param: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            problem: Problem::new(Code::InvalidParameter, message),
            param: Some(param.into()),
            code: Some(code),
        }
    }

    /// The same refusal, said of a parameter.
    pub fn of(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// A model that is not on the list.
    pub fn no_such_model(model: &str) -> Self {
        Self {
            problem: Problem::new(
                Code::NotFound,
                format!(
                    "The model '{model}' does not exist here; GET /v1/models lists those that do."
                ),
            ),
            param: Some("model".to_owned()),
            code: Some("model_not_found"),
        }
    }

    /// The object itself, for a stream that has begun already.
    pub fn body(&self) -> RefusalBody {
        let problem = self.problem.body(String::new());
        let kind = match problem.status {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        let code = match self.problem.code() {
            Code::Unauthorized => "invalid_api_key",
            Code::RateLimited => "rate_limit_exceeded",
            Code::QuotaUsedUp => "insufficient_quota",
            Code::QueryTooLong => "string_above_max_length",
            other => other.name(),
        };
        RefusalBody {
            error: ErrorBody {
                message: problem.detail,
                kind,
                param: self.param.clone(),
                code: self.code.unwrap_or(code),
            },
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let (param, code) = match problem.code() {
            Code::InvalidField => at_fault(&problem.body(String::new()).detail),
            _ => (None, None),
        };
        Self {
            problem,
            param,
            code,
        }
    }
}

/// The parameter that a reader of JSON complains of (`path.to[0].it: what is wrong`), and OpenAI's
/// code for the complaint.
fn at_fault(complaint: &str) -> (Option<String>, Option<&'static str>) {
    let path = complaint.split_once(": ").map(|(path, _)| path);
    let path = path.filter(|path| !path.contains(' ')).map(str::to_owned);
    if let Some(name) = complaint.split("missing field `").nth(1) {
        let name = name.split('`').next().unwrap_or_default();
        let param = path.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"));
        return (Some(param), Some("missing_required_parameter"));
    }
    if complaint.contains("unknown field `") {
        return (path, Some("unknown_parameter"));
    }
    (
        path,
        Some("invalid_type").filter(|_| complaint.contains("invalid type: ")),
    )
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).expect("an error object serialises");
        // Status and headers are the problem's; OpenAI has no status of its own for wrong fields.
        let mut response = self.problem.into_response();
        if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
            *response.status_mut() = StatusCode::BAD_REQUEST;
        }
        response.extensions_mut().remove::<Problem>();
        let json = "application/json".parse().expect("a plain media type");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        *response.body_mut() = body.into();
        response
    }
}

/// Gives problem documents below `/v1/` OpenAI's shape, and keeps the headers they came with.
pub async fn reshape(request: Request, next: Next) -> Response {
    let is_ours = request.uri().path().starts_with("/v1/");
    let mut response = next.run(request).await;
    if !is_ours {
        return response;
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let (mut parts, body) = Refusal::from(problem).into_response().into_parts();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            parts.headers.insert(name.clone(), value.clone());
        }
    }
    Response::from_parts(parts, body)
}
