//! A Workflow's configuration as the API has it: JSON in a text (taskrouter.md section 7.1).
//!
//! [`Configuration::parse`] accepts every spelling that occurs (the wrapper `task_routing` may be
//! missing, numbers may be texts, a filter may have a `queue` in place of `targets`), ignores
//! unknown keys, resolves what is inherited, and keeps the text. [`Configuration::to_json`] returns
//! that text. An error names its path: `task_routing.filters[2].targets[0].expression: column 7: …`.

use serde_json::{Map, Value as Json, json};

use super::{Configuration, Expression, Filter, KnownWorker, OrderBy, Path, Target};
use ids::TaskQueueSid;
use ids::time::Millis;
use reader::Reader;

mod reader;

/// The largest configuration, in bytes (taskrouter.md section 14).
pub const CONFIGURATION_BYTES_MAX: usize = 1_038_576;

/// The most steps of all filters together: one for each TaskQueue of a Workspace (taskrouter.md
/// section 14). Without a limit, a configuration of nothing but `{}` would take a hundred times its
/// size in memory.
pub const STEPS_MAX: usize = 5_000;

/// The largest priority, and the longest step in seconds: the API's integers have 32 bits
/// (taskrouter.md section 2.8).
const INTEGER_MAX: u32 = i32::MAX as u32;

/// The keys of the object in the wrapper `task_routing`, which some programs leave out.
const ROUTING_KEYS: &[&str] = &["filters", "default_filter"];

/// The names of the key with a TaskQueue, the usual one first (taskrouter.md section 7.1).
const QUEUE_KEYS: [&str; 2] = ["queue", "task_queue_sid"];

/// Why a text is not a Workflow's configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The text is too long.
    #[error("the configuration has {bytes} bytes; at most {CONFIGURATION_BYTES_MAX} are allowed")]
    TooLong {
        /// Bytes of the text.
        bytes: usize,
    },
    /// The text is not JSON.
    #[error("the configuration is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// A value is not what is expected at its path.
    #[error("{path}: {message}")]
    Value {
        /// The path of the value: `task_routing.filters[2].targets[0].queue`.
        path: String,
        /// What was expected, and what was found.
        message: String,
    },
}

impl Configuration {
    /// Parses a configuration. [`Configuration::check_queues`] checks that its TaskQueues exist.
    ///
    /// # Errors
    /// [`ConfigurationError`] about the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        if text.len() > CONFIGURATION_BYTES_MAX {
            return Err(ConfigurationError::TooLong { bytes: text.len() });
        }
        let json: Json = serde_json::from_str(text)?;
        let root = Reader::new(String::new(), &json)?;
        let routing = match root.get("task_routing") {
            Some(wrapped) => Reader::new(root.path_of("task_routing"), wrapped)?,
            None if ROUTING_KEYS.iter().any(|key| root.get(key).is_some()) => root,
            None => {
                return Err(root.error(
                    "task_routing",
                    "expected an object with `filters` and `default_filter`",
                ));
            }
        };
        Ok(Self {
            text: Some(text.to_owned()),
            ..read_routing(&routing)?
        })
    }

    /// The configuration as JSON: the text it was parsed from, or its normal form.
    pub fn to_json(&self) -> String {
        self.text.clone().unwrap_or_else(|| self.normal_form())
    }

    /// The configuration as JSON in one spelling: in the wrapper `task_routing`, with the keys in
    /// the order of the alphabet; every target names its TaskQueue.
    fn normal_form(&self) -> String {
        let mut routing = Map::new();
        routing.insert(
            "filters".to_owned(),
            self.filters.iter().map(filter_json).collect(),
        );
        if let Some(target) = &self.default_filter {
            routing.insert("default_filter".to_owned(), target_json(target));
        }
        json!({ "task_routing": routing }).to_string()
    }

    /// Checks that every TaskQueue that it names is `known`.
    ///
    /// # Errors
    /// [`ConfigurationError::Value`] names the path of the first target whose TaskQueue is not.
    pub fn check_queues(
        &self,
        known: impl Fn(TaskQueueSid) -> bool,
    ) -> Result<(), ConfigurationError> {
        let check = |path: String, target: &Target| {
            if known(target.queue) {
                return Ok(());
            }
            Err(ConfigurationError::Value {
                path,
                message: format!("there is no TaskQueue {}", target.queue),
            })
        };
        for (index, filter) in self.filters.iter().enumerate() {
            for (step, target) in filter.targets.iter().enumerate() {
                check(
                    format!("task_routing.filters[{index}].targets[{step}]"),
                    target,
                )?;
            }
        }
        let mut default = self.default_filter.iter();
        default.try_for_each(|target| check("task_routing.default_filter".to_owned(), target))
    }
}

