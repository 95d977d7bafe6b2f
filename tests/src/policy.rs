//! The permissions of a function: its policies in `template.yaml`, read as IAM reads them, and the
//! permissions that a request to AWS needs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template::{Template, list, texts};

/// Actions of Lambda's pollers of event sources, which act as the function. The function itself never
/// requests them.
pub const POLLER_ACTIONS: [&str; 9] = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "s3:ListBucket",
    "s3:PutObject",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

/// How a policy names the table.
const TABLE_ARN: &str =
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}";

/// The policies of one function.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone)]
struct Statement {
    actions: BTreeSet<String>,
    resources: BTreeSet<String>,
    /// Patterns of the allowed partition keys; empty: any key.
    leading_keys: Vec<String>,
}

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// `dynamodb:PutItem`
    pub action: String,
    /// As `template.yaml` names it: `Table`, `Table/index/board`, `CallbacksQueue`.
    pub resource: String,
    /// The item's partition key, if the request names one.
    pub leading_key: Option<String>,
}

impl Policy {
    /// The policies of a function. Of policies under a condition, those whose condition is among
    /// `holding`.
    pub fn of(template: &Template, logical_id: &str, holding: &[&str]) -> Self {
        let function = template
            .resource(logical_id)
            .unwrap_or_else(|| panic!("no resource {logical_id}"));
        let mut policy = Self::default();
        for entry in list(&function["Properties"]["Policies"]) {
            policy.add(template, entry, holding);
        }
        policy
    }

    fn add(&mut self, template: &Template, entry: &Value, holding: &[&str]) {
        match entry {
            Value::String(name) if name == "AWS::NoValue" => {}
            Value::String(name) => {
                let managed = template
                    .resource(name)
                    .unwrap_or_else(|| panic!("no policy {name}"));
                self.read(
                    template,
                    &managed["Properties"]["PolicyDocument"]["Statement"],
                );
            }
            // `!If [condition, then, else]`
            Value::Array(parts) => {
                let holds = holding.iter().any(|condition| parts[0] == *condition);
                self.add(template, &parts[if holds { 1 } else { 2 }], holding);
            }
            Value::Object(fields) => self.read(template, &fields["Statement"]),
            Value::Null | Value::Bool(_) | Value::Number(_) => panic!("no policy: {entry}"),
        }
    }

    fn read(&mut self, template: &Template, statements: &Value) {
        for statement in list(statements) {
            assert_eq!(
                statement["Effect"], "Allow",
                "only Allow statements are supported"
            );
            let condition =
                &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            assert!(
                statement["Condition"].is_null() || !condition.is_null(),
                "unsupported condition: {statement}"
            );
            self.statements.push(Statement {
                actions: texts(&statement["Action"])
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
                resources: texts(&statement["Resource"])
                    .into_iter()
                    .map(|arn| resource_of_arn(template, arn))
                    .collect(),
                leading_keys: texts(condition).into_iter().map(str::to_owned).collect(),
            });
        }
    }

    /// Whether a statement allows the access.
    pub fn allows(&self, access: &Access) -> bool {
        self.statements
            .iter()
            .any(|statement| statement.allows(access))
    }

    /// Everything that is allowed to the function itself, without the partition keys: action and
    /// resource.
    pub fn permissions(&self) -> BTreeSet<(String, String)> {
        let pairs = |statement: &Statement| -> Vec<(String, String)> {
            let of = |action: &String| {
                statement
                    .resources
                    .iter()
                    .map(|on| (action.clone(), on.clone()))
                    .collect::<Vec<_>>()
            };
            statement.actions.iter().flat_map(of).collect()
        };
        let all = self.statements.iter().flat_map(pairs);
        all.filter(|(action, _)| !POLLER_ACTIONS.contains(&action.as_str()))
            .collect()
    }
}

impl Statement {
    fn allows(&self, access: &Access) -> bool {
        let fits = |pattern: &String, key: &str| {
            pattern
                .strip_suffix('*')
                .map_or(pattern == key, |begin| key.starts_with(begin))
        };
        let key_fits = |key: &String| {
            self.leading_keys.is_empty() || self.leading_keys.iter().any(|like| fits(like, key))
        };
        self.actions.contains(&access.action)
            && self.resources.contains(&access.resource)
            && access.leading_key.as_ref().is_none_or(key_fits)
    }
}

impl Access {
    fn new(action: &str, resource: impl Into<String>, leading_key: Option<&Value>) -> Self {
        let leading_key = leading_key.and_then(Value::as_str).map(str::to_owned);
        Self {
            action: action.to_owned(),
            resource: resource.into(),
            leading_key,
        }
    }

    /// The permissions that a request needs: `target` is its `X-Amz-Target`. A transaction needs
    /// those of its parts.
    pub fn of_request(target: &str, request: &Value) -> Vec<Self> {
        let (service, operation) = target.split_once('.').unwrap_or_default();
        match service {
            "DynamoDB_20120810" => of_table(operation, request),
            "AmazonSQS" => {
                let queue = request["QueueUrl"]
                    .as_str()
                    .unwrap_or_default()
                    .rsplit('/')
                    .next()
                    .unwrap_or_default();
                // CloudFormation names a queue <stack>-<logical id>-<random>.
                let queue = queue.split('-').nth(1).unwrap_or(queue);
                // A batch needs the permission of the single operation.
                vec![Self::new(
                    &format!("sqs:{}", operation.trim_end_matches("Batch")),
                    queue,
                    None,
                )]
            }
            "AmazonSSM" => {
                vec![Self::new(
                    &format!("ssm:{operation}"),
                    request["Name"].as_str().unwrap_or_default(),
                    None,
                )]
            }
            other => panic!("unexpected request: {other}"),
        }
    }
}

