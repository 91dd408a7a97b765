//! Bytes of a file → text.
//!
//! Follows byte order marks, recognises UTF-16 without one, and replaces what is not text, so that
//! everything later can rely on valid UTF-8 without control characters.

/// The text of a file, and what had to be changed to get it.
pub(super) struct Decoded {
    pub text: String,
    /// What was not readable, in words; `None` when nothing was lost.
    pub problem: Option<&'static str>,
}

/// How many bytes decide whether a file without a byte order mark is UTF-16.
const SNIFFED_BYTES: usize = 1024;

/// Files whose name says text and whose content does not: pictures, archives, programs.
///
/// Text has next to no control characters in any encoding, compressed data one in nine bytes.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    const SHARE: usize = 20;
    // A short page with a few strays is a page.
    const FEW: usize = 64;
    let sample = &bytes[..bytes.len().min(8 * SNIFFED_BYTES)];
    if encoding_rs::Encoding::for_bom(bytes).is_some() || utf16_without_mark(bytes).is_some() {
        return false;
    }
    let controls = sample
        .iter()
        .filter(|b| b.is_ascii_control() && !b.is_ascii_whitespace())
        .count();
    controls > FEW && controls * SHARE > sample.len()
}

pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let (mut text, mut problem) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, mark)) => {
            let (text, lossy) = encoding.decode_without_bom_handling(&bytes[mark..]);
            (
                text.into_owned(),
                lossy.then_some("some characters could not be decoded"),
            )
        }
        None => match utf16_without_mark(bytes) {
            Some(encoding) => {
                let (text, lossy) = encoding.decode_without_bom_handling(bytes);
                (
                    text.into_owned(),
                    lossy.then_some("some characters could not be decoded"),
                )
            }
            None => match std::str::from_utf8(bytes) {
                Ok(text) => (text.to_owned(), None),
                Err(_) => (
                    String::from_utf8_lossy(bytes).into_owned(),
                    Some("it is not valid UTF-8; the unreadable characters were replaced"),
                ),
            },
        },
    };
    if blank_control_characters(&mut text) && problem.is_none() {
        problem = Some("control characters were removed");
    }
    Decoded { text, problem }
}

/// Latin text in UTF-16 has a zero in every second byte, which no other text has.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let sample = &bytes[..bytes.len().min(SNIFFED_BYTES) & !1];
    if sample.len() < 4 {
        return None;
    }
    let zeros = |offset: usize| {
        sample
            .iter()
            .skip(offset)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let half = sample.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    if odd * 10 >= half * 7 && even * 10 <= half {
        Some(encoding_rs::UTF_16LE)
    } else if even * 10 >= half * 7 && odd * 10 <= half {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}

/// Controls mean nothing to a reader, and the Markdown pass uses some of them as place holders.
fn blank_control_characters(text: &mut String) -> bool {
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    // U+0080 to U+009F begin with the byte C2; most pages have neither.
    let suspicious = |b: u8| b < 0x20 || b == 0x7f || b == 0xc2;
    if !text.bytes().any(suspicious) || !text.chars().any(is_control) {
        return false;
    }
    *text = text
        .chars()
        .map(|c| if is_control(c) { ' ' } else { c })
        .collect();
    true
}
