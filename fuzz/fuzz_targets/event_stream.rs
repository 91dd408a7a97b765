#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rag_chatbot_fuzz::event_stream::try_on(data));