fn of_table(operation: &str, request: &Value) -> Vec<Access> {
    let action = format!("dynamodb:{operation}");
    match operation {
        "GetItem" | "DeleteItem" | "UpdateItem" => vec![Access::new(
            &action,
            "Table",
            Some(&request["Key"]["pk"]["S"]),
        )],
        "PutItem" => vec![Access::new(
            &action,
            "Table",
            Some(&request["Item"]["pk"]["S"]),
        )],
        "Query" | "Scan" => {
            let index = request["IndexName"]
                .as_str()
                .map(|index| format!("Table/index/{index}"));
            vec![Access::new(
                &action,
                index.unwrap_or_else(|| "Table".to_owned()),
                None,
            )]
        }
        "BatchGetItem" => vec![Access::new(&action, "Table", None)],
        "TransactWriteItems" => {
            let parts = request["TransactItems"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_object);
            let part = |(kind, part): (&String, &Value)| {
                let action = match kind.as_str() {
                    "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                    kind => format!("dynamodb:{kind}Item"),
                };
                let key = if part["Key"].is_null() {
                    &part["Item"]["pk"]["S"]
                } else {
                    &part["Key"]["pk"]["S"]
                };
                Access::new(&action, "Table", Some(key))
            };
            parts.flatten().map(part).collect()
        }
        other => panic!("unexpected request: {other}"),
    }
}

/// `Table` for the table's ARN, `Table/index/board` for that of its index, `CallbacksQueue` for
/// `CallbacksQueue.Arn`; for Parameter Store the default name of the parameter.
fn resource_of_arn(template: &Template, arn: &str) -> String {
    if let Some(part) = arn.strip_prefix(TABLE_ARN) {
        return format!("Table{part}");
    }
    let bare = |text: &str| text.replace("${", "").replace('}', "").replace(".Arn", "");
    match arn.split_once(":parameter") {
        Some((_, parameter)) => {
            let default = template.part(&format!("/Parameters/{}/Default", bare(parameter)));
            default
                .as_str()
                .unwrap_or_else(|| panic!("no parameter {parameter}"))
                .to_owned()
        }
        None => bare(arn),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEMPLATE: &str = "
Resources:
  F:
    Properties:
      Policies:
        - !Ref Named
        - !If [Wanted, !Ref Named, !Ref AWS::NoValue]
        - Statement:
            - { Effect: Allow, Action: [dynamodb:GetItem, dynamodb:Query], Resource: [!Sub 'TABLE', !Sub 'TABLE/index/board'] }
            - { Effect: Allow, Action: sqs:ReceiveMessage, Resource: !GetAtt TimersQueue.Arn }
  Named:
    Properties:
      PolicyDocument:
        Statement:
          - Effect: Allow
            Action: dynamodb:PutItem
            Resource: !Sub 'TABLE'
            Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['EVENTS#*'] } }
";

    #[test]
    fn policy_allows_only_what_it_grants() {
        let template = TEMPLATE.replace("TABLE", TABLE_ARN);
        let policy = Policy::of(&Template::parse(&template).unwrap(), "F", &[]);
        let polled = ("sqs:ReceiveMessage".to_owned(), "TimersQueue".to_owned());
        assert!(!policy.permissions().contains(&polled));
        let key = |pk: &str| json!({"Key": {"pk": {"S": pk}}, "IndexName": null});
        let item = |pk: &str| json!({"Item": {"pk": {"S": pk}}});
        for (target, request, allowed) in [
            ("DynamoDB_20120810.GetItem", key("WT1"), true),
            ("DynamoDB_20120810.DeleteItem", key("WT1"), false),
            ("DynamoDB_20120810.PutItem", item("EVENTS#WT1"), true),
            ("DynamoDB_20120810.PutItem", item("WT1"), false),
            (
                "DynamoDB_20120810.Query",
                json!({"IndexName": "board"}),
                true,
            ),
            (
                "DynamoDB_20120810.Query",
                json!({"IndexName": "listing"}),
                false,
            ),
            ("DynamoDB_20120810.Query", json!({}), true),
            (
                "DynamoDB_20120810.TransactWriteItems",
                json!({"TransactItems": [{"Put": item("EVENTS#1")}]}),
                true,
            ),
            (
                "DynamoDB_20120810.TransactWriteItems",
                json!({"TransactItems": [{"Put": item("EVENTS#1")}, {"Delete": key("a")}]}),
                false,
            ),
            (
                "AmazonSQS.SendMessageBatch",
                json!({"QueueUrl": "http://x/1/TimersQueue"}),
                false,
            ),
        ] {
            let needed = Access::of_request(target, &request);
            assert_eq!(
                needed.iter().all(|access| policy.allows(access)),
                allowed,
                "{target} {request}"
            );
        }
    }
}
