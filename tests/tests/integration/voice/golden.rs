//! Comparison of documents with golden files.

use shared::webhook::Reply;
use tests::project;

/// The variable that rewrites the golden files instead of comparing.
const UPDATE: &str = "UPDATE_GOLDEN";

/// Asserts that `reply` is TwiML and equals `tests/golden/twiml/<name>.xml`.
pub fn check(name: &str, reply: &Reply) {
    let document = String::from_utf8_lossy(&reply.body);
    assert_eq!(
        (reply.status, reply.content_type),
        (200, "text/xml; charset=utf-8"),
        "{name}: {document}"
    );
    let path = project::root()
        .join("tests/golden/twiml")
        .join(format!("{name}.xml"));
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, document.as_bytes()).unwrap();
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(
        document, golden,
        "{name} changed; if that is intended, rewrite the golden files with {UPDATE}=1"
    );
}
