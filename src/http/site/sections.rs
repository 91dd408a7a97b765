//! Documents that have no file, such as pushed ones, written from the index's sections.

use crate::corpus::{BlockKind, Section};
use crate::http::site::pages::escaped;
use std::fmt::Write as _;

/// The sections as HTML, headings with their ids.
pub fn html(title: &str, sections: &[Section]) -> String {
    let mut out = String::new();
    if !sections.iter().any(|section| section.level == 1) {
        write!(out, "<h1>{}</h1>", escaped(title)).expect(INFALLIBLE);
    }
    for section in sections {
        if section.level > 0 {
            let level = section.level.min(6);
            let id = section
                .anchor
                .as_deref()
                .map_or_else(String::new, |anchor| {
                    format!(r#" id="{}""#, escaped(anchor))
                });
            let heading = escaped(&section.heading);
            write!(out, "<h{level}{id}>{heading}</h{level}>").expect(INFALLIBLE);
        }
        for block in &section.blocks {
            let text = escaped(&block.text);
            match block.kind {
                BlockKind::Heading => Ok(()),
                BlockKind::Paragraph => write!(out, "<p>{text}</p>"),
                BlockKind::ListItem => write!(out, "<ul><li>{text}</li></ul>"),
                BlockKind::Quote => write!(out, "<blockquote><p>{text}</p></blockquote>"),
                BlockKind::Table | BlockKind::Code => {
                    write!(out, "<pre tabindex=\"0\"><code>{text}</code></pre>")
                }
            }
            .expect(INFALLIBLE);
        }
    }
    out
}

/// The sections as Markdown.
pub fn markdown(title: &str, sections: &[Section]) -> String {
    let mut out = String::new();
    if !sections.iter().any(|section| section.level == 1) {
        writeln!(out, "# {title}\n").expect(INFALLIBLE);
    }
    for section in sections {
        if section.level > 0 {
            let marks = "#".repeat(usize::from(section.level.min(6)));
            writeln!(out, "{marks} {}\n", section.heading).expect(INFALLIBLE);
        }
        for block in &section.blocks {
            let text = &block.text;
            match block.kind {
                BlockKind::Heading => Ok(()),
                BlockKind::Paragraph | BlockKind::Table => writeln!(out, "{text}\n"),
                BlockKind::ListItem => writeln!(out, "- {text}\n"),
                BlockKind::Quote => writeln!(out, "> {}\n", text.replace('\n', "\n> ")),
                BlockKind::Code => writeln!(out, "````\n{text}\n````\n"),
            }
            .expect(INFALLIBLE);
        }
    }
    out
}

const INFALLIBLE: &str = "a string takes every write";
