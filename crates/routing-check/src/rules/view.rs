//! The steps and expressions of a centre, with their positions.

use task_router::model::{Comparison, Expression, Path, Target};

use crate::reasoning::variable::Context;
use crate::{Centre, DeclaredWorkflow, Spot};

/// A step of a Workflow.
pub(super) struct StepView<'c> {
    /// The path of its target.
    pub at: String,
    /// The filter that it belongs to. `None`: the default filter.
    pub filter: Option<usize>,
    /// The target.
    pub target: &'c Target,
}

/// An expression.
pub(super) struct ExpressionView<'c> {
    /// Its path.
    pub at: String,
    /// Where it is written.
    pub context: Context,
    /// The expression.
    pub expression: &'c Expression,
}

/// A comparison of an expression.
pub(super) struct ComparisonView<'c> {
    /// Its characters.
    pub spot: Spot,
    /// The comparison.
    pub comparison: &'c Comparison,
    /// Whether it makes the expression true when it is true: it is below an even number of `NOT`.
    pub is_positive: bool,
}

impl DeclaredWorkflow {
    /// The path of a filter.
    pub(super) fn filter_at(&self, filter: usize) -> String {
        self.below(&format!("filters[{filter}]"))
    }

    /// The path of something below `filters` and `default_filter`.
    pub(super) fn below(&self, path: &str) -> String {
        if self.routing.is_empty() {
            path.to_owned()
        } else {
            format!("{}.{path}", self.routing)
        }
    }

    /// The path of a key of the Workflow.
    pub(super) fn key_at(&self, key: &str) -> String {
        if self.at.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.at)
        }
    }

    /// The steps of a filter.
    pub(super) fn steps_of(&self, filter: usize) -> Vec<StepView<'_>> {
        let found = self.workflow.configuration.filters.get(filter);
        let targets = found.map_or(&[][..], |filter| &filter.targets);
        let step = |(index, target)| StepView {
            at: format!("{}.targets[{index}]", self.filter_at(filter)),
            filter: Some(filter),
            target,
        };
        targets.iter().enumerate().map(step).collect()
    }

    /// Every step, that of the default filter last.
    pub(super) fn steps(&self) -> Vec<StepView<'_>> {
        let configuration = &self.workflow.configuration;
        let of_filters = (0..configuration.filters.len()).flat_map(|filter| self.steps_of(filter));
        let default = configuration.default_filter.iter().map(|target| StepView {
            at: self.below("default_filter"),
            filter: None,
            target,
        });
        of_filters.chain(default).collect()
    }
}

impl Centre {
    /// Every expression of the TaskQueues and Workflows.
    pub(super) fn expressions(&self) -> Vec<ExpressionView<'_>> {
        let mut found = Vec::new();
        for queue in self.task_queues() {
            found.extend(
                queue
                    .part
                    .target_workers
                    .iter()
                    .map(|expression| ExpressionView {
                        at: format!("{}.target_workers", queue.at),
                        context: Context::Queue,
                        expression,
                    }),
            );
        }
        for workflow in &self.workflows {
            found.extend(workflow.expressions());
        }
        found
    }
}

impl DeclaredWorkflow {
    /// Every expression of the Workflow.
    pub(super) fn expressions(&self) -> Vec<ExpressionView<'_>> {
        let view = |at: String, context, expression| ExpressionView {
            at,
            context,
            expression,
        };
        let mut found = Vec::new();
        for (index, filter) in self.workflow.configuration.filters.iter().enumerate() {
            let at = format!("{}.expression", self.filter_at(index));
            let expression = filter.expression.iter();
            found
                .extend(expression.map(|expression| view(at.clone(), Context::Filter, expression)));
        }
        for step in self.steps() {
            if let Some(expression) = &step.target.expression {
                found.push(view(
                    format!("{}.expression", step.at),
                    Context::Target,
                    expression,
                ));
            }
            if let Some(skip_if) = &step.target.skip_if {
                found.push(view(
                    format!("{}.skip_if", step.at),
                    Context::SkipIf,
                    skip_if,
                ));
            }
        }
        found
    }
}

impl<'c> ExpressionView<'c> {
    /// Its comparisons.
    pub(super) fn comparisons(&self) -> Vec<ComparisonView<'c>> {
        let written = self.expression.comparisons();
        let mut written = written.into_iter();
        let conditions = self.expression.conditions().into_iter();
        let with_spot = conditions.map(|condition| {
            let characters = written
                .next()
                .map(|(column, text)| (column.saturating_sub(1), text.chars().count()));
            ComparisonView {
                spot: Spot {
                    path: self.at.clone(),
                    characters,
                },
                comparison: condition.comparison,
                is_positive: condition.is_positive,
            }
        });
        with_spot.collect()
    }
}

impl<'c> ComparisonView<'c> {
    /// The paths in it.
    pub(super) fn paths(&self) -> Vec<&'c Path> {
        self.comparison.paths()
    }
}

/// Does an expression ask for nothing? `1==1` and `1==0` are idioms.
pub(super) fn is_constant(expression: &Expression) -> bool {
    expression.paths().is_empty()
}

/// Whether an expression asks for the time of day.
pub(super) fn asks_for_time(expression: &Expression) -> bool {
    let mut paths = expression.paths().into_iter();
    paths.any(|path| path.to_string().starts_with("taskrouter."))
}
