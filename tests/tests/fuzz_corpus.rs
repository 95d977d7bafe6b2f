//! What the fuzz targets begin with, without a fuzzer: each input of `fuzz/corpus` through the target it belongs to.
//!
//! `scripts/fuzz.sh` looks for more.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test says what it finds, and fails"
)]
#![allow(
    clippy::module_inception,
    reason = "a target has the name of what it tries"
)]

use std::path::Path;

// The targets ask this for their macro.
extern crate self as libfuzzer_sys;

/// What a target takes, made of bytes as libFuzzer's macro makes it.
pub trait Input<'a> {
    fn of(bytes: &'a [u8]) -> Self;
}

impl<'a> Input<'a> for &'a [u8] {
    fn of(bytes: &'a [u8]) -> Self {
        bytes
    }
}

/// As far as it is text.
impl<'a> Input<'a> for &'a str {
    fn of(bytes: &'a [u8]) -> Self {
        bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
    }
}

impl Input<'_> for String {
    fn of(bytes: &[u8]) -> Self {
        <&str>::of(bytes).to_owned()
    }
}

macro_rules! targets {
    ($($target:ident: $path:literal;)*) => {
        $(
            #[allow(unused_attributes, unused_imports, reason = "the target is a program of its own for the fuzzer")]
            #[path = $path]
            mod $target;
        )*

        const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($target), $target::run)),*];
    };
}

targets! {
    expression: "../../fuzz/fuzz_targets/expression.rs";
    form: "../../fuzz/fuzz_targets/form.rs";
    order_by: "../../fuzz/fuzz_targets/order_by.rs";
    twiml: "../../fuzz/fuzz_targets/twiml.rs";
    workflow: "../../fuzz/fuzz_targets/workflow.rs";
}

/// A function where libFuzzer has an entry point.
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: $kind:ty| $body:block) => {
        pub fn run(bytes: &[u8]) {
            let $input: $kind = $crate::Input::of(bytes);
            $body
        }
    };
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn corpus_passes_every_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (target, run) in TARGETS {
        let inputs = names(&corpus.join(target));
        assert!(!inputs.is_empty(), "{target} has no corpus");
        for input in inputs {
            let bytes = std::fs::read(corpus.join(target).join(input)).unwrap();
            // What a fuzzer tries first: the input, and the input broken off.
            for end in [bytes.len(), bytes.len() / 2, 1] {
                run(bytes.get(..end).unwrap_or_default());
            }
        }
    }
}

#[test]
fn every_target_has_a_corpus() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let known: Vec<&str> = TARGETS.iter().map(|(target, _)| *target).collect();
    let programs: Vec<String> = names(&fuzz.join("fuzz_targets"))
        .iter()
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect();
    assert_eq!(programs, known);
    assert_eq!(names(&fuzz.join("corpus")), known);
}
