//! Fuzzes Workflow configurations: read or refused. The text is kept, and the normal form is read as
//! the same configuration.

#![no_main]

use libfuzzer_sys::fuzz_target;
use task_router::model::{CONFIGURATION_BYTES_MAX, Configuration, STEPS_MAX};

fuzz_target!(|text: &str| {
    let Ok(read) = Configuration::parse(text) else {
        return;
    };
    assert!(read.filters.iter().all(|filter| !filter.targets.is_empty()));
    assert!(
        read.targets().count() <= STEPS_MAX + 1,
        "the default filter is one more"
    );
    assert_eq!(
        read.check_queues(|_| false).is_err(),
        read.targets().count() > 0
    );
    assert_eq!(read.to_json(), text);
    let read = Configuration { text: None, ..read };
    let printed = read.to_json();
    match Configuration::parse(&printed) {
        Ok(again) => assert!(again.routes_like(&read)),
        Err(error) => assert!(printed.len() > CONFIGURATION_BYTES_MAX, "{error}"),
    }
});
