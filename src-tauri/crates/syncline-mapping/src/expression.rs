//! Expressions of a mapping, in Rhai: one expression without loops, functions or statements, with bounds on its depth, its work and the size
//! of what it makes. Decimals are exact. Texts have `trim`, `to_upper`, `to_lower`, `replaced`, `split`, `sub_string`, `len`, `contains`.

use rhai::{AST, Dynamic, Engine, EvalAltResult, Scope};
use rust_decimal::Decimal;
use std::sync::{Arc, LazyLock};
use syncline_model::Value;

/// Longest source text.
const LONGEST: usize = 2000;
/// Steps of work for one record.
const MOST_WORK: u64 = 50_000;
/// Longest text that may be made, in bytes.
const LONGEST_TEXT: usize = 1_000_000;

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(24);
    engine.set_max_operations(MOST_WORK);
    engine.set_max_string_size(LONGEST_TEXT);
    engine.set_max_array_size(10_000);
    engine.set_max_map_size(1000);
    engine.set_allow_looping(false);
    engine.set_strict_variables(true);
    for symbol in ["eval", "print", "debug", "let", "const"] {
        engine.disable_symbol(symbol);
    }
    // `replace` of Rhai changes a text in place; a value is wanted.
    engine.register_fn("replaced", |text: &str, old: &str, new: &str| text.replace(old, new));
    engine.register_fn("trimmed", |text: &str| text.trim().to_owned());
    engine
}

/// An expression, checked.
#[derive(Clone)]
pub(crate) struct Expression {
    tree: Arc<AST>,
    /// Names of variables with the places of their columns.
    columns: Vec<(String, usize)>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expression").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Expression {
    /// Reads an expression over `value` and the columns named. `place` gives a column its place when the expression uses it. The error is a
    /// sentence with the place in the text.
    pub(crate) fn compile<'a>(
        source: &str,
        names: impl Iterator<Item = &'a str>,
        mut place: impl FnMut(&str) -> Option<usize>,
    ) -> Result<Self, String> {
        if source.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        if source.len() > LONGEST {
            return Err(format!("it has {} characters; at most {LONGEST} are read", source.len()));
        }
        let names: Vec<&str> = names.collect();
        let mut scope = Scope::new();
        scope.push_constant_dynamic("value", Dynamic::UNIT);
        for name in &names {
            scope.push_dynamic(*name, Dynamic::UNIT);
        }
        // Known variables only; their values come with each record, so nothing is computed ahead.
        let tree = ENGINE
            .compile_expression_with_scope(&without_values(&scope), source)
            .map_err(|error| error.to_string())?;
        let words: std::collections::BTreeSet<&str> =
            source.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        let columns = names
            .into_iter()
            .filter(|name| words.contains(name))
            .filter_map(|name| Some((name.to_owned(), place(name)?)))
            .collect();
        Ok(Self { tree: Arc::new(tree), columns })
    }

    /// The columns it reads: names and places.
    pub(crate) fn columns(&self) -> &[(String, usize)] {
        &self.columns
    }

    /// What it makes of a record. The error is a sentence.
    pub(crate) fn eval(&self, value: Value, columns: Vec<Value>) -> Result<Value, String> {
        let mut scope = Scope::new();
        scope.push_dynamic("value", to_dynamic(value));
        for ((name, _), column) in self.columns.iter().zip(columns) {
            scope.push_dynamic(name.as_str(), to_dynamic(column));
        }
        ENGINE
            .eval_ast_with_scope::<Dynamic>(&mut scope, &self.tree)
            .map_err(|error| match *error {
                EvalAltResult::ErrorTooManyOperations(_) => "it takes too much work".to_owned(),
                error => error.to_string(),
            })
            .and_then(from_dynamic)
    }
}

/// The same names without being constants, so that the optimizer takes none of them as a known value.
fn without_values(scope: &Scope<'_>) -> Scope<'static> {
    let mut plain = Scope::new();
    for (name, ..) in scope.iter() {
        plain.push_dynamic(name.to_owned(), Dynamic::UNIT);
    }
    plain
}

fn to_dynamic(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(on) => on.into(),
        Value::Integer(number) => number.into(),
        Value::Decimal(number) => Dynamic::from_decimal(number),
        // Beyond exact decimals only the text tells the number.
        Value::Double(number) => match Decimal::try_from(number) {
            Ok(exact) => Dynamic::from_decimal(exact),
            Err(_) => number.to_string().into(),
        },
        Value::Text(text) => text.into(),
        Value::List(items) => items.into_iter().map(to_dynamic).collect::<rhai::Array>().into(),
        Value::Reference(reference) => reference.id.into(),
    }
}

