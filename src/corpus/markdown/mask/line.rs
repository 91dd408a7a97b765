//! What a line of Markdown begins with: quote and list markers, fences.

/// A code fence that is open.
pub(super) struct Fence {
    pub marker: u8,
    pub length: usize,
    pub quoted: bool,
}

/// Length of indentation, quote and list markers before a line's content; whether there were quote
/// markers; whether there was a list marker.
pub(super) fn container(line: &[u8]) -> (usize, bool, bool) {
    let (mut i, mut quoted, mut listed) = (0, false, false);
    loop {
        while i < line.len() && matches!(line[i], b' ' | b'\t') {
            i += 1;
        }
        match line.get(i) {
            Some(b'>') => {
                quoted = true;
                i += 1;
            }
            Some(b'-' | b'*' | b'+') if line.get(i + 1) == Some(&b' ') => {
                listed = true;
                i += 2;
            }
            Some(b'0'..=b'9') => {
                let digits = line[i..].iter().take_while(|b| b.is_ascii_digit()).count();
                let marker = matches!(line.get(i + digits), Some(b'.' | b')'));
                if digits <= 9 && marker && line.get(i + digits + 1) == Some(&b' ') {
                    listed = true;
                    i += digits + 2;
                } else {
                    return (i, quoted, listed);
                }
            }
            _ => return (i, quoted, listed),
        }
    }
}

pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

pub(super) fn opens_fence(line: &[u8]) -> Option<Fence> {
    let marker = *line.first().filter(|b| matches!(b, b'`' | b'~'))?;
    let length = run(line, 0, marker);
    let info_ok = marker == b'~' || !line[length..].contains(&b'`');
    (length >= 3 && info_ok).then_some(Fence {
        marker,
        length,
        quoted: false,
    })
}

pub(super) fn closes_fence(line: &[u8], open: &Fence) -> bool {
    let length = run(line, 0, open.marker);
    length >= open.length && is_blank(&line[length..])
}

/// How often `byte` stands at `start`, one after the other.
pub(super) fn run(bytes: &[u8], start: usize, byte: u8) -> usize {
    bytes[start..].iter().take_while(|b| **b == byte).count()
}
