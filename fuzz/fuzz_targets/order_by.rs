//! Fuzzes `order_by`: parsed, or refused. A parsed one is printed as it was written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use task_router::model::OrderBy;

fuzz_target!(|source: String| {
    if let Ok(order) = OrderBy::try_from(source.clone()) {
        assert!(!order.clauses().is_empty());
        for clause in order.clauses() {
            assert_eq!(clause.path.to_string().parse(), Ok(clause.path.clone()));
        }
        assert_eq!(String::from(order), source);
    }
});
