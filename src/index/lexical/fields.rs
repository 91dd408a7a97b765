//! The fields of the word index, and what each weighs.

use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

/// Weights of the fields in the combined score that orders candidates: mean of plain and stemmed
/// text, and a fifth for the stemmed headings (measured on the development sets).
pub(super) const FIELD_WEIGHTS: [(FieldKind, f32); 3] = [
    (FieldKind::Plain, 0.5),
    (FieldKind::Stemmed, 0.5),
    (FieldKind::StemmedHead, 0.2),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    Plain,
    Stemmed,
    StemmedHead,
}

#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub plain: Field,
    pub stemmed: Field,
    pub head: Field,
}

impl Fields {
    pub(super) fn schema() -> (Schema, Self) {
        let mut builder = Schema::builder();
        let text = TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer("whitespace")
                .set_index_option(IndexRecordOption::WithFreqs),
        );
        let fields = Self {
            plain: builder.add_text_field("plain", text.clone()),
            stemmed: builder.add_text_field("stemmed", text.clone()),
            head: builder.add_text_field("head", text),
        };
        (builder.build(), fields)
    }
}
