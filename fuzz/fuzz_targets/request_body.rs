#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rag_chatbot_fuzz::request_body::try_on(data));
