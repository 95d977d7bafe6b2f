//! Fuzzes TwiML documents: parsed, or refused with one of the reference's three codes.

#![no_main]

use libfuzzer_sys::fuzz_target;

// Included as a file: the whole simulator would bring a database and an HTTP stack into the fuzzer.
#[allow(dead_code)]
#[path = "../../crates/carrier-simulator/src/twiml/mod.rs"]
mod twiml;

fuzz_target!(|document: &[u8]| {
    match twiml::parse(document) {
        Ok(document) => assert!(document.warnings.len() <= 20),
        Err(fault) => assert!(matches!(fault.code.number(), 11750 | 12100 | 12102), "{fault}"),
    }
});
