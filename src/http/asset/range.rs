//! Byte ranges (RFC 9110, section 14): which part of a body a request asks for.

use axum::http::{HeaderMap, header};

/// What of a body is wanted.
pub enum Wanted {
    All,
    /// Both ends included.
    Part {
        from: u64,
        to: u64,
    },
    Impossible,
}

/// The one range asked for. Several, or a malformed one, get the whole, as RFC 9110 allows.
pub fn range(headers: &HeaderMap, size: u64, tag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_RANGE).is_some_and(|given| given != tag) {
        return Wanted::All;
    }
    let Some((first, last)) = text(header::RANGE)
        .and_then(|value| value.strip_prefix("bytes="))
        .and_then(|spec| spec.trim().split_once('-'))
    else {
        return Wanted::All;
    };
    let (from, to) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => (from, to.min(size.saturating_sub(1))),
        (Ok(from), Err(_)) if last.is_empty() => (from, size.saturating_sub(1)),
        (Err(_), Ok(0)) if first.is_empty() => return Wanted::Impossible,
        (Err(_), Ok(count)) if first.is_empty() => {
            (size.saturating_sub(count), size.saturating_sub(1))
        }
        _ => return Wanted::All,
    };
    if from >= size {
        return Wanted::Impossible;
    }
    Wanted::Part { from, to }
}
