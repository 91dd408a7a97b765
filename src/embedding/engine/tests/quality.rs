//! The embedded model on real sentences: the engine beside candle's f32.
//!
//! A sample; `benches/peers/README.md` has the command that does it for thousands of texts.

use super::super::{Int8Encoder, available};
use crate::embedding::reference::Reference;
use crate::embedding::{Encoder, model};

const TEXTS: [&str; 24] = [
    "query: How do I install it?",
    "query: mock a module that is imported by the code under test",
    "query: jest.fn()",
    "query: Why does my robot's arm overshoot its target?",
    "query: a",
    "query: What changed in version 29?",
    "passage: To install the package, run `npm install --save-dev jest` in your project.",
    "passage: The robot's arm has six joints, and each joint is turned by a servo motor whose \
     position is read back by an encoder; the controller corrects the error a thousand times a second.",
    "passage: Super Bowl 50 was an American football game to determine the champion of the \
     National Football League for the 2015 season.",
    "passage: 0x7fff_ffff, 3.14159, 2026-11-21T04:45:00Z, https://example.org/a?b=c#d",
    "passage: TypeError: Cannot read properties of undefined (reading 'map')",
    "passage: {\"compilerOptions\": {\"strict\": true, \"target\": \"es2022\"}}",
    "query: میں اسے کیسے انسٹال کروں؟",
    "query: روبوٹ کے بازو میں کتنے جوڑ ہیں؟",
    "query: پاکستان کا دارالحکومت کیا ہے؟",
    "query: سینسر کا ڈیٹا ROS 2 میں کیسے پڑھیں؟",
    "query: ٹیسٹ",
    "passage: پیکج انسٹال کرنے کے لیے اپنے پروجیکٹ میں npm install چلائیں۔",
    "passage: روبوٹ کے بازو میں چھ جوڑ ہوتے ہیں اور ہر جوڑ کو ایک سروو موٹر گھماتی ہے، جس کی جگہ ایک \
     انکوڈر بتاتا ہے۔",
    "passage: اردو پاکستان کی قومی زبان ہے اور برصغیر کے کروڑوں لوگ اسے بولتے اور سمجھتے ہیں۔",
    "passage: ہر باب کے آخر میں مشقیں دی گئی ہیں تاکہ پڑھنے والا خود تجربہ کر سکے۔",
    "passage: گزشتہ سال بارشیں معمول سے زیادہ ہوئیں اور دریاؤں میں سیلاب آ گیا۔",
    "passage: Gazebo میں سمولیشن شروع کرنے کے لیے launch فائل چلائیں۔",
    "passage: یہ کتاب میز پر رکھ دو۔",
];

#[test]
fn every_path_keeps_the_embedded_model_s_vectors() {
    let model = model::embedded().expect("the embedded model is whole");
    let sequences: Vec<Vec<u32>> = TEXTS
        .iter()
        .map(|text| {
            model
                .tokenizer
                .encode("", text)
                .expect("any text has tokens")
        })
        .collect();
    let reference = Reference::new(&model.weights).expect("candle runs it");
    let expected = reference.encode(&sequences).expect("candle encodes");
    for isa in available() {
        let encoder = Int8Encoder::new(&model.weights, isa, 1).expect("the engine takes it");
        let found = encoder.encode(&sequences).expect("the engine doesn't fail");
        let cosines: Vec<f32> = found
            .iter()
            .zip(&expected)
            .map(|(a, b)| a.iter().zip(b).map(|(x, y)| x * y).sum())
            .collect();
        let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
        assert!(mean > 0.999, "{isa}: {mean}");
        for (text, cosine) in TEXTS.iter().zip(cosines) {
            assert!(cosine > 0.995, "{isa}, {text}: {cosine}");
        }
    }
}
