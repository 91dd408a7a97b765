//! Where a code span ends: what stands in it is text, whatever it looks like.

use super::line::run;

/// Remembers which lengths of backtick runs have no partner in the rest of a paragraph, so that a
/// million of them are searched for once.
#[derive(Default)]
pub(super) struct CodeSearches {
    /// Length, and where the paragraph ends.
    without_partner: Vec<(usize, usize)>,
}

impl CodeSearches {
    /// From a run of backticks to behind the code span, or behind the run when it begins none.
    pub(super) fn skip(&mut self, bytes: &[u8], start: usize) -> usize {
        let length = run(bytes, start, b'`');
        let after = start + length;
        self.without_partner.retain(|(_, until)| start < *until);
        if self.without_partner.iter().any(|(n, _)| *n == length) {
            return after;
        }
        let mut i = after;
        let mut line_is_blank = false;
        while i < bytes.len() {
            match bytes[i] {
                b'`' => {
                    let n = run(bytes, i, b'`');
                    if n == length {
                        return i + n;
                    }
                    i += n;
                    line_is_blank = false;
                    continue;
                }
                b'\n' if line_is_blank => break,
                b'\n' => line_is_blank = true,
                b => line_is_blank &= b.is_ascii_whitespace(),
            }
            i += 1;
        }
        self.without_partner.push((length, i));
        after
    }
}
