//! The suites of stories beside the example files hold, as `cordboard test` plays them.

use std::path::Path;

use cordboard::test_command::{Plan, describe, run};

#[test]
fn example_suites_hold() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let plan = Plan::read(&[examples], None, None).unwrap_or_else(|error| panic!("{error}"));
    assert!(plan.files.len() >= 2, "{:?}", plan.files);
    let verdict = run(&plan, None).unwrap_or_else(|error| panic!("{error}"));
    assert!(verdict.holds(), "{}", describe(&plan, &verdict));
}
