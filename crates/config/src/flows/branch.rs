//! The verbs `branch` and `hours`.

use voice_flows::Case;

use super::compiler::{Compiler, Within};
use super::defaults::{ALWAYS, open as open_condition};
use crate::document::{Node, Value, place};
use task_router::model::{Condition, Expression, Operand, PathStep};

/// The most cases of a branch.
const CASES_MAX: usize = 100;

/// The names of the lists that contain the caller's number, in conditions.
const LISTS: &str = "lists";

impl Compiler<'_, '_> {
    /// A list of `{ if, then }`, of which the last may be `{ else }`.
    pub fn branch(&mut self, node: &Node, within: &Within<'_>) -> Option<Vec<Case>> {
        let nodes = self.reader.list(node, "branch", CASES_MAX);
        if nodes.is_empty() {
            self.reader.unexpected(node, "branch", "at least one case");
            return None;
        }
        let mut cases = Vec::new();
        let last = nodes.len() - 1;
        for (index, node) in nodes.iter().enumerate() {
            cases.extend(self.case(node, index == last, within));
        }
        (cases.len() == nodes.len()).then_some(cases)
    }

    /// `{ calendar, open, closed }`: a branch on opening hours.
    pub fn hours(&mut self, node: &Node, within: &Within<'_>) -> Option<Vec<Case>> {
        let keys = ["calendar", "open", "closed"];
        let fields = self.reader.mapping(node, "an hours step", &keys)?;
        let name_node = self.reader.required(&fields, "calendar")?;
        let name = self
            .reader
            .text(name_node, "calendar", "the name of a calendar")?;
        let name = name.to_owned();
        self.use_calendar(&name, place(name_node));
        let open = self.optional_target(fields.get("open"), "open", within);
        let closed = self.optional_target(fields.get("closed"), "closed", within);
        Some(vec![
            Case {
                condition: open_condition(&name).parse().ok()?,
                then: open.unwrap_or_default(),
            },
            Case {
                condition: ALWAYS.parse().ok()?,
                then: closed.unwrap_or_default(),
            },
        ])
    }

    fn case(&mut self, node: &Node, is_last: bool, within: &Within<'_>) -> Option<Case> {
        let fields = self
            .reader
            .mapping(node, "a case of a branch", &["if", "then", "else"])?;
        match (fields.get("if"), fields.get("else")) {
            (Some(condition), None) => {
                let then = self.reader.required(&fields, "then");
                let then = then.and_then(|node| self.target(node, "then", within));
                Some(Case {
                    condition: self.condition(condition)?,
                    then: then?,
                })
            }
            (None, Some(otherwise)) if is_last => Some(Case {
                condition: ALWAYS.parse().ok()?,
                then: self.target(otherwise, "else", within)?,
            }),
            (None, Some(_)) => {
                let message =
                    "else: expected as the last case; the cases after it are never reached";
                self.reader.problem(place(node), message);
                None
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "a case of a branch needs `if` and `then`, or `else`";
                self.reader.problem(place(node), message);
                None
            }
        }
    }

    /// A condition over what is known of the call.
    pub fn condition(&mut self, node: &Node) -> Option<Expression> {
        let condition = self.reader.expression(node, "if");
        match &condition {
            Some(condition) => self.use_names(condition, node),
            None if matches!(&node.value, Value::Text(text) if text.trim().is_empty()) => {
                self.reader.unexpected(node, "if", "a condition");
            }
            None => {}
        }
        condition
    }

    fn use_names(&mut self, condition: &Expression, node: &Node) {
        for path in condition.paths() {
            self.use_value(&path.keys().join("."), place(node));
        }
        for Condition { comparison, .. } in condition.conditions() {
            if let (Operand::Path(path), Operand::Text(list)) =
                (&comparison.left, &comparison.right)
                && matches!(path.steps(), [PathStep::Key(name)] if name == LISTS)
            {
                self.use_list(list, place(node));
            }
        }
    }
}
