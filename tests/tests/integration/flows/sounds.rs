//! Audio files beside the configuration.

use ids::time::Millis;
use tests::project;
use tests::test_centre::{EXAMPLE, TestCentre};
use voice_flows::{Action, SoundName};

use super::player::{Player, read_centre, texts_of};

const FLOWS: &str = r#"
flows:
  main:
    - play: hold.wav
    - play: { en: music/copy.wav, de: other.wav }
    - queue: { wait: { music: { en: hold.wav, de: other.wav } } }
    - queue: { wait: { music: { en: hold.wav, de: "https://example.com/a.mp3" } } }
"#;

#[test]
fn files_are_named_by_their_content() {
    let centre = read_centre(FLOWS).unwrap();
    assert_eq!(centre.sounds.len(), 2, "the same content is one file");
    let flows = centre.voice_flows.unwrap();
    let names: Vec<&SoundName> = centre.sounds.iter().map(|sound| &sound.name).collect();
    assert_eq!(flows.sounds.iter().collect::<Vec<_>>(), names);
    let player = Player::begin(FLOWS);
    let urls = texts_of(&player.document, "Play");
    assert_eq!((urls.len(), &urls[0]), (2, &urls[1]));
    let name = urls[0].strip_prefix("/sounds/").and_then(SoundName::parse);
    assert!(flows.sounds.contains(&name.unwrap()), "{urls:?}");
}

#[test]
fn music_has_the_length_of_its_longest_file() {
    let flows = read_centre(FLOWS).unwrap().voice_flows.unwrap();
    let waits = flows.steps.iter().filter_map(|step| {
        let Action::Queue(queue) = &step.action else {
            return None;
        };
        Some(queue.wait.music_length)
    });
    let lengths: Vec<Option<Millis>> = waits.collect();
    // Steps are read from the end of a list.
    assert_eq!(
        lengths.iter().flatten().collect::<Vec<_>>(),
        [&Millis::from_secs(30)]
    );
    assert_eq!(lengths.len(), 2);
}

#[test]
fn faults_of_files_have_a_position() {
    let problems = read_centre(
        r#"
flows:
  main:
    - play: surround.wav
    - play: { en: hold.wav, de: notes.txt }
    - queue: { wait: { music: "../hold.wav" } }
    - say: [ { play: "http://example.com/a.wav" } ]
    - play: none.mp3
"#,
    );
    let problems = problems.unwrap_err().join("\n");
    for expected in [
        ":13: play: surround.wav: expected 1 or 2 channels at 8000 to 48000 Hz, got 6 at 8000 Hz",
        ":33: play: notes.txt: expected a WAV or MP3 file, got a file that begins with the bytes 6e 6f 74 65",
        ":31: music: expected a WAV or MP3 file beside the configuration such as music.mp3, or an https URL, got \"../hold.wav\"",
        ":22: play: expected a WAV or MP3 file beside the configuration such as music.mp3, or an https URL, got \"http://example.com/a.wav\"",
        ":13: play: none.mp3 cannot be read: no such file",
    ] {
        assert!(problems.contains(expected), "{expected}\n{problems}");
    }
}

/// A call that started in older flows hears their files.
#[tokio::test]
async fn files_are_served_while_a_call_may_play_them() {
    let utility = project::read("examples/utility/contact-centre.yaml");
    let mut test_centre = TestCentre::open(&utility, None).await;
    let sound = test_centre.contact_centre.sounds[0].clone();
    for is_current in [true, false] {
        let url = format!("{}{}", test_centre.base, sound.name.path());
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status(), 200, "{is_current}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "audio/wav");
        assert!(header("cache-control").contains("immutable"));
        assert!(
            answer.bytes().await.unwrap()[..] == sound.content[..],
            "other bytes"
        );
        test_centre.apply_configuration(EXAMPLE).await;
    }
    for name in ["00000000000000000000000000000000.wav", "hold.wav"] {
        let url = format!("{}/sounds/{name}", test_centre.base);
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status(), 404, "{name}");
    }
    test_centre.close().await;
}
