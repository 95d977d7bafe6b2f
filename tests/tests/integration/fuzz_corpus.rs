//! The fuzz targets without a fuzzer: each input of `fuzz/corpus` through its target.
//!
//! `scripts/fuzz.sh` searches for further inputs.
#![allow(
    clippy::module_inception,
    reason = "a target is named after the module it tests"
)]

use std::path::Path;

/// The input of a target, made from bytes as libFuzzer's macro does.
pub trait Input<'a> {
    fn of(bytes: &'a [u8]) -> Self;
}

impl<'a> Input<'a> for &'a [u8] {
    fn of(bytes: &'a [u8]) -> Self {
        bytes
    }
}

/// The longest prefix that is UTF-8.
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
    expression: "../../../fuzz/fuzz_targets/expression.rs";
    flow_state: "../../../fuzz/fuzz_targets/flow_state.rs";
    flows: "../../../fuzz/fuzz_targets/flows.rs";
    form: "../../../fuzz/fuzz_targets/form.rs";
    order_by: "../../../fuzz/fuzz_targets/order_by.rs";
    twiml: "../../../fuzz/fuzz_targets/twiml.rs";
    workflow: "../../../fuzz/fuzz_targets/workflow.rs";
}

/// Defines a function in place of libFuzzer's entry point.
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: $kind:ty| $body:block) => {
        pub fn run(bytes: &[u8]) {
            let $input: $kind = $crate::fuzz_corpus::Input::of(bytes);
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
            // The input, and the truncated input, which a fuzzer tries first.
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
