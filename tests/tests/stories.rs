//! The stories of `tests/stories`, each played over the whole centre: real functions, table, HTTP and signatures.

use std::path::Path;

use tests::story;

macro_rules! stories {
    ($($name:ident)*) => {
        $(#[tokio::test]
        async fn $name() {
            story::play(&folder().join(concat!(stringify!($name), ".txt"))).await;
        })*

        #[test]
        fn every_story_is_played() {
            let mut files: Vec<String> = std::fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".txt").to_owned())
                .collect();
            let mut played = vec![$(stringify!($name).to_owned()),*];
            files.sort();
            played.sort();
            assert_eq!(files, played);
        }
    };
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories")
}

stories! {
    a_call_from_ring_to_wrap_up
    a_caller_who_hangs_up_while_a_phone_rings
    a_declined_call_goes_to_the_next_worker
    a_phone_nobody_answers
    a_restart_while_a_phone_rings
    a_worker_who_hangs_up_too_early
    a_wrong_key_and_silence
    five_calls_for_three_workers
    nobody_for_twenty_minutes
}