fn read_routing(reader: &Reader<'_>) -> Result<Configuration, ConfigurationError> {
    let mut steps_left = STEPS_MAX;
    let filters = reader.list("filters")?.unwrap_or_default();
    let filters = filters
        .iter()
        .enumerate()
        .map(|(index, value)| {
            read_filter(
                &Reader::new(reader.path_in("filters", index), value)?,
                &mut steps_left,
            )
        })
        .collect::<Result<_, _>>()?;
    Ok(Configuration {
        filters,
        default_filter: read_default_filter(reader)?,
        text: None,
    })
}

/// The default filter. A Task waits there for as long as it may live: `timeout` has no effect
/// (taskrouter.md section 7.1).
fn read_default_filter(reader: &Reader<'_>) -> Result<Option<Target>, ConfigurationError> {
    let Some(value) = reader.get("default_filter") else {
        return Ok(None);
    };
    let reader = Reader::new(reader.path_of("default_filter"), value)?;
    read_target(&reader, None).map(Some)
}

fn read_filter(reader: &Reader<'_>, steps_left: &mut usize) -> Result<Filter, ConfigurationError> {
    let queue_key = queue_key(reader);
    let name = reader
        .text("filter_friendly_name", "a text")?
        .or(reader.text("friendly_name", "a text")?);
    let targets = match (reader.list("targets")?, queue_key) {
        (Some(_), Some(key)) => {
            return Err(reader.error(
                key,
                format!(
                    "a filter has either `targets` or a `{key}`; name the queue in its targets"
                ),
            ));
        }
        (Some([]), None) => return Err(reader.error("targets", "expected at least one target")),
        (Some(targets), None) => read_targets(reader, targets, *steps_left)?,
        // The filter is its own only target; its `expression` is over the Task.
        (None, Some(_)) => vec![Target {
            expression: None,
            timeout: step_timeout(reader)?,
            ..read_target(reader, None)?
        }],
        (None, None) => {
            return Err(reader.error(
                "targets",
                "expected an array with at least one target such as {\"queue\":\"WQ…\"}",
            ));
        }
    };
    *steps_left = steps_left.checked_sub(targets.len()).ok_or_else(|| {
        reader.error(
            "targets",
            format!("all filters together have at most {STEPS_MAX} targets"),
        )
    })?;
    let filter_friendly_name = name.unwrap_or_default().to_owned();
    Ok(Filter {
        filter_friendly_name,
        expression: reader.expression("expression")?,
        targets,
    })
}

fn read_targets(
    reader: &Reader<'_>,
    targets: &[Json],
    steps_left: usize,
) -> Result<Vec<Target>, ConfigurationError> {
    let mut read: Vec<Target> = Vec::new();
    // One more target than allowed is enough to refuse the configuration.
    for (index, value) in targets.iter().enumerate().take(steps_left + 1) {
        let reader = Reader::new(reader.path_in("targets", index), value)?;
        let inherited = read.last().map(|previous| previous.queue);
        read.push(Target {
            timeout: step_timeout(&reader)?,
            ..read_target(&reader, inherited)?
        });
    }
    Ok(read)
}

/// A target without its timeout.
fn read_target(
    reader: &Reader<'_>,
    inherited: Option<TaskQueueSid>,
) -> Result<Target, ConfigurationError> {
    Ok(Target {
        queue: queue(reader, inherited)?,
        expression: reader.expression("expression")?,
        priority: reader.integer("priority", 0..=INTEGER_MAX)?,
        timeout: None,
        order_by: order_by(reader)?,
        skip_if: skip_if(reader)?,
        known_worker: known_worker(reader)?,
    })
}

fn step_timeout(reader: &Reader<'_>) -> Result<Option<Millis>, ConfigurationError> {
    let secs = reader.integer("timeout", 1..=INTEGER_MAX)?;
    Ok(secs.map(|secs| Millis::from_secs(secs.into())))
}

