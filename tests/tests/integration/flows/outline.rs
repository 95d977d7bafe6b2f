//! A flow as rows: each step once, nested as in the file, with what leads away from it.

use voice_flows::{Destination, Outline, VoiceFlows};

use super::player::read;

const FLOWS: &str = r#"
flows:
  main:
    - say: Welcome.
    - menu:
        say: Press a key.
        keys:
          1:
            - say: One.
            - queue: { workflow: Calls, on_timeout: sales }
          2: sales
          3: repeat
          4: next
          9: hang_up
        on_no_input: [ tag: silent ]
    - branch:
        - { if: 'tags HAS "silent"', then: [ hang_up ] }
    - go_to: sales
  sales:
    on_error: main
    steps:
      - voicemail: { queue: Support Desk }
"#;

fn flows() -> VoiceFlows {
    read(FLOWS).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The rows as lines, nested by points.
fn lines(outline: &Outline) -> Vec<String> {
    let rows = outline.rows.iter();
    rows.map(|row| {
        let exits: Vec<String> = row
            .exits
            .iter()
            .map(|exit| format!(" [{}: {}]", exit.when, word(&exit.to)))
            .collect();
        let depth = ".".repeat(row.depth);
        format!("{depth}{} {}{}", row.via, row.verb, exits.concat())
    })
    .collect()
}

fn word(to: &Destination) -> String {
    match to {
        Destination::Flow(name) => format!("flow {name}"),
        Destination::Step(label) => format!("step {label}"),
        Destination::Next => "next".to_owned(),
        Destination::End => "end".to_owned(),
        Destination::HangUp => "hang up".to_owned(),
    }
}

#[test]
fn rows_are_nested_like_the_file() {
    let outlines = flows().outlines();
    let names: Vec<&str> = outlines.iter().map(|flow| flow.name.as_str()).collect();
    assert_eq!(names, ["main", "sales"]);
    let expected = [
        " say",
        " menu [2: flow sales] [3: step main/2] [4: next] [9: hang up]",
        ".1 say",
        ". queue [timed out: flow sales]",
        ".no input tag",
        " branch [tags HAS \"silent\": hang up]",
        " go_to [: flow sales]",
    ];
    assert_eq!(lines(&outlines[0]), expected);
    assert_eq!(outlines[0].on_error, None);
    assert_eq!(lines(&outlines[1]), [" voicemail [then: end]"]);
    let main = Destination::Flow("main".to_owned());
    assert_eq!(outlines[1].on_error, Some(main));
}

/// The lines of a drawing lead from earlier rows to later ones, and no row is deeper than one level
/// below the row that leads to it.
#[test]
fn every_row_hangs_on_an_earlier_one() {
    for outline in flows().outlines() {
        for (place, row) in outline.rows.iter().enumerate() {
            match row.from {
                None => assert_eq!((place, row.depth), (0, 0)),
                Some(from) => {
                    assert!(from < place);
                    let above = outline.rows[from].depth;
                    assert!(row.depth == above || row.depth == above + 1);
                }
            }
        }
    }
}
