#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rag_chatbot_fuzz::front_matter::try_on(data));
