//! The parser: tokens to an expression.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::lexer::{Token, tokens};
use super::{
    Comparison, EXPRESSION_CHARS_MAX, EXPRESSION_DEPTH_MAX, ExpressionError, INDEX_MAX, Operand,
    Operator, Path, PathStep, Term,
};

/// Words that are operators, and therefore no keys, where an operand may begin.
pub(super) const OPERATOR_WORDS: [&str; 6] = ["AND", "OR", "NOT", "IN", "HAS", "CONTAINS"];

/// A recursive-descent parser; `AND` binds tighter than `OR` (taskrouter.md section 8.1,
/// "precedence").
pub(super) struct Parser {
    /// Each token with the column of its first character.
    tokens: Peekable<IntoIter<(usize, Token)>>,
    end_column: usize,
    /// The first column and the end column of each comparison that has been read, in order. Blanks
    /// after a comparison are included.
    pub(super) comparisons: Vec<(usize, usize)>,
}

impl Parser {
    pub(super) fn new(source: &str) -> Result<Self, ExpressionError> {
        let chars: Vec<char> = source.chars().take(EXPRESSION_CHARS_MAX + 1).collect();
        if chars.len() > EXPRESSION_CHARS_MAX {
            let message = format!("an expression has at most {EXPRESSION_CHARS_MAX} characters");
            return Err(ExpressionError {
                column: EXPRESSION_CHARS_MAX + 1,
                message,
            });
        }
        let tokens = tokens(&chars)?.into_iter().peekable();
        Ok(Self {
            tokens,
            end_column: chars.len() + 1,
            comparisons: Vec::new(),
        })
    }

    /// `or = and { "OR" and }`
    pub(super) fn any(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        let mut terms = vec![self.all(depth)?];
        while self.take_keyword("OR") {
            terms.push(self.all(depth)?);
        }
        Ok(single_or(terms, Term::Any))
    }

    /// `and = term { "AND" term }`
    fn all(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        let mut terms = vec![self.term(depth)?];
        while self.take_keyword("AND") {
            terms.push(self.term(depth)?);
        }
        Ok(single_or(terms, Term::All))
    }

    /// `term = "NOT" term | "(" or ")" | comparison`
    fn term(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        self.check_depth(depth)?;
        if self.take_keyword("NOT") {
            return Ok(Term::Not(Box::new(self.term(depth + 1)?)));
        }
        if !self.take(&Token::Open) {
            return self.comparison(depth);
        }
        let inner = self.any(depth + 1)?;
        if !self.take(&Token::Close) {
            return Err(self.unexpected("`)`, `AND` or `OR`"));
        }
        Ok(inner)
    }

    fn comparison(&mut self, depth: usize) -> Result<Term, ExpressionError> {
        let from = self.column();
        let left = self.operand(depth)?;
        let operator = self.operator()?;
        let right = self.operand(depth)?;
        let to = self.column();
        self.comparisons.push((from, to));
        Ok(Term::Compare(Comparison {
            left,
            operator,
            right,
        }))
    }

    fn operator(&mut self) -> Result<Operator, ExpressionError> {
        if let Some(Token::Operator(operator)) = self.peek() {
            let operator = *operator;
            self.tokens.next();
            return Ok(operator);
        }
        for (word, operator) in [
            ("CONTAINS", Operator::Contains),
            ("HAS", Operator::Has),
            ("IN", Operator::In),
        ] {
            if self.take_keyword(word) {
                return Ok(operator);
            }
        }
        if !self.take_keyword("NOT") {
            return Err(
                self.unexpected("an operator (==, !=, <, <=, >, >=, CONTAINS, HAS, IN, NOT IN)")
            );
        }
        if !self.take_keyword("IN") {
            return Err(self.unexpected("`IN` after `NOT`"));
        }
        Ok(Operator::NotIn)
    }

    fn operand(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
        self.check_depth(depth)?;
        let starts_operand = |(_, token): &(usize, Token)| match token {
            Token::Text(_) | Token::Number(_) | Token::OpenBracket => true,
            Token::Word(word) => !OPERATOR_WORDS
                .iter()
                .any(|keyword| word.eq_ignore_ascii_case(keyword)),
            Token::Open
            | Token::Close
            | Token::CloseBracket
            | Token::Comma
            | Token::Dot
            | Token::Operator(_) => false,
        };
        match self.tokens.next_if(starts_operand) {
            Some((_, Token::Text(text))) => Ok(Operand::Text(text)),
            Some((_, Token::Number(number))) => Ok(Operand::Number(number)),
            Some((_, Token::Word(word))) => self.word(word),
            Some(_) => self.array(depth),
            None => {
                Err(self
                    .unexpected("a key, a text in quotes, a number, true, false, null or an array"))
            }
        }
    }

