//! Whether an HTML page has the place that a link names.

use html5gum::{Token, Tokenizer};
use percent_encoding::percent_decode_str;

/// Looks for an element with this id, or an old link's name.
pub fn has_anchor(html: &str, fragment: &str) -> bool {
    let wanted = percent_decode_str(fragment).decode_utf8_lossy();
    Tokenizer::new(html).any(|token| match token {
        Ok(Token::StartTag(tag)) => {
            let is = |key: &str| {
                let value = tag.attributes.get(key.as_bytes());
                value.is_some_and(|value| value.value.as_slice() == wanted.as_bytes())
            };
            is("id") || (*tag.name == *b"a" && is("name"))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_id_however_it_is_written() {
        let page =
            r#"<h2 id="battery life">A</h2><h2 id=wheels>B</h2><a name=old></a><p title="id=no">"#;
        for there in ["battery%20life", "wheels", "old"] {
            assert!(has_anchor(page, there), "{there}");
        }
        for missing in ["no", "battery", "Wheels"] {
            assert!(!has_anchor(page, missing), "{missing}");
        }
        assert!(has_anchor(
            "<h2 id=\"بیٹری\">",
            "%D8%A8%DB%8C%D9%B9%D8%B1%DB%8C"
        ));
    }
}
