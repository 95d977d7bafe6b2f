//! The static document for the number's fallback URL, which callers hear when no function answers.

use carrier_simulator::twiml::{Sound, Verb, parse};
use tests::project;

#[test]
fn fallback_document_is_valid() {
    let document = parse(project::read("docs/guide/fallback.xml").as_bytes()).unwrap();
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    assert!(
        matches!(
            document.verbs.as_slice(),
            [Verb::Sound(Sound::Say { .. }), Verb::Hangup]
        ),
        "{:?}",
        document.verbs
    );
}
