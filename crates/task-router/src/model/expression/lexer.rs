//! The lexer: text to tokens, each with the column of its first character.

use std::fmt;

use super::parser::OPERATOR_WORDS;
use super::print::Quoted;
use super::{ExpressionError, Number, Operator};

/// Characters of a token that an error message repeats.
const SHOWN_CHARS_MAX: usize = 20;

/// A word, an operator, a punctuation mark or a constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
    Operator(Operator),
    Word(String),
    Text(String),
    Number(Number),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("`(`"),
            Self::Close => f.write_str("`)`"),
            Self::OpenBracket => f.write_str("`[`"),
            Self::CloseBracket => f.write_str("`]`"),
            Self::Comma => f.write_str("`,`"),
            Self::Dot => f.write_str("`.`"),
            Self::Operator(operator) => write!(f, "`{operator}`"),
            Self::Word(word) => write!(f, "`{}`", shown(word)),
            Self::Text(text) => write!(f, "the text {}", Quoted(&shown(text))),
            Self::Number(number) => write!(f, "the number {number}"),
        }
    }
}

/// The first characters of a text that may be long, with `…` when it is cut.
fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let beginning: String = chars.by_ref().take(SHOWN_CHARS_MAX).collect();
    if chars.next().is_some() {
        beginning + "…"
    } else {
        beginning
    }
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
}

/// All tokens of these characters, with their columns counted from 1.
pub(super) fn tokens(chars: &[char]) -> Result<Vec<(usize, Token)>, ExpressionError> {
    Lexer { chars, at: 0 }.tokens()
}

impl Lexer<'_> {
    fn tokens(mut self) -> Result<Vec<(usize, Token)>, ExpressionError> {
        let mut tokens = Vec::new();
        loop {
            while self.peek().is_some_and(char::is_whitespace) {
                self.at += 1;
            }
            let Some(first) = self.peek() else {
                return Ok(tokens);
            };
            let column = self.at + 1;
            // After a dot a key is expected, so digits there are no number: `levels.4seasons`.
            let is_key = matches!(tokens.last(), Some((_, Token::Dot))) && is_key_part(first);
            let token = if is_key {
                Ok(self.word())
            } else {
                self.token(first)
            };
            let token = token.map_err(|message| ExpressionError { column, message })?;
            tokens.push((column, token));
        }
    }

    fn token(&mut self, first: char) -> Result<Token, String> {
        let second = self.chars.get(self.at + 1).copied();
        let (length, token) = match (first, second) {
            ('(', _) => (1, Token::Open),
            (')', _) => (1, Token::Close),
            ('[', _) => (1, Token::OpenBracket),
            (']', _) => (1, Token::CloseBracket),
            (',', _) => (1, Token::Comma),
            ('.', _) => (1, Token::Dot),
            ('=', Some('=')) => (2, Token::Operator(Operator::Equal)),
            ('=', _) => (1, Token::Operator(Operator::Equal)),
            ('!', Some('=')) => (2, Token::Operator(Operator::NotEqual)),
            ('<', Some('=')) => (2, Token::Operator(Operator::LessOrEqual)),
            // `level <-1` compares with a negative number; `<-` before anything else is `IN`.
            ('<', Some('-')) if !self.digit_at(2) => (2, Token::Operator(Operator::In)),
            ('<', _) => (1, Token::Operator(Operator::Less)),
            ('>', Some('=')) => (2, Token::Operator(Operator::GreaterOrEqual)),
            ('>', Some('-')) if !self.digit_at(2) => (2, Token::Operator(Operator::Has)),
            ('>', _) => (1, Token::Operator(Operator::Greater)),
            ('\'' | '"', _) => return self.text(first),
            ('-', _) => return self.negative_number(),
            (digit, _) if digit.is_ascii_digit() => return self.number(),
            (letter, _) if is_key_start(letter) => return Ok(self.word()),
            (other, _) => {
                return Err(format!(
                    "`{}` has no meaning here; quote texts, and keys are letters, digits, _ and $",
                    other.escape_debug()
                ));
            }
        };
        self.at += length;
        Ok(token)
    }

    fn text(&mut self, quote: char) -> Result<Token, String> {
        self.at += 1;
        let mut text = String::new();
        while let Some(next) = self.peek() {
            self.at += 1;
            match next {
                _ if next == quote => return Ok(Token::Text(text)),
                '\\' if matches!(self.peek(), Some('\\' | '\'' | '"')) => {
                    text.extend(self.peek());
                    self.at += 1;
                }
                other => text.push(other),
            }
        }
        Err(format!("the text that begins here has no closing {quote}"))
    }

    fn negative_number(&mut self) -> Result<Token, String> {
        let before = self
            .at
            .checked_sub(1)
            .and_then(|before| self.chars.get(before));
        if before.is_some_and(|before| is_key_part(*before)) {
            return Err("`-` cannot be in a key; expected an operator".to_owned());
        }
        if !self.digit_at(1) {
            return Err("`-` must be followed by a digit: it begins a number".to_owned());
        }
        self.number()
    }

    /// A number, or a key that begins with a digit (taskrouter.md section 8.2).
    fn number(&mut self) -> Result<Token, String> {
        let start = self.at;
        self.at += 1;
        self.skip_digits();
        if self.peek().is_some_and(is_key_start) && self.chars.get(start) != Some(&'-') {
            let letters = self.at;
            let word = self.word_from(start);
            return if is_no_key(&self.since(letters)) {
                Err("a number has no exponent and is followed by a blank".to_owned())
            } else {
                Ok(word)
            };
        }
        if self.peek() == Some('.') && self.digit_at(1) {
            self.at += 1;
            self.skip_digits();
        }
        if self.peek().is_some_and(is_key_start) {
            return Err("a key cannot begin with a sign or a fraction".to_owned());
        }
        let text = self.since(start);
        Number::of_digits(&text)
            .map(Token::Number)
            .ok_or_else(|| format!("`{}` is too large for a number", shown(&text)))
    }

    fn word(&mut self) -> Token {
        self.word_from(self.at)
    }

    /// The word that began at `start`, with the rest of its characters.
    fn word_from(&mut self, start: usize) -> Token {
        while self.peek().is_some_and(is_key_part) {
            self.at += 1;
        }
        Token::Word(self.since(start))
    }

    fn since(&self, start: usize) -> String {
        self.chars
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .collect()
    }

    fn skip_digits(&mut self) {
        while self.peek().is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn digit_at(&self, offset: usize) -> bool {
        self.chars
            .get(self.at + offset)
            .is_some_and(char::is_ascii_digit)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
}

/// Whether digits with these characters behind them are most likely meant as a number: `1e3`,
/// `3AND`.
fn is_no_key(letters: &str) -> bool {
    let exponent = letters.strip_prefix(['e', 'E']);
    exponent.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
        || OPERATOR_WORDS
            .iter()
            .any(|word| letters.eq_ignore_ascii_case(word))
}

fn is_key_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '$'
}

fn is_key_part(letter: char) -> bool {
    is_key_start(letter) || letter.is_ascii_digit()
}
