//! A filter never lets through what it cannot check: examples and properties.

use super::*;
use proptest::prelude::*;

fn filter(passages: usize) -> Filter {
    Filter::new(
        Allowed {
            passages,
            urls: vec!["/docs/mocks#clearing".to_owned()],
            link_removed: "(link left out)",
        },
        Box::new(|_, _| true),
    )
}

fn whole(text: &str) -> String {
    let mut filter = filter(3);
    let mut out = filter.push(text);
    out.push_str(&filter.finish());
    out
}

#[test]
fn citations_of_passages_stay_and_others_go() {
    for (text, expected) in [
        ("Use it [1].", "Use it [1]."),
        ("Use it [7].", "Use it."),
        ("Use it [1, 9][2].", "Use it [1][2]."),
        ("Use it [1-3]", "Use it [1][2][3]"),
        ("Use it 【2†source】 and [^3].", "Use it [2] and [3]."),
        ("Use it [passage 2].", "Use it [2]."),
        ("استعمال کریں [۲]۔", "استعمال کریں [2]۔"),
        ("list[0] and [a-z] and [ ]", "list[0] and [a-z] and [ ]"),
        (
            "`a[9]` [9]\n```js\nb[9]\n```\n[9]",
            "`a[9]`\n```js\nb[9]\n```\n",
        ),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
}

#[test]
fn links_and_images_out_of_the_site_go() {
    for (text, expected) in [
        ("See [docs](https://evil.example/x).", "See docs."),
        (
            "See [clearing](/docs/mocks#clearing).",
            "See [clearing](/docs/mocks#clearing).",
        ),
        ("See [1](https://evil.example).", "See [1]."),
        ("![pixel](https://evil.example/p.png) Hi", "pixel Hi"),
        (
            "Go to https://evil.example/a?b=c.",
            "Go to (link left out).",
        ),
        ("Go to <https://evil.example>.", "Go to <(link left out)>."),
        ("Go to HTTPS://EVIL.example", "Go to (link left out)"),
        (
            "Open http://localhost:3000/.",
            "Open http://localhost:3000/.",
        ),
        ("<a href=\"https://evil.example\">here</a>", "here"),
        ("<img src=x onerror=alert(1)>Hi<View>", "Hi<View>"),
        ("a <!-- hidden --> b", "a  b"),
        ("[x](javascript:alert(1))", "x)"),
        (
            "[https://evil.example](https://evil.example)",
            "(link left out)",
        ),
        ("the data: it is text", "the data: it is text"),
        (
            "run `curl https://api.example` now",
            "run `curl https://api.example` now",
        ),
        ("lone ` and [x](https://evil.example)", "lone ` and x"),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
}

#[test]
fn a_citation_that_its_sentence_does_not_deserve_goes() {
    let judge: Judge = Box::new(|sentence, _| sentence.contains("true"));
    let allowed = Allowed {
        passages: 2,
        urls: Vec::new(),
        link_removed: "",
    };
    let mut filter = Filter::new(allowed, judge);
    let mut out = filter.push("This is true. [1] This is not. [2] So true [2].");
    out.push_str(&filter.finish());
    assert_eq!(out, "This is true. [1] This is not. So true [2].");
    assert_eq!(filter.removed(), 1);
}

#[test]
fn a_broken_off_fence_is_closed() {
    assert_eq!(whole("```js\nlet a"), "```js\nlet a\n```");
}

#[test]
fn a_fence_behind_a_removed_citation_opens_for_the_reader_too() {
    assert_eq!(whole("[9]```\n```\n[9]"), "```\n```\n");
}

#[test]
fn cited_passages_are_listed_once_in_order_and_not_from_code() {
    assert_eq!(cited("A [2]. B [1][2].\n```\nx [3]\n```\n`y [4]`"), [2, 1]);
}

/// Markdown's own letters, so that random texts hit the interesting cases.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[1]".to_owned()),
        Just("[9]".to_owned()),
        Just(" [1, 12]".to_owned()),
        Just("[x](https://evil.example/a)".to_owned()),
        Just("![a](https://evil.example)".to_owned()),
        Just("https://evil.example/q".to_owned()),
        Just("http://localhost:1".to_owned()),
        Just("<img src=x>".to_owned()),
        Just("<!-- c -->".to_owned()),
        Just("`".to_owned()),
        Just("```".to_owned()),
        Just("\n```\n".to_owned()),
        Just("\n".to_owned()),
        Just("【2】".to_owned()),
        Just("یہ ہے۔".to_owned()),
        "[a-zA-Z \\[\\]()<>!`.:/0-9\n-]{0,8}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_into_tokens_gives_the_same_text(
        text in text(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut bounds: Vec<usize> = cuts
            .iter()
            .map(|cut| text.floor_char_boundary(cut.index(text.len() + 1)))
            .collect();
        bounds.extend([0, text.len()]);
        bounds.sort_unstable();
        let mut filter = filter(3);
        let mut out = String::new();
        for pair in bounds.windows(2) {
            out.push_str(&filter.push(&text[pair[0]..pair[1]]));
        }
        out.push_str(&filter.finish());
        prop_assert_eq!(out, whole(&text));
    }

    #[test]
    fn nothing_that_is_shown_cites_a_passage_that_does_not_exist(text in text()) {
        let shown = whole(&text);
        for number in cited(&shown) {
            prop_assert!((1..=3).contains(&number), "{shown}");
        }
    }

    #[test]
    fn what_has_been_filtered_stays_as_it_is(text in "[a-zA-Z0-9 .,\n]{0,80}") {
        prop_assert_eq!(whole(&text), text);
    }
}
