//! Expressions: the conditions of TaskQueues, Workflow filters and targets (taskrouter.md section 8).
//!
//! An [`Expression`] is parsed once, when configuration is read, and keeps its source text. Evaluating one is
//! [`crate::router::expression`]'s business. Length and depth are bounded, so no input can exhaust the stack.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Characters an expression may have: twice what a full set of attributes has, so that any attribute can be named.
pub const EXPRESSION_CHARS_MAX: usize = 8_192;

/// Parentheses and arrays inside one another: more than a person can read, far less than a stack holds.
pub const EXPRESSION_DEPTH_MAX: usize = 32;

/// A parsed expression with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    source: String,
    root: Term,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// True when one of them is: `a OR b`.
    Any(Vec<Term>),
    /// True when all of them are: `a AND b`.
    All(Vec<Term>),
    /// One comparison.
    Compare(Comparison),
}

/// `left operator right`.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Left-hand side.
    pub left: Operand,
    /// What is asked.
    pub operator: Operator,
    /// Right-hand side.
    pub right: Operand,
}

/// The operators (taskrouter.md section 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`, `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `CONTAINS`: text in text.
    Contains,
    /// `HAS`, `>-`: the array on the left has the element on the right.
    Has,
    /// `IN`, `<-`: the element on the left is in the array on the right.
    In,
    /// `NOT IN`
    NotIn,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `3`, `-2.5`. Integers and decimals compare as numbers.
    Number(f64),
    /// `"text"`, `'text'`
    Text(String),
    /// `["a", "b"]`
    Array(Vec<Operand>),
    /// `worker.languages[0]`
    Path(Path),
}

/// Where a value is found: keys and array indexes, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<PathStep>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// A key of an object.
    Key(String),
    /// An element of an array, counted from 0.
    Index(usize),
}

/// Why a text is not an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct ExpressionError {
    /// The character the trouble begins at, counted from 1.
    pub column: usize,
    /// One sentence: what was expected, what is there.
    pub message: String,
}

impl Expression {
    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The outermost condition.
    pub fn root(&self) -> &Term {
        &self.root
    }
}

impl Path {
    /// The steps, outermost first.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(source: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(source)?;
        let root = parser.any(0)?;
        parser.expect_end()?;
        Ok(Self { source: source.to_owned(), root })
    }
}

impl FromStr for Path {
    type Err = ExpressionError;

    fn from_str(source: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser::new(source)?;
        let operand = parser.operand(0)?;
        parser.expect_end()?;
        match operand {
            Operand::Path(path) => Ok(path),
            Operand::Null | Operand::Bool(_) | Operand::Number(_) | Operand::Text(_) | Operand::Array(_) => {
                Err(ExpressionError { column: 1, message: "expected a key such as `level`".to_owned() })
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
    Operator(Operator),
    Word(String),
    Text(String),
    Number(f64),
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
            Self::Operator(_) => f.write_str("an operator"),
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Text(text) => write!(f, "the text \"{text}\""),
            Self::Number(number) => write!(f, "the number {number}"),
        }
    }
}

/// Recursive descent; `AND` binds tighter than `OR` (taskrouter.md section 8.1, "precedence").
struct Parser {
    /// Each token with the column it begins at.
    tokens: Vec<(usize, Token)>,
    next: usize,
    end_column: usize,
}

impl Parser {
    fn new(source: &str) -> Result<Self, ExpressionError> {
        let chars: Vec<char> = source.chars().collect();
        if chars.len() > EXPRESSION_CHARS_MAX {
            let message =
                format!("an expression has at most {EXPRESSION_CHARS_MAX} characters, this one {}", chars.len());
            return Err(ExpressionError { column: EXPRESSION_CHARS_MAX + 1, message });
        }
        Ok(Self { tokens: Lexer { chars: &chars, at: 0 }.tokens()?, next: 0, end_column: chars.len() + 1 })
    }