    /// The rest of an array after `[`.
    fn array(&mut self, depth: usize) -> Result<Operand, ExpressionError> {
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
            "true" => Ok(Operand::Bool(true)),
            "false" => Ok(Operand::Bool(false)),
            "null" => Ok(Operand::Null),
            _key => self.rest_of_path(word).map(Operand::Path),
        }
    }

    fn rest_of_path(&mut self, first: String) -> Result<Path, ExpressionError> {
        let mut steps = vec![PathStep::Key(first)];
        loop {
            if self.take(&Token::Dot) {
                steps.push(PathStep::Key(self.key()?));
            } else if self.take(&Token::OpenBracket) {
                steps.push(PathStep::Index(self.index()?));
            } else {
                return Ok(Path(steps));
            }
        }
    }

    /// After a dot any word is a key, also `in` and `null`.
    fn key(&mut self) -> Result<String, ExpressionError> {
        match self
            .tokens
            .next_if(|(_, token)| matches!(token, Token::Word(_)))
        {
            Some((_, Token::Word(word))) => Ok(word),
            _ => Err(self.unexpected("a key after `.`")),
        }
    }

    fn index(&mut self) -> Result<usize, ExpressionError> {
        let index = match self.peek() {
            Some(Token::Number(number)) => number.index(INDEX_MAX),
            _ => None,
        };
        let Some(index) = index else {
            return Err(self.unexpected(&format!("a whole number from 0 to {INDEX_MAX}")));
        };
        self.tokens.next();
        if !self.take(&Token::CloseBracket) {
            return Err(self.unexpected("`]`"));
        }
        Ok(index)
    }

    /// A path; a constant is an error.
    pub(super) fn path(&mut self) -> Result<Path, ExpressionError> {
        let column = self.column();
        match self.operand(0)? {
            Operand::Path(path) => Ok(path),
            Operand::Null
            | Operand::Bool(_)
            | Operand::Number(_)
            | Operand::Text(_)
            | Operand::Array(_) => Err(ExpressionError {
                column,
                message: "expected a key such as `level`, found a constant".to_owned(),
            }),
        }
    }

    pub(super) fn expect_end(&mut self) -> Result<(), ExpressionError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("`AND`, `OR` or the end")),
        }
    }

    fn check_depth(&mut self, depth: usize) -> Result<(), ExpressionError> {
        if depth <= EXPRESSION_DEPTH_MAX {
            return Ok(());
        }
        let message = format!(
            "at most {EXPRESSION_DEPTH_MAX} parentheses, brackets and NOTs may be inside one another"
        );
        Err(ExpressionError {
            column: self.column(),
            message,
        })
    }

    fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek().map(|(_, token)| token)
    }

    fn take(&mut self, expected: &Token) -> bool {
        self.tokens
            .next_if(|(_, token)| token == expected)
            .is_some()
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        self.tokens
            .next_if(|(_, token)| is_keyword(token, keyword))
            .is_some()
    }

    fn column(&mut self) -> usize {
        let end = self.end_column;
        self.tokens.peek().map_or(end, |(column, _)| *column)
    }

    fn unexpected(&mut self, expected: &str) -> ExpressionError {
        let message = match self.peek() {
            Some(found) => format!("expected {expected}, found {found}"),
            None => format!("expected {expected}, but the expression ends here"),
        };
        ExpressionError {
            column: self.column(),
            message,
        }
    }
}

fn is_keyword(token: &Token, keyword: &str) -> bool {
    match token {
        Token::Word(word) => word.eq_ignore_ascii_case(keyword),
        Token::Open
        | Token::Close
        | Token::OpenBracket
        | Token::CloseBracket
        | Token::Comma
        | Token::Dot
        | Token::Operator(_)
        | Token::Text(_)
        | Token::Number(_) => false,
    }
}

fn single_or(mut terms: Vec<Term>, many: fn(Vec<Term>) -> Term) -> Term {
    match (terms.len(), terms.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            terms.extend(last);
            many(terms)
        }
    }
}
