//! Something with bytes and a name, sent the way browsers and proxies like it: strong ETags,
//! conditional requests, byte ranges, HEAD, brotli and gzip made once and kept.
//!
//! It does not know where the bytes come from.

mod encoding;
mod range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use encoding::{Encoding, accepts, brotli, gzip, is_compressible};
use range::{Wanted, range};
use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::OnceLock;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// How long a copy may be used without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Its name changes with its content.
    Immutable,
    /// Asked for again each time; the ETag makes that cheap.
    Revalidate,
}

/// Bytes ready to be sent.
pub struct Asset {
    content: Content,
    content_type: HeaderValue,
    /// Hash of the content, without quotes.
    tag: String,
    caching: Caching,
    /// Content security policy, for HTML.
    policy: Option<HeaderValue>,
    brotli: OnceLock<Option<Bytes>>,
    gzip: OnceLock<Option<Bytes>>,
}

enum Content {
    Memory(Bytes),
    /// Too large to keep: read as it is sent.
    File {
        path: PathBuf,
        size: u64,
    },
}

/// Smaller bodies gain nothing: they fit one packet anyway.
const MIN_COMPRESSED: usize = 1024;

impl Asset {
    pub fn new(bytes: impl Into<Bytes>, content_type: &str) -> Self {
        let bytes = bytes.into();
        let tag = blake3::hash(&bytes).to_hex()[..32].to_owned();
        Self::build(Content::Memory(bytes), content_type, tag)
    }

    /// A file too large to keep in memory; `stamp` changes when the file does.
    pub fn large(path: PathBuf, size: u64, stamp: &str, content_type: &str) -> Self {
        let tag = blake3::hash(stamp.as_bytes()).to_hex()[..32].to_owned();
        Self::build(Content::File { path, size }, content_type, tag)
    }

