//! `template.yaml` as data. CloudFormation's short tags disappear in parsing: `!Ref Table` becomes
//! the text `Table`, `!GetAtt Table.Arn` the text `Table.Arn`, `!Sub …` its text. Names of
//! resources and parameters are CamelCase and other texts are not, so this is unambiguous.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The type of a function's resource.
pub const FUNCTION: &str = "AWS::Serverless::Function";
/// The type of a queue's resource.
pub const QUEUE: &str = "AWS::SQS::Queue";
/// The type of the resource that connects a function with a queue or stream.
pub const EVENT_SOURCE: &str = "AWS::Lambda::EventSourceMapping";
/// The type of an alarm's resource.
pub const ALARM: &str = "AWS::CloudWatch::Alarm";

/// The template, with every `Fn::ForEach` unrolled as CloudFormation does it.
#[derive(Debug, Clone)]
pub struct Template {
    /// The file without its resources.
    whole: Value,
    /// Resources by logical id.
    resources: BTreeMap<String, Value>,
}

impl Template {
    /// Parses YAML text. An `Err` says where it is no YAML, or no template.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut whole: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let written = whole
            .get_mut("Resources")
            .and_then(Value::as_object_mut)
            .map(std::mem::take);
        let mut resources = BTreeMap::new();
        for (name, resource) in written.ok_or("there are no Resources")? {
            if name.starts_with("Fn::ForEach::") {
                resources.extend(
                    unroll(&resource).ok_or(format!("{name} is no loop of name, list and body"))?,
                );
            } else {
                resources.insert(name, resource);
            }
        }
        Ok(Self { whole, resources })
    }

    /// A part of the file outside its resources, by JSON pointer: `/Globals/Function/Runtime`;
    /// `Null` if it is missing.
    pub fn part(&self, pointer: &str) -> &Value {
        self.whole.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The resource with this logical id.
    pub fn resource(&self, logical_id: &str) -> Option<&Value> {
        self.resources.get(logical_id)
    }

    /// Resources of one type, with their logical ids.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), resource))
    }

    /// A property of a function: its own, or the global one.
    pub fn function_property<'a>(&'a self, function: &'a Value, name: &str) -> &'a Value {
        let own = &function["Properties"][name];
        if own.is_null() {
            self.part(&format!("/Globals/Function/{name}"))
        } else {
            own
        }
    }

    /// The environment variables of a function: the global ones and its own. A reference is the
    /// name it refers to.
    pub fn environment(&self, function: &Value) -> BTreeMap<String, String> {
        [
            self.part("/Globals/Function/Environment/Variables"),
            &function["Properties"]["Environment"]["Variables"],
        ]
        .into_iter()
        .filter_map(Value::as_object)
        .flatten()
        .map(|(name, value)| {
            (
                name.clone(),
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            )
        })
        .collect()
    }
}

/// The logical id of the function that an event source invokes: `Routing` for `!Ref Routing.Alias`.
pub fn invoked(event_source: &Value) -> &str {
    let name = event_source["Properties"]["FunctionName"]
        .as_str()
        .unwrap_or_default();
    name.strip_suffix(".Alias").unwrap_or(name)
}

/// `IncomingCall` for the folder `incoming-call`.
pub fn logical_id(folder: &str) -> String {
    folder
        .split('-')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// `incoming-call` for the logical id `IncomingCall`.
pub fn dashed(logical_id: &str) -> String {
    let dash = |(at, letter): (usize, char)| {
        let dash = (at > 0 && letter.is_uppercase()).then_some('-');
        dash.into_iter().chain(letter.to_lowercase())
    };
    logical_id.chars().enumerate().flat_map(dash).collect()
}

/// The program of a function's resource: the name of a folder under `functions/`.
pub fn binary(function: &Value) -> &str {
    function["Metadata"]["BuildProperties"]["Binary"]
        .as_str()
        .unwrap_or_default()
}

/// Every text in a part of the template, at any depth.
pub fn texts(part: &Value) -> Vec<&str> {
    match part {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// A field as a list, whether the template has one value or several.
pub fn list(part: &Value) -> Vec<&Value> {
    match part {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![part],
    }
}

fn unroll(written: &Value) -> Option<Map<String, Value>> {
    let [
        Value::String(variable),
        Value::Array(items),
        body @ Value::Object(_),
    ] = written.as_array()?.as_slice()
    else {
        return None;
    };
    let mut resources = Map::new();
    for item in items {
        resources.append(substitute(body, variable, item.as_str()?).as_object_mut()?);
    }
    Some(resources)
}

/// `part` with `${variable}` replaced in every text, and with every reference to the variable.
fn substitute(part: &Value, variable: &str, item: &str) -> Value {
    let replaced = |text: &str| {
        if text == variable {
            item.to_owned()
        } else {
            text.replace(&format!("${{{variable}}}"), item)
        }
    };
    match part {
        Value::String(text) => json!(replaced(text)),
        Value::Array(items) => items
            .iter()
            .map(|part| substitute(part, variable, item))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, part)| (replaced(name), substitute(part, variable, item)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => part.clone(),
    }
}
