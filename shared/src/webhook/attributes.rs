//! Parameters of a call as attributes of its Task (taskrouter.md section 16).

use serde_json::{Map, Value};

use super::{Call, Parameters};

/// Optional parameters copied as they are: (attribute, parameter).
const COPIED: [(&str, &str); 3] = [
    ("caller", "Caller"),
    ("called", "Called"),
    ("api_version", "ApiVersion"),
];

/// The parties whose location the carrier may send: (prefix of the attribute, prefix of the
/// parameter).
const PARTIES: [(&str, &str); 4] = [
    ("from", "From"),
    ("to", "To"),
    ("caller", "Caller"),
    ("called", "Called"),
];
/// The parts of a location: (suffix of the attribute, suffix of the parameter).
const PLACES: [(&str, &str); 4] = [
    ("city", "City"),
    ("state", "State"),
    ("zip", "Zip"),
    ("country", "Country"),
];

/// The attributes `call_sid`, `account_sid`, `from`, `to`, `caller`, `called`, `call_status`,
/// `direction` and `api_version`; optional ones only if the carrier sent them.
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
    for (name, parameter) in COPIED {
        if let Some(value) = parameters.get(parameter) {
            set(name, value);
        }
    }
    attributes
}

/// The location attributes from `from_city` to `called_country`, as far as the carrier sent them.
pub fn places_of_call(parameters: &Parameters) -> Map<String, Value> {
    let mut places = Map::new();
    for (party, party_parameter) in PARTIES {
        for (place, place_parameter) in PLACES {
            if let Some(value) = parameters.get(&format!("{party_parameter}{place_parameter}")) {
                places.insert(format!("{party}_{place}"), value.into());
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::call::tests::call_with;
    use super::*;

    #[test]
    fn unknown_call_parameters_are_left_out() {
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
        let from = call.from.as_str();
        let to = call.to.as_str();
        let status = call.status.as_str();
        let expected = json!([sid, from, to, status, "+17075550199", null, "2010-04-01"]);
        assert_eq!(
            Value::Array(fields.map(|field| attributes[field].clone()).to_vec()),
            expected
        );
    }

    #[test]
    fn places_have_the_names_of_both_parties() {
        let parameters = call_with(&[
            ("FromCity", "SAN FRANCISCO"),
            ("CalledZip", "94103"),
            ("ToState", ""),
        ]);
        let expected = json!({"from_city": "SAN FRANCISCO", "called_zip": "94103"});
        assert_eq!(Value::Object(places_of_call(&parameters)), expected);
    }
}
