//! The words and signs of an expression, one after another.

use serde_json::Value;

use super::Scope;
use crate::error::Refusal;

/// A reader of one expression.
pub(super) struct Reader<'e, 'r> {
    tokens: Vec<&'e str>,
    next: usize,
    scope: &'e Scope<'r>,
}

impl<'e, 'r> Reader<'e, 'r> {
    pub(super) fn new(text: &'e str, scope: &'e Scope<'r>) -> Result<Self, Refusal> {
        Ok(Self {
            tokens: tokens(text)?,
            next: 0,
            scope,
        })
    }

    pub(super) fn peek(&self) -> Option<&'e str> {
        self.tokens.get(self.next).copied()
    }

    pub(super) fn take(&mut self) -> Result<&'e str, Refusal> {
        let token = self
            .peek()
            .ok_or_else(|| Refusal::invalid("the expression ends too early"))?;
        self.next += 1;
        Ok(token)
    }

    /// Takes the next token if it is this one. Keywords have no case.
    pub(super) fn takes(&mut self, token: &str) -> bool {
        let is_next = self
            .peek()
            .is_some_and(|next| next.eq_ignore_ascii_case(token));
        if is_next {
            self.next += 1;
        }
        is_next
    }

    pub(super) fn expect(&mut self, token: &str) -> Result<(), Refusal> {
        if self.takes(token) {
            return Ok(());
        }
        Err(self.unexpected(token))
    }

    pub(super) fn unexpected(&self, expected: &str) -> Refusal {
        let got = self.peek().unwrap_or("the end");
        Refusal::invalid(format!("expected {expected}, got {got}"))
    }

    /// The name of an attribute.
    pub(super) fn name(&mut self) -> Result<String, Refusal> {
        let word = self.take()?;
        let is_name = word
            .chars()
            .next()
            .is_some_and(|first| first == '#' || first == '_' || first.is_ascii_alphabetic());
        if !is_name {
            return Err(Refusal::invalid(format!("expected a name, got {word}")));
        }
        self.scope.name(word)
    }

    /// A value of the request.
    pub(super) fn value(&mut self) -> Result<&'r Value, Refusal> {
        let word = self.take()?;
        self.scope.value(word)
    }

    pub(super) fn is_value_next(&self) -> bool {
        self.peek().is_some_and(|token| token.starts_with(':'))
    }

    pub(super) fn end(&self) -> Result<(), Refusal> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end")),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<&str>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | ',' | '+' | '-' | '=' => 1,
            '<' | '>' if rest.as_bytes().get(1) == Some(&b'=') => 2,
            '<' | '>' => 1,
            _ if is_of_word(first) => rest.find(|next| !is_of_word(next)).unwrap_or(rest.len()),
            other => return Err(Refusal::invalid(format!("unexpected character {other:?}"))),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '#' | ':')
}
