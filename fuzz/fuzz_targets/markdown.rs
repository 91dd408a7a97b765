#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rag_chatbot_fuzz::markdown::try_on(data));