    fn build(content: Content, content_type: &str, tag: String) -> Self {
        Self {
            content,
            content_type: HeaderValue::from_str(content_type)
                .unwrap_or(HeaderValue::from_static("application/octet-stream")),
            tag,
            caching: Caching::Revalidate,
            policy: None,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    pub fn caching(mut self, caching: Caching) -> Self {
        self.caching = caching;
        self
    }

    pub fn policy(mut self, policy: HeaderValue) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Variants that the build already made.
    pub fn precompressed(self, brotli: Option<Vec<u8>>, gzip: Option<Vec<u8>>) -> Self {
        if let Some(bytes) = brotli {
            let _empty_until_now = self.brotli.set(Some(bytes.into()));
        }
        if let Some(bytes) = gzip {
            let _empty_until_now = self.gzip.set(Some(bytes.into()));
        }
        self
    }

    /// Bytes this takes in memory, roughly, variants included.
    pub fn weight(&self) -> usize {
        match &self.content {
            Content::Memory(bytes) => bytes.len() * 2,
            Content::File { .. } => 0,
        }
    }

    /// The response to a request with these headers. `status` is 200, or 404 for an error page.
    pub async fn respond(
        &self,
        status: StatusCode,
        method: &Method,
        headers: &HeaderMap,
    ) -> Response {
        let encoding = self.encoding_for(headers);
        let tag = self.quoted_tag(encoding);
        let mut response = if status == StatusCode::OK && matches_tag(headers, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.full_or_part(status, method, headers, encoding, &tag)
                .await
        };
        let out = response.headers_mut();
        out.insert(
            header::ETAG,
            tag.parse().expect("a hex tag is a header value"),
        );
        out.insert(header::CACHE_CONTROL, self.cache_control());
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(policy) = &self.policy {
            out.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response
    }

    /// Makes the variant that these headers ask for; slow the first time.
    pub fn compress_for(&self, headers: &HeaderMap) {
        let _made_and_kept = self.encoding_for(headers);
    }

    async fn full_or_part(
        &self,
        status: StatusCode,
        method: &Method,
        headers: &HeaderMap,
        encoding: Encoding,
        tag: &str,
    ) -> Response {
        let size = self.size(encoding);
        // A range is defined for GET alone (RFC 9110, section 14.2).
        let divisible = status == StatusCode::OK && encoding == Encoding::Identity;
        let wanted = if divisible && method == Method::GET {
            range(headers, size, tag)
        } else {
            Wanted::All
        };
        let (status, from, length) = match wanted {
            Wanted::All => (status, 0, size),
            Wanted::Part { from, to } => (StatusCode::PARTIAL_CONTENT, from, to - from + 1),
            Wanted::Impossible => {
                let everything = HeaderValue::from_str(&format!("bytes */{size}"))
                    .expect("a number is a header value");
                let headers = [(header::CONTENT_RANGE, everything)];
                return (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response();
            }
        };
        let body = if method == Method::HEAD {
            Body::empty()
        } else {
            match self.body(encoding, from, length).await {
                Ok(body) => body,
                // The file went away between being found and being read.
                Err(_) => return StatusCode::NOT_FOUND.into_response(),
            }
        };
        let mut response = (status, body).into_response();
        let out = response.headers_mut();
        out.insert(header::CONTENT_TYPE, self.content_type.clone());
        out.insert(header::CONTENT_LENGTH, length.into());
        match encoding {
            Encoding::Identity => {
                out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            }
            Encoding::Gzip => {
                out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            Encoding::Brotli => {
                out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            }
        }
        if status == StatusCode::PARTIAL_CONTENT {
            let part = format!("bytes {from}-{}/{size}", from + length - 1);
            let part = part.parse().expect("numbers are a header value");
            out.insert(header::CONTENT_RANGE, part);
        }
        response
    }

    async fn body(&self, encoding: Encoding, from: u64, length: u64) -> std::io::Result<Body> {
        match &self.content {
            Content::Memory(bytes) => {
                let bytes = self.variant(encoding).unwrap_or(bytes);
                let range = from as usize..(from + length) as usize;
                Ok(Body::from(bytes.slice(range)))
            }
            Content::File { path, .. } => {
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(SeekFrom::Start(from)).await?;
                Ok(Body::from_stream(ReaderStream::new(file.take(length))))
            }
        }
    }

    fn size(&self, encoding: Encoding) -> u64 {
        match &self.content {
            Content::Memory(bytes) => self.variant(encoding).unwrap_or(bytes).len() as u64,
            Content::File { size, .. } => *size,
        }
    }

    fn variant(&self, encoding: Encoding) -> Option<&Bytes> {
        match encoding {
            Encoding::Identity => None,
            Encoding::Gzip => self.gzip.get()?.as_ref(),
            Encoding::Brotli => self.brotli.get()?.as_ref(),
        }
    }

    /// The best encoding that the client takes and that makes the body smaller.
    fn encoding_for(&self, headers: &HeaderMap) -> Encoding {
        let Content::Memory(bytes) = &self.content else {
            return Encoding::Identity;
        };
        if bytes.len() < MIN_COMPRESSED
            || !is_compressible(&self.content_type)
            || headers.contains_key(header::RANGE)
        {
            return Encoding::Identity;
        }
        let smaller = |variant: &Bytes| variant.len() < bytes.len();
        if accepts(headers, "br") {
            let made = self.brotli.get_or_init(|| brotli(bytes).ok());
            if made.as_ref().is_some_and(smaller) {
                return Encoding::Brotli;
            }
        }
        if accepts(headers, "gzip") {
            let made = self.gzip.get_or_init(|| gzip(bytes).ok());
            if made.as_ref().is_some_and(smaller) {
                return Encoding::Gzip;
            }
        }
        Encoding::Identity
    }

    /// Each encoding is another sequence of bytes, so a strong tag must differ too.
    fn quoted_tag(&self, encoding: Encoding) -> String {
        let suffix = match encoding {
            Encoding::Identity => "",
            Encoding::Gzip => "-gz",
            Encoding::Brotli => "-br",
        };
        format!("\"{}{suffix}\"", self.tag)
    }

    fn cache_control(&self) -> HeaderValue {
        HeaderValue::from_static(match self.caching {
            // A year is the longest that RFC 9111 lets anyone promise.
            Caching::Immutable => "public, max-age=31536000, immutable",
            Caching::Revalidate => "no-cache",
        })
    }
}

fn matches_tag(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.trim_start_matches("W/") == tag)
}
