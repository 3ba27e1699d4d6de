#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ajar_fuzz::laws::webhook_body(bytes));
