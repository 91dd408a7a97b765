//! `[1]` → a link to what it cites, while the text streams, and where each link stands.
//!
//! For readers who have no panel of sources beside the text: other people's chat applications and
//! agents. Code is left alone, and the result is the same however the text was cut.

use super::lexeme::{self, Fence, Lexeme, Place};

/// A citation as it stands in the linked text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Number of the source, from 1.
    pub source: usize,
    /// First letter of the link and the one after its last, counted in letters (Unicode scalars).
    pub start: usize,
    pub end: usize,
}

/// Rewrites one answer.
pub struct Linker {
    /// Absolute addresses of the sources, by their number.
    addresses: Vec<(usize, String)>,
    /// What stands before addresses that begin with `/`.
    root: String,
    pending: String,
    fence: Option<Fence>,
    place: Place,
    letters: usize,
    links: Vec<Link>,
}

impl Linker {
    /// `root` is the site's address without a slash at its end.
    pub fn new(root: &str, addresses: Vec<(usize, String)>) -> Self {
        Self {
            addresses,
            root: root.to_owned(),
            pending: String::new(),
            fence: None,
            place: Place::START,
            letters: 0,
            links: Vec::new(),
        }
    }

    /// Takes the next piece; returns what is decided already.
    pub fn push(&mut self, piece: &str) -> String {
        self.pending.push_str(piece);
        self.drain(false)
    }

    /// The text has ended; returns the rest.
    pub fn finish(&mut self) -> String {
        self.drain(true)
    }

    /// The links written so far, in their order.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    fn drain(&mut self, ended: bool) -> String {
        let pending = std::mem::take(&mut self.pending);
        let mut out = String::with_capacity(pending.len());
        let mut at = 0;
        while at < pending.len() {
            let rest = &pending[at..];
            let read = match self.fence {
                Some(fence) => lexeme::in_fence(rest, fence, self.place, ended),
                None => lexeme::in_prose(rest, self.place, ended),
            };
            let Some((length, lexeme)) = read else { break };
            let raw = &rest[..length];
            let shown = out.len();
            self.write(raw, lexeme, &mut out);
            self.letters += out[shown..].chars().count();
            self.place.advance(raw);
            at += length;
        }
        self.pending = pending[at..].to_owned();
        out
    }

    fn write(&mut self, raw: &str, lexeme: Lexeme<'_>, out: &mut String) {
        match lexeme {
            Lexeme::FenceOpens(fence) => {
                self.fence = Some(fence);
                out.push_str(raw);
            }
            Lexeme::FenceCloses | Lexeme::FenceBreaks => {
                self.fence = None;
                out.push_str(raw);
            }
            Lexeme::Citation { spaces, numbers } => self.cite(spaces, &numbers, out),
            Lexeme::Link { text, target } if target.starts_with('/') => {
                out.push_str(&format!("[{text}]({})", absolute(&self.root, target)));
            }
            _ => out.push_str(raw),
        }
    }

    fn cite(&mut self, spaces: &str, numbers: &[usize], out: &mut String) {
        out.push_str(spaces);
        let mut letters = self.letters + spaces.chars().count();
        for &number in numbers {
            let known = self.addresses.iter().find(|(id, _)| *id == number);
            let mark = match known {
                Some((_, address)) => format!("[[{number}]]({address})"),
                None => format!("[{number}]"),
            };
            let start = letters;
            letters += mark.chars().count();
            if known.is_some() {
                self.links.push(Link {
                    source: number,
                    start,
                    end: letters,
                });
            }
            out.push_str(&mark);
        }
    }
}

/// The address of a page (`/docs/intro#battery`) on the site at `root`, in a form that Markdown
/// does not end early.
pub fn absolute(root: &str, path: &str) -> String {
    let whole = format!("{root}{path}");
    let encoded = url::Url::parse(&whole).map_or_else(|_| whole.replace(' ', "%20"), String::from);
    encoded.replace('(', "%28").replace(')', "%29")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "https://docs.example.com";

    fn linker() -> Linker {
        let addresses =
            [(1, "/intro#battery"), (2, "/ur/تعارف")].map(|(id, path)| (id, absolute(ROOT, path)));
        Linker::new(ROOT, addresses.into())
    }

    #[test]
    fn citations_become_links_and_it_is_known_where_they_stand() {
        let mut linker = linker();
        let text = linker.push("نو گھنٹے [1][2] and [7].") + &linker.finish();
        assert!(text.contains("[[1]](https://docs.example.com/intro#battery)[[2]](https://"));
        assert!(text.ends_with("and [7]."));
        let letters: Vec<char> = text.chars().collect();
        let marks: Vec<String> = linker
            .links()
            .iter()
            .map(|link| letters[link.start..link.end].iter().collect())
            .collect();
        assert_eq!(marks.len(), 2);
        assert!(marks[0].starts_with("[[1]](") && marks[0].ends_with("#battery)"));
        assert!(marks[1].starts_with("[[2]](") && marks[1].ends_with(')'));
    }

    #[test]
    fn the_text_comes_out_the_same_however_it_was_cut() {
        let text = "One [1]. `list[1]`\n```c\nint a[1];\n```\nSee [here](/intro) [2] and [x";
        let whole = {
            let mut linker = linker();
            linker.push(text) + &linker.finish()
        };
        assert!(whole.contains("`list[1]`") && whole.contains("int a[1];"));
        assert!(whole.contains("[here](https://docs.example.com/intro)"));
        for size in 1..7 {
            let mut linker = linker();
            let letters: Vec<char> = text.chars().collect();
            let mut pieces: String = letters
                .chunks(size)
                .map(|piece| linker.push(&piece.iter().collect::<String>()))
                .collect();
            pieces.push_str(&linker.finish());
            assert_eq!(pieces, whole, "cut into {size}");
        }
    }

    #[test]
    fn an_address_with_parentheses_does_not_end_the_link() {
        assert_eq!(
            absolute(ROOT, "/api/run()#a b"),
            "https://docs.example.com/api/run%28%29#a%20b"
        );
    }
}
