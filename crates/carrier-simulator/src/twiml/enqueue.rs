//! `<Enqueue>` into a queue, or into a Workflow with its `<Task>` (voice-webhooks.md section 5.1;
//! taskrouter.md section 16).

use vocabulary::{PRIORITY_MAX, TASK_TIMEOUT_MAX_SECS};

use super::attributes::{Attributes, shorten};
use super::xml::Element;
use super::{Enqueue, EnqueueInto, TaskNoun};

/// The element with a Task's attributes, and its old name.
const TASK: [&str; 2] = ["Task", "TaskAttributes"];

pub(super) fn enqueue(element: &Element, warnings: &mut Vec<String>) -> Enqueue {
    let workflow = element
        .attributes
        .iter()
        .find(|(name, _)| name == "workflowSid")
        .map(|(_, sid)| sid);
    let queue = match workflow {
        Some(sid) => EnqueueInto::Workflow(TaskNoun {
            workflow: sid.clone(),
            ..task_in(element, warnings)
        }),
        None => EnqueueInto::Queue(queue_name(element, warnings)),
    };
    let mut attributes = Attributes::of(element, warnings);
    attributes.no_effect(&["workflowSid"]);
    let wait = attributes.wait("waitUrl", "waitUrlMethod");
    let enqueue = Enqueue {
        queue,
        action: attributes.link("action", "method"),
        wait,
    };
    attributes.finish();
    enqueue
}

fn queue_name(element: &Element, warnings: &mut Vec<String>) -> String {
    if element.elements().any(is_task) {
        warnings
            .push("<Enqueue> with a <Task> needs workflowSid; without it, the call waits in a plain queue".to_owned());
        return element.own_text().trim().to_owned();
    }
    element.text()
}

/// The Task as its noun describes it; only the first noun counts.
fn task_in(element: &Element, warnings: &mut Vec<String>) -> TaskNoun {
    let name = element.own_text();
    if !name.trim().is_empty() {
        let name = shorten(name.trim());
        warnings.push(format!(
            "the name \"{name}\" in <Enqueue> is ignored, because workflowSid names the queue"
        ));
    }
    for other in element.elements().filter(|other| !is_task(other)) {
        warnings.push(format!(
            "<{}> cannot be nested in <Enqueue>; ignored",
            shorten(&other.name)
        ));
    }
    let mut nouns = element.elements().filter(|noun| is_task(noun));
    let Some(noun) = nouns.next() else {
        return TaskNoun::default();
    };
    if nouns.next().is_some() {
        warnings
            .push("<Enqueue> creates one Task; every <Task> after the first is ignored".to_owned());
    }
    let json = noun.own_text();
    let json = json.trim();
    let mut attributes = Attributes::of(noun, warnings);
    let task = TaskNoun {
        workflow: String::new(),
        attributes: if json.is_empty() {
            None
        } else {
            Some(json.to_owned())
        },
        priority: attributes.optional_number("priority", 0..=PRIORITY_MAX),
        timeout_secs: attributes.optional_number("timeout", 1..=TASK_TIMEOUT_MAX_SECS),
    };
    attributes.finish();
    task
}

fn is_task(element: &Element) -> bool {
    TASK.contains(&element.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::{Link, Method, Verb, Wait, parse};
    use super::*;

    fn read(enqueue: &str) -> (Enqueue, String) {
        let mut document = parse(format!("<Response>{enqueue}</Response>").as_bytes()).unwrap();
        let Some(Verb::Enqueue(enqueue)) = document.verbs.pop() else {
            panic!("{enqueue}")
        };
        (enqueue, document.warnings.join("\n"))
    }

    fn task(
        attributes: Option<&str>,
        priority: Option<u32>,
        timeout_secs: Option<u32>,
    ) -> EnqueueInto {
        let attributes = attributes.map(str::to_owned);
        EnqueueInto::Workflow(TaskNoun {
            workflow: "WW1".to_owned(),
            attributes,
            priority,
            timeout_secs,
        })
    }

    #[test]
    fn enqueue_reads_wait_url() {
        let table = [
            ("<Enqueue>q</Enqueue>", Wait::Music),
            ("<Enqueue waitUrl=\"\">q</Enqueue>", Wait::Silence),
            (
                "<Enqueue waitUrl=\"/w?a=1&amp;b=2\" waitUrlMethod=\"GET\">q</Enqueue>",
                Wait::Document(Link {
                    url: "/w?a=1&b=2".into(),
                    method: Method::Get,
                }),
            ),
        ];
        for (text, expected) in table {
            let (enqueue, _) = read(text);
            assert_eq!(enqueue.wait, expected, "{text}");
            assert_eq!(enqueue.queue, EnqueueInto::Queue("q".into()));
        }
    }

    #[test]
    fn enqueue_with_workflow_reads_task() {
        for (inside, expected) in [
            ("", task(None, None, None)),
            ("<Task/>", task(None, None, None)),
            (
                "<Task>{\"a\": \"b  c\"}</Task>",
                task(Some("{\"a\": \"b  c\"}"), None, None),
            ),
            (
                "<TaskAttributes>{&quot;a&quot;:1}</TaskAttributes>",
                task(Some("{\"a\":1}"), None, None),
            ),
            (
                "<Task><![CDATA[{\"a\":\"<b>\"}]]></Task>",
                task(Some("{\"a\":\"<b>\"}"), None, None),
            ),
            (
                "<Task priority=\"5\" timeout=\"30\">{}</Task>",
                task(Some("{}"), Some(5), Some(30)),
            ),
        ] {
            let (enqueue, warnings) =
                read(&format!("<Enqueue workflowSid=\"WW1\">{inside}</Enqueue>"));
            assert_eq!(
                (enqueue.queue, warnings.as_str()),
                (expected, ""),
                "{inside}"
            );
        }
    }

    #[test]
    fn enqueue_warns_about_ignored_parts() {
        for (enqueue, expected, expected_warnings) in [
            (
                "<Enqueue workflowSid=\"WW1\">support<Task priority=\"-1\" colour=\"red\">{}</Task><Task/><Say>x</Say></Enqueue>",
                task(Some("{}"), None, None),
                [
                    "\"support\"",
                    "priority=\"-1\"",
                    "no attribute colour",
                    "one Task",
                    "<Say> cannot be nested",
                ]
                .as_slice(),
            ),
            (
                "<Enqueue workflowSid=\"WW1\"><Task timeout=\"1209601\">{}</Task></Enqueue>",
                task(Some("{}"), None, None),
                &["timeout=\"1209601\""],
            ),
            (
                "<Enqueue>support <Task>{}</Task></Enqueue>",
                EnqueueInto::Queue("support".to_owned()),
                &["needs workflowSid"],
            ),
        ] {
            let (read, warnings) = read(enqueue);
            assert_eq!(read.queue, expected, "{enqueue}");
            for words in expected_warnings {
                assert!(warnings.contains(words), "{words}: {warnings}");
            }
        }
    }
}