    fn any(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        let first = self.all(depth)?;
        let mut terms = vec![first];
        while self.take_keyword("OR") {
            terms.push(self.all(depth)?);
        }
        Ok(single_or(terms, Term::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        let first = self.term(depth)?;
        let mut terms = vec![first];
        while self.take_keyword("AND") {
            terms.push(self.term(depth)?);
        }
        Ok(single_or(terms, Term::All))
    }

    fn term(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        self.check_depth(depth)?;
        if !self.take(&Token::Open) {
            return self.comparison(depth);
        }
        let inner = self.any(depth + 1)?;
        match self.take(&Token::Close) {
            true => Ok(inner),
            false => Err(self.unexpected("`)`, `AND` or `OR`")),
        }
    }

    fn comparison(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        let left = self.operand(depth)?;
        let operator = self.operator()?;
        let right = self.operand(depth)?;
        Ok(Term::Compare(Comparison { left, operator, right }))
    }

    fn operator(&mut self) -> Result<Operator, ExpressionError> {
        if let Some(Token::Operator(operator)) = self.peek() {
            let operator = *operator;
            self.next += 1;
            return Ok(operator);
        }
        for (word, operator) in [("CONTAINS", Operator::Contains), ("HAS", Operator::Has), ("IN", Operator::In)] {
            if self.take_keyword(word) {
                return Ok(operator);
            }
        }
        if !self.take_keyword("NOT") {
            return Err(self.unexpected("an operator (==, !=, <, <=, >, >=, CONTAINS, HAS, IN, NOT IN)"));
        }
        match self.take_keyword("IN") {
            true => Ok(Operator::NotIn),
            false => Err(self.unexpected("`IN` after `NOT`")),
        }
    }

    fn operand(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
        self.check_depth(depth)?;
        let expected = "a key, a text in quotes, a number, true, false, null or an array";
        let Some(token) = self.peek().cloned() else { return Err(self.unexpected(expected)) };
        match token {
            Token::Text(text) => Ok(self.consume(Operand::Text(text))),
            Token::Number(number) => Ok(self.consume(Operand::Number(number))),
            Token::OpenBracket => self.array(depth),
            Token::Word(word) if is_operator_word(&word) => Err(self.unexpected(expected)),
            Token::Word(word) => {
                self.next += 1;
                self.word(word)
            }
            Token::Open | Token::Close | Token::CloseBracket | Token::Comma | Token::Dot | Token::Operator(_) => {
                Err(self.unexpected(expected))
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
        self.next += 1;
        let mut elements = Vec::new();
        if self.take(&Token::CloseBracket) {
            return Ok(Operand::Array(elements));
        }
        loop {
            elements.push(self.operand(depth + 1)?);
            if self.take(&Token::CloseBracket) {
                return Ok(Operand::Array(elements));
            }
            if !self.take(&Token::Comma) {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn word(&mut self, word: String) -> Result<Operand, ExpressionError> {
        match word.to_ascii_lowercase().as_str() {
            "true" => return Ok(Operand::Bool(true)),
            "false" => return Ok(Operand::Bool(false)),
            "null" => return Ok(Operand::Null),
            _key => {}
        }
        let mut steps = vec![PathStep::Key(word)];
        loop {
            if self.take(&Token::Dot) {
                steps.push(PathStep::Key(self.key()?));
            } else if self.take(&Token::OpenBracket) {
                steps.push(PathStep::Index(self.index()?));
            } else {
                return Ok(Operand::Path(Path(steps)));
            }
        }
    }

    fn key(&mut self) -> Result<String, ExpressionError> {
        match self.peek().cloned() {
            Some(Token::Word(word)) => Ok(self.consume(word)),
            _ => Err(self.unexpected("a key after `.`")),
        }
    }

    fn index(&mut self) -> Result<usize, ExpressionError> {
        let Some(Token::Number(number)) = self.peek() else {
            return Err(self.unexpected("a whole number, counted from 0"));
        };
        if number.fract() != 0.0 || !(0.0..=f64::from(u16::MAX)).contains(number) {
            return Err(self.unexpected("a whole number, counted from 0"));
        }
        let index = *number as usize;
        self.next += 1;
        match self.take(&Token::CloseBracket) {
            true => Ok(index),
            false => Err(self.unexpected("`]`")),
        }
    }

    fn expect_end(&self) -> Result<(), ExpressionError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("`AND`, `OR` or the end")),
        }
    }

    fn check_depth(&self, depth: usize) -> Result<(), ExpressionError> {
        if depth <= EXPRESSION_DEPTH_MAX {
            return Ok(());
        }
        let message = format!("at most {EXPRESSION_DEPTH_MAX} parentheses or brackets may be inside one another");
        Err(ExpressionError { column: self.column(), message })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn consume<T>(&mut self, value: T) -> T {
        self.next += 1;
        value
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn column(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end_column, |(column, _)| *column)
    }

    fn unexpected(&self, expected: &str) -> ExpressionError {
        let message = match self.peek() {
            Some(found) => format!("expected {expected}, found {found}"),
            None => format!("expected {expected}, but the expression ends here"),
        };
        ExpressionError { column: self.column(), message }
    }
}

fn single_or(mut terms: Vec<Term>, many: fn(Vec<Term>) -> Term) -> Term {
    match terms.len() {
        1 => terms.remove(0),
        _ => many(terms),
    }
}

fn is_operator_word(word: &str) -> bool {
    ["AND", "OR", "NOT", "IN", "HAS", "CONTAINS"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
}

impl Lexer<'_> {
    fn tokens(mut self) -> Result<Vec<(usize, Token)>, ExpressionError> {
        let mut tokens = Vec::new();
        loop {
            while self.peek().is_some_and(char::is_whitespace) {
                self.at += 1;
            }
            let Some(first) = self.peek() else { return Ok(tokens) };
            let column = self.at + 1;
            let token = self.token(first).map_err(|message| ExpressionError { column, message })?;
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
            ('<', Some('-')) if !self.digit_at(2) => (2, Token::Operator(Operator::In)),
            ('<', _) => (1, Token::Operator(Operator::Less)),
            ('>', Some('=')) => (2, Token::Operator(Operator::GreaterOrEqual)),
            ('>', Some('-')) if !self.digit_at(2) => (2, Token::Operator(Operator::Has)),
            ('>', _) => (1, Token::Operator(Operator::Greater)),
            ('\'' | '"', _) => return self.text(first),
            ('-', _) => return self.number(),
            (digit, _) if digit.is_ascii_digit() => return self.number(),
            (letter, _) if is_key_start(letter) => return Ok(self.word()),
            (other, _) => {
                return Err(format!(
                    "`{other}` has no meaning here; quote texts, and keys are letters, digits, _ and $"
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

    fn number(&mut self) -> Result<Token, String> {
        let start = self.at;
        if self.peek() == Some('-') {
            if !self.digit_at(1) {
                return Err(
                    "`-` begins a number and is not part of a key: keys are letters, digits, _ and $".to_owned()
                );
            }
            self.at += 1;
        }
        self.skip_digits();
        if self.peek() == Some('.') && self.digit_at(1) {
            self.at += 1;
            self.skip_digits();
        }
        if self.peek().is_some_and(is_key_start) {
            return Err("a key cannot begin with a digit".to_owned());
        }
        let text: String = self.chars.iter().take(self.at).skip(start).collect();
        text.parse().map(Token::Number).map_err(|_| format!("`{text}` is not a number"))
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        while self.peek().is_some_and(|next| is_key_start(next) || next.is_ascii_digit()) {
            self.at += 1;
        }
        Token::Word(self.chars.iter().take(self.at).skip(start).collect())
    }

    fn skip_digits(&mut self) {
        while self.peek().is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn digit_at(&self, offset: usize) -> bool {
        self.chars.get(self.at + offset).is_some_and(char::is_ascii_digit)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
}

fn is_key_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '$'
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_binds_tighter_than_or() {
        let plain: Expression = "a == 1 OR b == 1 AND c == 1".parse().unwrap();
        let grouped: Expression = "a == 1 OR (b == 1 AND c == 1)".parse().unwrap();
        assert_eq!(plain.root(), grouped.root());
    }

    #[test]
    fn aliases_and_letter_case_do_not_matter() {
        for (left, right) in [
            ("a = 1", "a == 1"),
            ("languages >- 'en'", "languages HAS \"en\""),
            ("'en' <- languages", "'en' in languages"),
            ("a not in ['b']", "a NOT IN [\"b\"]"),
            ("a == TRUE", "a == true"),
        ] {
            assert_eq!(left.parse::<Expression>().unwrap().root(), right.parse::<Expression>().unwrap().root());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (source, column, message) in [
            ("", 1, "expected a key"),
            ("languages", 10, "expected an operator"),
            ("languages HAS", 14, "the expression ends here"),
            ("skill-level > 3", 6, "not part of a key"),
            ("(a == 1", 8, "expected `)`"),
            ("a == 1 b == 2", 8, "expected `AND`, `OR` or the end"),
            ("a == 'x", 6, "no closing '"),
            ("a NOT b", 7, "expected `IN`"),
            ("a # b", 3, "`#` has no meaning"),
            ("a[x] == 1", 3, "a whole number"),
            ("a. == 1", 4, "a key after `.`"),
            ("AND == 1", 1, "expected a key"),
        ] {
            let error = source.parse::<Expression>().unwrap_err();
            assert_eq!(error.column, column, "{source}: {error}");
            assert!(error.message.contains(message), "{source}: {error}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}a == 1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(deep.parse::<Expression>().is_err());
        let nested = format!("{}a == 1{}", "(".repeat(EXPRESSION_DEPTH_MAX), ")".repeat(EXPRESSION_DEPTH_MAX));
        assert!(nested.parse::<Expression>().is_ok());
        let too_deep = format!("a IN {}{}", "[".repeat(EXPRESSION_DEPTH_MAX + 2), "]".repeat(EXPRESSION_DEPTH_MAX + 2));
        assert!(too_deep.parse::<Expression>().unwrap_err().message.contains("inside one another"));
    }
}
