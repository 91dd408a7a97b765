//! Text with the frequencies of natural language.

const VOCABULARY: usize = 30_000;

/// Word numbers by Zipf's law with an exponent of about 1, from a seed.
pub struct Zipf(pub u64);

impl Zipf {
    pub fn word(&mut self) -> String {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let uniform = (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        let rank = (VOCABULARY as f64).powf(uniform) as u64;
        // Letters from the rank, so that stems and splits behave as on words.
        let mut word = String::new();
        let mut rest = rank * 2_654_435_761 % 4_294_967_296;
        for _ in 0..6 {
            word.push(char::from(b'a' + (rest % 26) as u8));
            rest /= 26;
        }
        word
    }

    pub fn text(&mut self, words: usize) -> String {
        let words: Vec<String> = (0..words).map(|_| self.word()).collect();
        words.join(" ")
    }
}
