//! Tokens into an expression.

use super::lexer::{Token, tokens};
use super::{
    Comparison, EXPRESSION_CHARS_MAX, EXPRESSION_DEPTH_MAX, ExpressionError, Operand, Operator, Path, PathStep, Term,
};

/// Recursive descent; `AND` binds tighter than `OR` (taskrouter.md section 8.1, "precedence").
pub(super) struct Parser {
    /// Each token with the column it begins at.
    tokens: Vec<(usize, Token)>,
    next: usize,
    end_column: usize,
}

impl Parser {
    pub(super) fn new(source: &str) -> Result<Self, ExpressionError> {
        let chars: Vec<char> = source.chars().collect();
        if chars.len() > EXPRESSION_CHARS_MAX {
            let message =
                format!("an expression has at most {EXPRESSION_CHARS_MAX} characters, this one {}", chars.len());
            return Err(ExpressionError { column: EXPRESSION_CHARS_MAX + 1, message });
        }
        Ok(Self { tokens: tokens(&chars)?, next: 0, end_column: chars.len() + 1 })
    }

    pub(super) fn any(&mut self, depth: usize) -> Result<Term, ExpressionError> {
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

    pub(super) fn operand(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
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

    pub(super) fn expect_end(&self) -> Result<(), ExpressionError> {
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
