//! An Event as a callback and as the API show it: the same values under two spellings of their
//! names (taskrouter.md sections 12.3 and 12.5).

use serde_json::{Map, Value};

use super::event::Event;
use ids::AccountSid;

impl Event {
    /// The parameters of a callback: the common group first, then the Event's own, all in
    /// PascalCase.
    pub fn form(&self, account: AccountSid) -> Vec<(String, String)> {
        let common = self
            .common(account)
            .map(|(name, value)| (name.to_owned(), value));
        let own = self
            .parameters
            .iter()
            .map(|(parameter, value)| (parameter.as_str(), value));
        // `WorkspaceName` belongs to the common group, but is stored with the Event's own
        // parameters.
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        common.into_iter().chain(own).collect()
    }

    /// `event_data`: the same parameters in snake_case, all values as strings.
    pub fn event_data(&self, account: AccountSid) -> Map<String, Value> {
        self.form(account)
            .into_iter()
            .map(|(name, value)| (snake_case(&name), Value::String(value)))
            .collect()
    }

    fn common(&self, account: AccountSid) -> [(&'static str, String); 10] {
        [
            ("EventType", self.event_type.to_string()),
            ("Sid", self.sid().to_string()),
            ("EventDescription", self.description()),
            ("Timestamp", self.at().as_secs().to_string()),
            ("TimestampMs", self.at().as_millis().to_string()),
            ("AccountSid", account.to_string()),
            ("WorkspaceSid", self.workspace_sid.to_string()),
            ("ResourceType", self.resource_type().as_str().to_owned()),
            ("ResourceSid", self.resource_sid()),
            ("OperatingUnitSid", operating_unit_sid(account)),
        ]
    }
}

/// An account is one operating unit, so both ids have the same digits.
fn operating_unit_sid(account: AccountSid) -> String {
    format!(
        "OU{}",
        account.to_string().trim_start_matches(AccountSid::PREFIX)
    )
}

/// `TaskSid` becomes `task_sid`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
