//! Steps of an explanation, recorded by the same code that maps, so that an explanation can't differ from the result.

use syncline_model::{Step, Value};

/// Hears of each step.
pub(crate) trait Trace {
    /// A step: rule, sentence, and the value after it (absent: dropped).
    fn step(&mut self, rule: &str, text: impl FnOnce() -> String, value: Option<&Value>);
}

/// Hears nothing and costs nothing.
pub(crate) struct Silent;

impl Trace for Silent {
    #[inline]
    fn step(&mut self, _: &str, _: impl FnOnce() -> String, _: Option<&Value>) {}
}

/// Keeps the steps.
#[derive(Default)]
pub(crate) struct Steps(pub(crate) Vec<Step>);

impl Trace for Steps {
    fn step(&mut self, rule: &str, text: impl FnOnce() -> String, value: Option<&Value>) {
        self.0.push(Step { rule: rule.to_owned(), text: text(), value: value.cloned() });
    }
}
