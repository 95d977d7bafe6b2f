//! Plays the stories of `tests/stories` over the whole centre: real functions, table, HTTP and
//! signatures.

use std::path::Path;

use tests::story;

/// A test for each file of a folder, and one that checks that every file has a test.
macro_rules! stories {
    ($folder:literal: $($name:ident = $file:literal)*) => {
        $(#[tokio::test]
        async fn $name() {
            story::play(&folder().join($folder).join($file)).await;
        })*

        #[test]
        fn every_story_is_played() {
            let entries = std::fs::read_dir(super::folder().join($folder)).unwrap().map(Result::unwrap);
            let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
            let mut files: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
            let mut played = vec![$($file.to_owned()),*];
            files.sort();
            played.sort();
            assert_eq!(files, played);
        }
    };
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories")
}

mod days {
    use super::*;

    stories! { "":
        a_call_from_ring_to_wrap_up = "a_call_from_ring_to_wrap_up.txt"
        a_caller_who_hangs_up_while_a_phone_rings = "a_caller_who_hangs_up_while_a_phone_rings.txt"
        a_declined_call_goes_to_the_next_worker = "a_declined_call_goes_to_the_next_worker.txt"
        a_task_that_waits_for_its_hour = "a_task_that_waits_for_its_hour.txt"
        an_unanswered_phone = "an_unanswered_phone.txt"
        a_restart_while_a_phone_rings = "a_restart_while_a_phone_rings.txt"
        a_worker_who_hangs_up_too_early = "a_worker_who_hangs_up_too_early.txt"
        a_wrong_key_and_silence = "a_wrong_key_and_silence.txt"
        five_calls_for_three_workers = "five_calls_for_three_workers.txt"
        no_worker_for_twenty_minutes = "no_worker_for_twenty_minutes.txt"
    }
}

/// The conformance cases of taskrouter.md section 19.
mod taskrouter {
    use super::*;

    stories! { "taskrouter":
        cases_01_to_09_expressions = "01-09_expressions.txt"
        cases_10_to_12_which_worker = "10-12_which_worker.txt"
        cases_13_to_15_which_task = "13-15_which_task.txt"
        cases_16_to_17_capacity = "16-17_capacity.txt"
        cases_18_to_22_offers_not_taken = "18-22_offers_not_taken.txt"
        cases_23_to_28_lives_of_tasks = "23-28_lives_of_tasks.txt"
        cases_29_to_36_workflows = "29-36_workflows.txt"
        cases_37_to_40_waiting = "37-40_waiting.txt"
        cases_41_to_45_protocol = "41-45_protocol.txt"
    }
}

/// `<Enqueue workflowSid>`, taskrouter.md section 16.
mod enqueue {
    use super::*;

    stories! { "enqueue":
        a_call_waits_as_a_task_of_a_workflow = "workflow_sid.txt"
    }
}

/// Voice flows through the whole centre.
mod flows {
    use super::*;

    stories! { "flows":
        callers_in_flows = "callers_in_flows.txt"
    }
}

/// The utility of `examples/utility`.
mod utility {
    use super::*;

    stories! { "utility":
        calls_of_a_utility = "calls.txt"
    }
}

/// The conformance cases of voice-webhooks.md section 11.
mod voice {
    use super::*;

    stories! { "voice":
        cases_01_to_03_and_13_webhooks = "01-03_13_webhooks.txt"
        cases_04_to_12_documents = "04-12_documents.txt"
    }
}
