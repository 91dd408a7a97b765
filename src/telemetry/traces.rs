//! Where the time of one request went: spans for each stage, sent to an OpenTelemetry collector.
//!
//! Stages are [`stage!`](crate::telemetry::stage) spans. Without an endpoint nobody listens to them
//! and they cost a load and a branch. They carry names, numbers and the request's id; the text of a
//! question is in none of them. It does not know which stages there are.

use super::delivery::Delivery;
use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HeaderExtractor, HeaderInjector, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use reqwest::Url;
use reqwest::header::HeaderMap;
use std::sync::Arc;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, filter::LevelFilter};

/// Target of the spans; log lines have others.
pub const STAGES: &str = "stage";

/// Where the protocol wants traces below a collector's address.
const PATH: &str = "/v1/traces";

/// Begins a span for one stage of a request: `stage!("embed")`, with fields as `tracing` has them.
#[macro_export]
macro_rules! stage {
    ($name:literal $(, $($fields:tt)*)?) => {
        ::tracing::trace_span!(target: $crate::telemetry::traces::STAGES, $name $(, $($fields)*)?)
    };
}

/// Where traces go, and how many.
#[derive(Clone)]
pub struct Options {
    /// The collector's address, without the protocol's path.
    pub endpoint: String,
    /// Share of the requests that are traced, 0 to 1, unless whoever asks has decided already.
    pub sample_ratio: f64,
    /// Name of this installation.
    pub environment: String,
}

/// Traces cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("otel_exporter_otlp_endpoint: {0}")]
pub struct TraceError(String);

/// Sends what is left when dropped.
pub(super) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    pub fn start(options: &Options) -> Result<Self, TraceError> {
        let endpoint = endpoint(&options.endpoint)?;
        let delivery = Delivery::start("traces", &endpoint).map_err(TraceError)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Courier(Arc::new(delivery)))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint.as_str())
            .build()
            .map_err(|error| TraceError(error.to_string()))?;
        let resource = Resource::builder()
            .with_service_name(env!("CARGO_PKG_NAME"))
            .with_attributes([
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("deployment.environment.name", options.environment.clone()),
            ])
            .build();
        let sampler = Sampler::TraceIdRatioBased(options.sample_ratio);
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Self {
            provider: SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_sampler(Sampler::ParentBased(Box::new(sampler)))
                .with_resource(resource)
                .build(),
        })
    }

    /// What listens to stages, and to nothing else.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let only = Targets::new().with_target(STAGES, LevelFilter::TRACE);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(only)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::debug!(%error, "the last traces were not sent");
        }
    }
}

/// Makes `span` part of the trace that a request's headers name, if they do (W3C trace context).
pub fn continue_from(span: &Span, headers: &HeaderMap) {
    if span.is_disabled() {
        return;
    }
    let named = global::get_text_map_propagator(|w3c| w3c.extract(&HeaderExtractor(headers)));
    // Fails only where nobody listens.
    let _listened = span.set_parent(named);
}

/// Tells the receiver of a request of ours which trace it belongs to.
pub fn pass_on(headers: &mut HeaderMap) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    let context = span.context();
    global::get_text_map_propagator(|w3c| {
        w3c.inject_context(&context, &mut HeaderInjector(headers));
    });
}

fn endpoint(text: &str) -> Result<Url, TraceError> {
    let base = text.trim_end_matches('/');
    let base = base.strip_suffix(PATH).unwrap_or(base);
    Url::parse(&format!("{base}{PATH}"))
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| TraceError("a collector's address is like http://localhost:4318".to_owned()))
}

/// OpenTelemetry's way out: its own thread waits here, ours sends.
#[derive(Debug)]
struct Courier(Arc<Delivery>);

#[async_trait]
impl HttpClient for Courier {
    async fn send_bytes(
        &self,
        request: opentelemetry_http::Request<Bytes>,
    ) -> Result<opentelemetry_http::Response<Bytes>, HttpError> {
        let delivery = Arc::clone(&self.0);
        let (head, body) = request.into_parts();
        let parcel = delivery
            .client()
            .request(head.method, head.uri.to_string())
            .headers(head.headers)
            .body(body);
        let sending = async move { delivery.send(parcel).await };
        let receipt = self.0.spawn(sending).await??;
        let mut response = opentelemetry_http::Response::new(receipt.body);
        *response.status_mut() = receipt.status;
        *response.headers_mut() = receipt.headers;
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocols_path_is_added_once() {
        for given in [
            "http://localhost:4318",
            "http://localhost:4318/",
            "http://localhost:4318/v1/traces",
        ] {
            let endpoint = endpoint(given).expect("an address");
            assert_eq!(endpoint.as_str(), "http://localhost:4318/v1/traces");
        }
        for wrong in ["localhost:4318", "grpc://localhost:4317", ""] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }
}