/// The key by which the object names its TaskQueue, if it names one.
fn queue_key(reader: &Reader<'_>) -> Option<&'static str> {
    QUEUE_KEYS.into_iter().find(|key| reader.get(key).is_some())
}

fn queue(
    reader: &Reader<'_>,
    inherited: Option<TaskQueueSid>,
) -> Result<TaskQueueSid, ConfigurationError> {
    let expected = "the sid of a TaskQueue, WQ and 32 hexadecimal digits";
    let [usual, ..] = QUEUE_KEYS;
    let key = queue_key(reader).unwrap_or(usual);
    match (reader.text(key, expected)?, inherited) {
        (Some(sid), _) => sid.parse().map_err(|error| reader.error(key, error)),
        (None, Some(queue)) => Ok(queue),
        (None, None) => Err(reader.error(
            key,
            format!("expected {expected}: the first target must name one"),
        )),
    }
}

fn order_by(reader: &Reader<'_>) -> Result<Option<OrderBy>, ConfigurationError> {
    let Some(text) = reader.text("order_by", "a text such as \"worker.level DESC\"")? else {
        return Ok(None);
    };
    OrderBy::try_from(text.to_owned())
        .map(Some)
        .map_err(|error| reader.error("order_by", error))
}

fn skip_if(reader: &Reader<'_>) -> Result<Option<Expression>, ConfigurationError> {
    let Some(expression) = reader.expression("skip_if")? else {
        return Ok(None);
    };
    expression
        .check_skip_if()
        .map_err(|error| reader.error("skip_if", error))?;
    Ok(Some(expression))
}

/// The known worker of a target (taskrouter.md section 7.4).
fn known_worker(reader: &Reader<'_>) -> Result<Option<KnownWorker>, ConfigurationError> {
    let sid = task_path(reader, "known_worker_sid")?.map(KnownWorker::Sid);
    let name = task_path(reader, "known_worker_friendly_name")?.map(KnownWorker::FriendlyName);
    match (sid, name) {
        (Some(_), Some(_)) => Err(reader.error(
            "known_worker_friendly_name",
            "a target has this or `known_worker_sid`, not both",
        )),
        (sid, name) => Ok(sid.or(name)),
    }
}

/// A path into the Task's attributes, without its `task.`.
fn task_path(reader: &Reader<'_>, key: &str) -> Result<Option<Path>, ConfigurationError> {
    let expected = "a path into the Task such as \"task.agent_sid\"";
    let Some(text) = reader.text(key, expected)? else {
        return Ok(None);
    };
    let path = text
        .trim()
        .strip_prefix("task.")
        .and_then(|path| path.parse().ok());
    path.map(Some)
        .ok_or_else(|| reader.error(key, format!("expected {expected}")))
}

fn filter_json(filter: &Filter) -> Json {
    let mut object = Map::new();
    if !filter.filter_friendly_name.is_empty() {
        object.insert(
            "filter_friendly_name".to_owned(),
            json!(filter.filter_friendly_name),
        );
    }
    if let Some(expression) = &filter.expression {
        object.insert("expression".to_owned(), json!(expression.source()));
    }
    object.insert(
        "targets".to_owned(),
        filter.targets.iter().map(target_json).collect(),
    );
    Json::Object(object)
}

fn target_json(target: &Target) -> Json {
    let known_worker = target.known_worker.as_ref().map(|known| match known {
        KnownWorker::Sid(path) => ("known_worker_sid", json!(format!("task.{path}"))),
        KnownWorker::FriendlyName(path) => {
            ("known_worker_friendly_name", json!(format!("task.{path}")))
        }
    });
    let values = [
        Some(("queue", json!(target.queue))),
        target
            .expression
            .as_ref()
            .map(|expression| ("expression", json!(expression.source()))),
        target
            .priority
            .map(|priority| ("priority", json!(priority))),
        target
            .timeout
            .map(|timeout| ("timeout", json!(timeout.as_secs()))),
        target
            .order_by
            .as_ref()
            .map(|order| ("order_by", json!(order))),
        target
            .skip_if
            .as_ref()
            .map(|skip_if| ("skip_if", json!(skip_if.source()))),
        known_worker,
    ];
    values
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests;
