#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rag_chatbot_fuzz::model_files::try_on(data));
