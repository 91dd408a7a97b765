//! Bodies, parameters and addresses read out of requests, with our problem documents for what
//! is wrong.

use super::Server;
use super::problem::{Code, Problem};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A JSON body.
pub struct Body<T>(pub T);

/// The query string.
pub struct Parameters<T>(pub T);

/// A part of the path.
pub struct Segment(pub String);

/// The address of whoever asks, as far as it can be believed.
pub struct Client(pub IpAddr);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(body_problem(rejection)),
        }
    }
}

fn body_problem(rejection: JsonRejection) -> Problem {
    let code = match &rejection {
        JsonRejection::JsonDataError(_) => Code::InvalidField,
        JsonRejection::MissingJsonContentType(_) => Code::UnsupportedMediaType,
        JsonRejection::BytesRejection(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Code::BodyTooLarge
        }
        _ => Code::InvalidJson,
    };
    let text = rejection.body_text();
    if matches!(code, Code::UnsupportedMediaType) {
        let detail = "The body must be JSON, sent with the header Content-Type: application/json.";
        return Problem::new(code, detail);
    }
    if text.contains("expected struct") {
        return Problem::new(code, "The body must be a JSON object.");
    }
    // The frame's own preamble speaks of types; what serde says after it is enough.
    let detail = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
    Problem::new(code, detail)
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<T>::from_request_parts(parts, state)
            .await
            .map(|Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| {
                let text = rejection.body_text();
                let detail = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
                Problem::new(Code::InvalidParameter, detail)
            })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::<String>::from_request_parts(parts, state)
            .await
            .map(|Path(value)| Self(value))
            .map_err(|rejection: PathRejection| {
                Problem::new(Code::InvalidParameter, rejection.body_text())
            })
    }
}

impl FromRequestParts<Server> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Server,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            // Absent only when the router is called without a socket.
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        let forwarded: Vec<&str> = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        Ok(Self(client_address(
            peer,
            &forwarded,
            server.options.trusted_proxies,
        )))
    }
}

/// Each trusted proxy appended the address it saw: the one the outermost of them saw is the
/// client's. Whatever stands left of it is the client's own claim.
fn client_address(peer: IpAddr, forwarded: &[&str], trusted_proxies: u8) -> IpAddr {
    let hops = usize::from(trusted_proxies).min(forwarded.len());
    if hops == 0 {
        return peer;
    }
    forwarded[forwarded.len() - hops]
        .trim()
        .parse()
        .unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_forwarding_header_does_not_change_who_asks() {
        let peer = IpAddr::from([10, 0, 0, 1]);
        let seen =
            |forwarded: &[&str], proxies| client_address(peer, forwarded, proxies).to_string();
        assert_eq!(seen(&["1.2.3.4"], 0), "10.0.0.1");
        assert_eq!(seen(&["6.6.6.6", " 1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(seen(&["6.6.6.6", "1.2.3.4", "10.9.9.9"], 2), "1.2.3.4");
        assert_eq!(seen(&["nonsense"], 1), "10.0.0.1");
        assert_eq!(seen(&[], 3), "10.0.0.1");
    }
}
