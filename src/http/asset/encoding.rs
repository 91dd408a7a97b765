//! Content encodings: which a client takes, and how bodies are made smaller.

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use std::io::{Read, Write};

/// Of 0–11: within a few percent of the best, at a tenth of its time.
const BROTLI_QUALITY: u32 = 6;

/// How a body is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

pub fn brotli(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut out = Vec::new();
    // A window of 2^22 bytes holds any page.
    brotli::CompressorReader::new(bytes, 64 * 1024, BROTLI_QUALITY, 22).read_to_end(&mut out)?;
    Ok(out.into())
}

pub fn gzip(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.into())
}

pub fn is_compressible(content_type: &HeaderValue) -> bool {
    let kind = content_type.to_str().unwrap_or_default();
    kind.starts_with("text/")
        || ["javascript", "json", "xml", "svg", "wasm", "manifest"]
            .iter()
            .any(|part| kind.contains(part))
}

pub fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
            name.trim().eq_ignore_ascii_case(encoding)
                && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
        })
}
