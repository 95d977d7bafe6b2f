//! The results as JUnit's XML, which CI servers read.

use std::fmt::Write;

use quick_xml::escape::escape;
use vocabulary::visible;

use super::plan::Plan;
use super::report::details;
use super::run::Verdict;

/// A test suite for each file, a test case for each story.
pub(super) fn render(plan: &Plan, verdict: &Verdict) -> String {
    let all = verdict.outcomes.len();
    let failed = verdict.failed();
    let seconds = verdict.took.as_secs_f64();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"cordboard test\" tests=\"{all}\" failures=\"{failed}\" time=\"{seconds:.3}\">\n"
    );
    for (index, file) in plan.files.iter().enumerate() {
        let played = plan.stories.iter().zip(&verdict.outcomes);
        let of_file: Vec<_> = played
            .filter(|(planned, _)| planned.file == index)
            .collect();
        if of_file.is_empty() {
            continue;
        }
        let failures = of_file
            .iter()
            .filter(|(_, outcome)| outcome.failure.is_some());
        // Writing to a String cannot fail.
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">",
            escape(visible(&file.name)),
            of_file.len(),
            failures.count()
        );
        for (planned, outcome) in of_file {
            let name = visible(planned.name(plan));
            let _ = write!(
                xml,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                escape(visible(&file.name)),
                escape(name),
                outcome.took.as_secs_f64()
            );
            let _ = match &outcome.failure {
                None => writeln!(xml, "/>"),
                Some(failure) => writeln!(
                    xml,
                    ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                    escape(visible(&failure.message)),
                    escape(details(plan, planned, failure))
                ),
            };
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}
