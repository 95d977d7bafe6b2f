//! What the carrier says of a call, as attributes of its Task (taskrouter.md section 16).

use serde_json::{Map, Value};

use super::{Call, Parameters};

/// Taken as the carrier sends them, when it does: name of the attribute, name of the parameter.
const FURTHER: [(&str, &str); 3] = [
    ("caller", "Caller"),
    ("called", "Called"),
    ("api_version", "ApiVersion"),
];

/// Where both ends are, as far as the carrier knows: of each, the attribute's beginning and the parameter's.
const ENDS: [(&str, &str); 4] = [
    ("from", "From"),
    ("to", "To"),
    ("caller", "Caller"),
    ("called", "Called"),
];
const PLACES: [(&str, &str); 4] = [
    ("city", "City"),
    ("state", "State"),
    ("zip", "Zip"),
    ("country", "Country"),
];

/// `call_sid`, `account_sid`, `from`, `to`, `caller`, `called`, `call_status`, `direction` and `api_version`.
pub fn attributes_of_call(call: &Call, parameters: &Parameters) -> Map<String, Value> {
    let mut attributes = Map::new();
    let mut set = |name: &str, value: &str| attributes.insert(name.to_owned(), value.into());
    set("call_sid", call.call_sid.text().as_str());
    set("account_sid", call.account_sid.text().as_str());
    set("from", call.from.as_str());
    set("to", call.to.as_str());
    set("call_status", call.status.as_str());
    if let Some(direction) = call.direction {
        set("direction", direction.as_str());
    }
    for (name, parameter) in FURTHER {
        if let Some(value) = parameters.get(parameter) {
            set(name, value);
        }
    }
    attributes
}

/// `from_city` to `called_country`, those the carrier knows.
pub fn places_of_call(parameters: &Parameters) -> Map<String, Value> {
    let all = ENDS
        .into_iter()
        .flat_map(|end| PLACES.into_iter().map(move |place| (end, place)));
    let known = all.filter_map(|((end, end_parameter), (place, place_parameter))| {
        let value = parameters.get(&format!("{end_parameter}{place_parameter}"))?;
        Some((format!("{end}_{place}"), value.into()))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn a_call_says_who_calls_whom_and_what_is_unknown_is_left_out() {
        let parameters = call_with(&[
            ("Caller", "+17075550199"),
            ("ApiVersion", "2010-04-01"),
            ("Called", ""),
        ]);
        let call = Call::parse(&parameters).unwrap();
        let attributes = Value::Object(attributes_of_call(&call, &parameters));
        let fields = [
            "call_sid",
            "from",
            "to",
            "call_status",
            "caller",
            "called",
            "api_version",
        ];
        let sid = call.call_sid.to_string();
        let (from, to, status) = (call.from.as_str(), call.to.as_str(), call.status.as_str());
        let expected = json!([sid, from, to, status, "+17075550199", null, "2010-04-01"]);
        assert_eq!(
            Value::Array(fields.map(|field| attributes[field].clone()).to_vec()),
            expected
        );
    }

    #[test]
    fn places_have_the_names_of_both_ends() {
        let parameters = call_with(&[
            ("FromCity", "SAN FRANCISCO"),
            ("CalledZip", "94103"),
            ("ToState", ""),
        ]);
        let expected = json!({"from_city": "SAN FRANCISCO", "called_zip": "94103"});
        assert_eq!(Value::Object(places_of_call(&parameters)), expected);
    }
}
