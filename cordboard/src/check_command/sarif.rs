//! Findings as SARIF 2.1.0, which code hosts and editors show beside the lines.

use config::PlacedFinding;
use routing_check::Rule;
use serde_json::{Value as Json, json};

use super::help_of;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn render(findings: &[PlacedFinding]) -> Json {
    let rules = Rule::ALL.iter().map(rule);
    let results = findings.iter().map(result);
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cordboard check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            // Columns count characters of Unicode, as the text output does.
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn rule(rule: &Rule) -> Json {
    json!({
        "id": rule,
        "shortDescription": { "text": rule.title() },
        "help": { "text": help_of(*rule) },
        "defaultConfiguration": { "level": rule.level() },
    })
}

fn result(one: &PlacedFinding) -> Json {
    let mut region = json!({
        "startLine": one.place.line,
        "startColumn": one.place.column,
    });
    if let (Some(region), Some(count)) = (region.as_object_mut(), one.characters) {
        let count = u64::try_from(count).unwrap_or_default();
        region.insert("endColumn".to_owned(), Json::from(one.place.column + count));
    }
    let suppressions = one
        .allowed
        .iter()
        .map(|reason| json!({ "kind": "inSource", "justification": reason }));
    json!({
        "ruleId": one.finding.rule,
        "level": one.finding.level,
        "message": { "text": one.finding.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": one.file.replace('\\', "/") },
            "region": region,
        }}],
        "suppressions": suppressions.collect::<Vec<_>>(),
    })
}
