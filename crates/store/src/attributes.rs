//! Writes that leave alone what they do not know, so that two versions of the program can use one
//! table: a write of the next version names the attributes that it sets, and those of its own that
//! it removes. An attribute that a newer version of the program has added is neither.
//!
//! A newer version that must not be overwritten by this one, because it has changed the meaning of
//! an attribute or added one inside another, writes a greater [`FORMAT`]. This version then reads
//! the item and does not write it (`docs/decisions/0044-keep-unknown-attributes.md`).

use std::fmt;
use std::sync::LazyLock;

use aws_sdk_dynamodb::types::Update;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use serde::de::{DeserializeOwned, Deserializer, Visitor, value::Error as FoundFields};
use serde::forward_to_deserialize_any;
use task_router::model::{Activity, Task, TaskChannel, TaskQueue, Worker, Workflow};

use crate::Error;
use crate::chunked_configuration as chunked;
use crate::compact;
use crate::configuration::{WorkspaceFields, ledger};
use crate::items::{Item, number};
use crate::keys;
use crate::store::build_error;

/// The attribute with the item's format.
pub const FORMAT_NAME: &str = "fv";

/// The format of the items that this version writes. An item without the attribute has format 1.
pub const FORMAT: u32 = 1;

/// The kinds of items that are written again and again, by any version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Task,
    Worker,
    Activity,
    TaskQueue,
    TaskChannel,
    Workflow,
    Workspace,
}

/// The attributes that an item of each kind may have.
struct Known {
    task: Vec<&'static str>,
    worker: Vec<&'static str>,
    activity: Vec<&'static str>,
    task_queue: Vec<&'static str>,
    task_channel: Vec<&'static str>,
    workflow: Vec<&'static str>,
    workspace: Vec<&'static str>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| Known {
    task: compact_names(fields_of::<Task>()),
    worker: compact_names(fields_of::<Worker>()),
    activity: part_names(fields_of::<Activity>()),
    task_queue: part_names(fields_of::<TaskQueue>()),
    task_channel: part_names(fields_of::<TaskChannel>()),
    workflow: part_names(fields_of::<Workflow>()),
    workspace: part_names(fields_of::<WorkspaceFields>()),
});

impl Kind {
    fn known(self) -> &'static [&'static str] {
        match self {
            Self::Task => &KNOWN.task,
            Self::Worker => &KNOWN.worker,
            Self::Activity => &KNOWN.activity,
            Self::TaskQueue => &KNOWN.task_queue,
            Self::TaskChannel => &KNOWN.task_channel,
            Self::Workflow => &KNOWN.workflow,
            Self::Workspace => &KNOWN.workspace,
        }
    }
}

/// Adds the format to an item.
pub(crate) fn put_format(item: &mut Item) {
    item.insert(FORMAT_NAME.to_owned(), number(FORMAT));
}

/// The write of an item that may exist: it sets the attributes of `item`, removes those of its kind
/// that `item` does not have, and leaves alone all others. The item's format is checked.
pub(crate) fn set(table: &str, kind: Kind, item: Item) -> UpdateBuilder {
    let mut update = Update::builder().table_name(table);
    let removed: Vec<&str> = kind
        .known()
        .iter()
        .filter(|name| !item.contains_key(**name))
        .copied()
        .collect();
    let mut set = Vec::with_capacity(item.len());
    for (name, value) in item {
        if name == keys::PK || name == keys::SK {
            update = update.key(name, value);
            continue;
        }
        set.push(format!("#{name} = :{name}"));
        update = update
            .expression_attribute_names(format!("#{name}"), &name)
            .expression_attribute_values(format!(":{name}"), value);
    }
    for name in &removed {
        update = update.expression_attribute_names(format!("#{name}"), *name);
    }
    let mut expression = format!("SET {}", set.join(", "));
    if !removed.is_empty() {
        let removed: Vec<String> = removed.iter().map(|name| format!("#{name}")).collect();
        expression += &format!(" REMOVE {}", removed.join(", "));
    }
    update
        .update_expression(expression)
        .condition_expression(FORMAT_CONDITION)
}

/// The item does not exist, or has a format that this version may write.
pub(crate) const FORMAT_CONDITION: &str = "(attribute_not_exists(#fv) OR #fv <= :fv)";

pub(crate) fn built(update: UpdateBuilder) -> Result<Update, Error> {
    update.build().map_err(build_error)
}

/// The stored names of a Task's or Worker's fields, and the attributes that are there in some states
/// only.
fn compact_names(fields: &'static [&'static str]) -> Vec<&'static str> {
    let stored = fields
        .iter()
        .filter(|field| !compact::LEFT_OUT.contains(field))
        .map(|field| compact::name_of(field));
    stored
        .chain([keys::BOARD_PK, keys::BOARD_SK, keys::TTL])
        .collect()
}

/// The names of a part's fields, and of what is stored beside them.
fn part_names(fields: &'static [&'static str]) -> Vec<&'static str> {
    let fields = fields.iter().copied();
    fields.chain(ledger::NAMES).chain(chunked::NAMES).collect()
}

/// The names of the fields of a struct that derives `Deserialize`.
fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The deserializer has no value to give: the error is expected.
    let _no_value = T::deserialize(Fields(&mut fields));
    fields
}

/// A deserializer that takes note of the fields that a struct asks for.
struct Fields<'f>(&'f mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = FoundFields;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(serde::de::Error::custom("there is no value"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("expected a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fields")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that is missing here would stay in an item for ever.
    #[test]
    fn fields_of_each_kind_are_known() {
        for (kind, names) in [
            (Kind::Task, ["rs", "version", "board_pk", "ttl"].as_slice()),
            (Kind::Worker, &["or", "rr", "version", "board_sk"]),
            (Kind::Activity, &["available", "declared"]),
            (Kind::TaskQueue, &["friendly_name", "place"]),
            (Kind::TaskChannel, &["date_created"]),
            (Kind::Workflow, &["configuration", "configuration_pieces"]),
            (Kind::Workspace, &["friendly_name", "date_updated"]),
        ] {
            let known = kind.known();
            let missing: Vec<_> = names.iter().filter(|name| !known.contains(name)).collect();
            assert!(missing.is_empty(), "{kind:?} lacks {missing:?}: {known:?}");
            assert!(!known.contains(&"sid") || kind != Kind::Task);
        }
    }
}
