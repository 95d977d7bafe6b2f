//! The scenario to begin with: a morning with calls in each language of the centre.

use std::fmt::Write;

use shared::voice_settings::VoiceSettings;

/// Calls an hour of all languages together.
const CALLS_PER_HOUR: usize = 30;

/// Replications: enough for intervals that answer a question.
const REPLICATIONS: u32 = 100;

/// A scenario for a centre with these languages. Without `agents` every Worker is on duty all day.
pub fn to_begin_with(settings: &VoiceSettings) -> String {
    let languages = &settings.menu.languages;
    let per_hour = CALLS_PER_HOUR / languages.len().max(1);
    let mut text = format!(
        r#"day: {{ from: "08:00", to: "12:00", interval: 30m }}
replications: {REPLICATIONS}
service_level: 20s

calls:
"#
    );
    for language in languages {
        let code = &language.selected_language;
        let _infallible = write!(
            text,
            r"  - name: Calls in {code}
    attributes: {{ selected_language: {code} }}
    per_hour: {per_hour}
    talk: {{ lognormal: {{ mean: 4m, deviation: 3m }} }}
    patience: {{ exponential: 3m }}
"
        );
    }
    text.push_str(
        r#"
answers: { by: phone, after: { uniform: { min: 2s, max: 8s } } }

# Without this key every Worker is on duty all day:
# agents:
#   - { name: Maya, shifts: [{ from: "08:00", to: "12:00" }] }
#   - { name: More, like: Maya, count: 2 }
"#,
    );
    text
}