fn from_dynamic(value: Dynamic) -> Result<Value, String> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(on) = value.as_bool() {
        return Ok(Value::Bool(on));
    }
    if let Ok(number) = value.as_int() {
        return Ok(Value::Integer(number));
    }
    if let Ok(number) = value.as_decimal() {
        return Ok(Value::Decimal(number));
    }
    if let Ok(letter) = value.as_char() {
        return Ok(Value::Text(letter.to_string()));
    }
    let kind = value.type_name();
    if value.is_string() {
        return value.into_string().map(Value::Text).map_err(str::to_owned);
    }
    match value.into_array() {
        Ok(items) => items.into_iter().map(from_dynamic).collect::<Result<_, _>>().map(Value::List),
        Err(_) => Err(format!("it makes a {kind}, which is no value")),
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;
    use proptest::prelude::*;
    use syncline_model::Value;

    fn eval(source: &str) -> Result<Value, String> {
        let names = ["city", "amount", "count", "none"];
        let expression =
            Expression::compile(source, names.into_iter(), |name| names.iter().position(|n| *n == name))?;
        let columns = expression
            .columns()
            .iter()
            .map(|(name, _)| match name.as_str() {
                "city" => Value::from("Reykjavík"),
                "amount" => Value::Decimal("20000.0050".parse().unwrap()),
                "count" => Value::Integer(3),
                _ => Value::Null,
            })
            .collect();
        expression.eval(Value::from(" Ann "), columns)
    }

    #[test]
    fn texts_numbers_and_choices_are_made() {
        let text = |text: &str| Ok(Value::from(text));
        assert_eq!(eval("value.trimmed() + \" of \" + city"), text("Ann of Reykjavík"));
        assert_eq!(eval("city.to_upper().sub_string(0, 3)"), text("REY"));
        assert_eq!(eval("if none == () { \"nobody\" } else { none }"), text("nobody"));
        assert_eq!(eval("switch count { 3 => \"three\", _ => \"many\" }"), text("three"));
        assert_eq!(eval("city.replaced(\"Reyk\", \"\")"), text("javík"));
        assert_eq!(eval("amount * 1.5"), Ok(Value::Decimal("30000.00750".parse().unwrap())));
        assert_eq!(eval("count + 1"), Ok(Value::Integer(4)));
        assert_eq!(eval("count > 2 && city.contains(\"vík\")"), Ok(Value::Bool(true)));
        assert_eq!(eval("none"), Ok(Value::Null));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for source in
            ["", "value +", "nowhere", "while true {}", "let x = 1; x", "eval(\"1\")", "#{a: 1}", "count / 0"]
        {
            assert!(eval(source).is_err(), "{source}: {:?}", eval(source));
        }
        assert!(eval(&"1+".repeat(3000)).is_err());
    }

    #[test]
    fn no_nesting_breaks_the_stack() {
        for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("-", ""), ("if true {", "} else {1}")] {
            for depth in [20, 100, 700] {
                let source = format!("{}true{}", open.repeat(depth), close.repeat(depth));
                let _ = eval(&source);
            }
        }
        let _ = eval("1+".repeat(990).trim_end_matches('+'));
    }

    proptest! {
        #[test]
        fn any_text_is_an_expression_or_an_error(source in "\\PC{0,60}") {
            let _ = eval(&source);
        }

        #[test]
        fn any_mixture_of_its_words_ends(source in proptest::collection::vec(prop_oneof![Just("value"), Just("city"), Just("amount"), Just("+"), Just("("), Just(")"), Just("\"x\""), Just("["), Just("]"), Just("."), Just("len()"), Just("=="), Just("if"), Just("{"), Just("}"), Just("else"), Just("`"), Just("${"), Just("switch"), Just("=>")], 0..24)) {
            let _ = eval(&source.join(" "));
        }
    }
}
