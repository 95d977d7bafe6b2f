//! JSON for readers: indented, and otherwise as it was sent. Keys keep their order and numbers their
//! digits, so that a form saves nothing that was not edited.

/// Spaces of one level.
const INDENT: usize = 2;

/// JSON, indented; any other text unchanged.
pub fn readable(json: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(json).is_err() {
        return json.to_owned();
    }
    let mut writer = Writer::default();
    let mut chars = json.chars().filter(not_blank_outside_text()).peekable();
    while let Some(char) = chars.next() {
        writer.write(char, chars.peek().copied());
    }
    writer.text
}

/// A filter that drops the blanks between the tokens of a JSON document.
fn not_blank_outside_text() -> impl FnMut(&char) -> bool {
    let mut text = TextState::default();
    move |char| text.step(*char) || !char.is_ascii_whitespace()
}

/// Whether the position is inside a JSON string.
#[derive(Default)]
struct TextState {
    inside: bool,
    escaped: bool,
}

impl TextState {
    /// Reads a character; whether it belongs to a string, its quotes included.
    fn step(&mut self, char: char) -> bool {
        if !self.inside {
            self.inside = char == '"';
            return self.inside;
        }
        self.inside = self.escaped || char != '"';
        self.escaped = !self.escaped && char == '\\';
        true
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    level: usize,
    string: TextState,
}

impl Writer {
    fn write(&mut self, char: char, next: Option<char>) {
        if self.string.step(char) {
            return self.text.push(char);
        }
        match char {
            '{' | '[' if next == Some(closing(char)) => self.text.push(char),
            '{' | '[' => {
                self.text.push(char);
                self.level += 1;
                self.new_line();
            }
            '}' | ']' => {
                if !self.text.ends_with(['{', '[']) {
                    self.level = self.level.saturating_sub(1);
                    self.new_line();
                }
                self.text.push(char);
            }
            ',' => {
                self.text.push(char);
                self.new_line();
            }
            ':' => self.text.push_str(": "),
            _ => self.text.push(char),
        }
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.text
            .extend(std::iter::repeat_n(' ', INDENT * self.level));
    }
}

const fn closing(bracket: char) -> char {
    if bracket == '{' { '}' } else { ']' }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn json_keeps_order_and_digits() {
        let sent = r#"{ "b":1.50,"a": {"x":[ ],"y":{}, "z" : [12345678901234567890123,"s,{\"}"]}}"#;
        let shown = "{\n  \"b\": 1.50,\n  \"a\": {\n    \"x\": [],\n    \"y\": {},\n    \"z\": [\n      \
                     12345678901234567890123,\n      \"s,{\\\"}\"\n    ]\n  }\n}";
        assert_eq!(readable(sent), shown);
        assert_eq!(readable(shown), shown);
    }

    #[test]
    fn other_text_is_unchanged() {
        for text in ["", "{", "plain", "{\"a\":}"] {
            assert_eq!(readable(text), text);
        }
    }
}
