//! What kind of place the end of an unfinished OData query is. Nothing here fails: what is not understood is a place without offers.

/// Navigation properties that lead from the query's entity to the one that is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope(pub(super) Vec<String>);

/// A kind of place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Nothing,
    /// The entity set.
    Set,
    /// The name of an option; those that stand already.
    Option {
        used: Vec<String>,
    },
    /// The name of an option inside `$expand`.
    InnerOption,
    /// One of these words.
    Words(Vec<&'static str>),
    /// A column in a list.
    Columns {
        scope: Scope,
        taken: Vec<String>,
    },
    /// A navigation property of `$expand`.
    Navigation {
        scope: Scope,
    },
    /// Behind a column: how to compare.
    Comparison {
        scope: Scope,
        column: String,
    },
    /// Behind a comparison.
    Value {
        scope: Scope,
        column: String,
    },
    /// Where a condition may begin; range variables of lambdas around it.
    Term {
        scope: Scope,
        variables: Vec<String>,
    },
    /// Inside `PropertyName=''` of a query function.
    PropertyName {
        scope: Scope,
    },
}

/// A place and where the word begins that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) word: usize,
}

/// The place at the end of `before`, the text in front of the cursor.
pub(super) fn place(before: &str) -> Found {
    let Some(question) = before.find('?') else {
        let word = behind_last(before, |c| c.is_whitespace() || c == '/').unwrap_or(0);
        let place = if before[..word].trim().is_empty() { Place::Set } else { Place::Nothing };
        return Found { place, word };
    };
    let start = question + 1;
    let begins = pieces(&before[start..], '&');
    let last = start + begins.last().copied().unwrap_or(0);
    let piece = &before[last..];
    let Some(equals) = piece.find('=') else {
        let used = begins
            .iter()
            .map(|at| before[start + at..].split('=').next().unwrap_or_default().trim().to_owned())
            .collect::<Vec<_>>();
        let used = used[..used.len().saturating_sub(1)].to_vec();
        return Found { place: Place::Option { used }, word: last + blank(piece) };
    };
    let at = last + equals + 1;
    option(piece[..equals].trim(), &before[at..], at, Scope::default())
}

/// Where the text goes on behind the last letter of a kind.
fn behind_last(text: &str, is: impl Fn(char) -> bool) -> Option<usize> {
    text.char_indices().rev().find(|(_, c)| is(*c)).map(|(at, c)| at + c.len_utf8())
}

/// Bytes of white space at the beginning.
fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Where the parts of a text begin that `separator` divides outside of quotes and brackets.
fn pieces(text: &str, separator: char) -> Vec<usize> {
    let (mut begins, mut depth, mut quoted) = (vec![0], 0i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            c if c == separator && !quoted && depth <= 0 => begins.push(at + c.len_utf8()),
            _ => {}
        }
    }
    begins
}

/// Inside the value of an option; `at`: where the value begins in the whole text.
fn option(name: &str, value: &str, at: usize, scope: Scope) -> Found {
    let begins = pieces(value, ',');
    let last = begins.last().copied().unwrap_or(0);
    let part = &value[last..];
    let word = at + last + blank(part);
    match name {
        "$select" => {
            let taken = begins.windows(2).map(|pair| value[pair[0]..pair[1] - 1].trim().to_owned()).collect();
            Found { place: Place::Columns { scope, taken }, word }
        }
        "$orderby" => match behind_last(part.trim_start(), char::is_whitespace) {
            Some(space) => Found { place: Place::Words(vec!["asc", "desc"]), word: word + space },
            None => Found { place: Place::Columns { scope, taken: vec![] }, word },
        },
        "$top" => Found { place: Place::Words(vec!["10", "50", "100", "1000", "5000"]), word },
        "$count" => Found { place: Place::Words(vec!["true", "false"]), word },
        "$expand" => expand(part, at + last, scope),
        "$filter" => filter(value, at, scope),
        _ => Found { place: Place::Nothing, word },
    }
}

/// One navigation property of `$expand`, maybe with options in parentheses.
fn expand(part: &str, at: usize, scope: Scope) -> Found {
    let Some(open) = part.find('(') else {
        return Found { place: Place::Navigation { scope }, word: at + blank(part) };
    };
    let mut scope = scope;
    scope.0.push(part[..open].trim().to_owned());
    let inside = &part[open + 1..];
    let last = pieces(inside, ';').last().copied().unwrap_or(0);
    let piece = &inside[last..];
    let begin = at + open + 1 + last;
    match piece.find('=') {
        // A closing parenthesis has ended the options.
        _ if closes(inside) => Found { place: Place::Nothing, word: at + part.len() },
        None => Found { place: Place::InnerOption, word: begin + blank(piece) },
        Some(equals) => option(piece[..equals].trim(), &piece[equals + 1..], begin + equals + 1, scope),
    }
}

/// More brackets are closed than were opened.
fn closes(text: &str) -> bool {
    let (mut depth, mut quoted) = (0i32, false);
    text.chars().any(|c| {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        depth < 0
    })
}

/// A piece of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// A name, a keyword, a number.
    Word(&'a str),
    /// Text in quotes; open at the end.
    Text {
        open: bool,
    },
    Mark(char),
}

fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut found = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        if c == '\'' {
            let mut open = true;
            while let Some((_, c)) = letters.next() {
                if c == '\'' {
                    // A doubled quote stands for one in the text.
                    if letters.next_if(|(_, c)| *c == '\'').is_none() {
                        open = false;
                        break;
                    }
                }
            }
            found.push((at, Token::Text { open }));
        } else if is_word(c) {
            let mut end = at + c.len_utf8();
            while let Some((at, c)) = letters.next_if(|(_, c)| is_word(*c)) {
                end = at + c.len_utf8();
            }
            found.push((at, Token::Word(&text[at..end])));
        } else if !c.is_whitespace() {
            found.push((at, Token::Mark(c)));
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '$' | ':' | '+')
}

/// The navigation properties that a lambda's variable stands for, innermost last, as `(variable, path)`.
fn variables(tokens: &[(usize, Token<'_>)]) -> Vec<(String, Vec<String>)> {
    let mut open: Vec<Option<(String, Vec<String>)>> = Vec::new();
    for pair in 0..tokens.len() {
        match &tokens[pair].1 {
            Token::Mark('(') => {
                let path = match pair.checked_sub(1).map(|before| &tokens[before].1) {
                    Some(Token::Word(word)) => {
                        word.strip_suffix("/any").or_else(|| word.strip_suffix("/all"))
                    }
                    Some(Token::Text { .. } | Token::Mark(_)) | None => None,
                };
                let variable = match tokens.get(pair + 1).map(|(_, token)| token) {
                    Some(Token::Word(word)) => word.split_once(':').map(|(name, _)| name.to_owned()),
                    Some(Token::Text { .. } | Token::Mark(_)) | None => None,
                };
                open.push(path.zip(variable).map(|(path, name)| {
                    let known: Vec<_> = open.iter().flatten().cloned().collect();
                    (name, resolve(path, &known).0)
                }));
            }
            Token::Mark(')') => {
                open.pop();
            }
            Token::Mark(_) | Token::Word(_) | Token::Text { .. } => {}
        }
    }
    open.into_iter().flatten().collect()
}

/// A path `variable/navigation/rest`: the navigation properties in front of its last part, and those with it.
fn resolve(path: &str, known: &[(String, Vec<String>)]) -> (Vec<String>, String) {
    let mut steps: Vec<&str> = path.split('/').collect();
    let mut scope = Vec::new();
    if let Some((_, from)) = known.iter().rev().find(|(name, _)| Some(&name.as_str()) == steps.first()) {
        scope.extend(from.iter().cloned());
        steps.remove(0);
    }
    scope.extend(steps.iter().map(|step| (*step).to_owned()));
    let last = steps.last().map(|step| (*step).to_owned()).unwrap_or_default();
    (scope, last)
}

/// A column's path without a lambda's `variable:` in front: the way to its entity, and its name.
fn split_path(word: &str, known: &[(String, Vec<String>)], base: &Scope) -> (Scope, String) {
    let word = word.rsplit(':').next().unwrap_or(word);
    let (mut scope, last) = resolve(word, known);
    scope.pop();
    (Scope(base.0.iter().cloned().chain(scope).collect()), last)
}

fn filter(value: &str, at: usize, scope: Scope) -> Found {
    let all = tokens(value);
    let known = variables(&all);
    let end = at + value.len();
    let (typed, before) = match all.split_last() {
        Some(((begin, Token::Word(word)), before)) if begin + word.len() == value.len() => {
            (Some((*begin, *word)), before)
        }
        Some(((begin, Token::Text { open: true }), before)) => {
            // Only the name of a property is offered inside of quotes.
            let named = matches!(
                before,
                [.., (_, Token::Word(name)), (_, Token::Mark('='))] if name.ends_with("PropertyName")
            );
            let place = if named { Place::PropertyName { scope } } else { Place::Nothing };
            return Found { place, word: at + begin + 1 };
        }
        Some(_) | None => (None, all.as_slice()),
    };
    let (begin, word) = typed.unwrap_or((value.len(), ""));
    // A path or a lambda's variable that is being typed: what is offered replaces its last part.
    let cut = word.rfind(['/', ':']).map_or(0, |cut| cut + 1);
    let start = if typed.is_some() { at + begin + cut } else { end };
    let last = before.last().map(|(_, token)| token);
    let place = match last {
        None | Some(Token::Mark('(' | ',')) => term(word, cut, &known, scope),
        Some(Token::Word("and" | "or" | "not")) => term(word, cut, &known, scope),
        Some(Token::Word("eq" | "ne" | "gt" | "ge" | "lt" | "le")) => {
            match before.len().checked_sub(2).map(|at| &before[at].1) {
                Some(Token::Word(path)) => {
                    let (scope, column) = split_path(path, &known, &scope);
                    Place::Value { scope, column }
                }
                Some(Token::Text { .. } | Token::Mark(_)) | None => Place::Nothing,
            }
        }
        Some(Token::Mark(')') | Token::Text { open: false }) => Place::Words(vec!["and", "or"]),
        Some(Token::Word(path)) => {
            let compared = before.len().checked_sub(2).is_some_and(|at| {
                matches!(before[at].1, Token::Word("eq" | "ne" | "gt" | "ge" | "lt" | "le"))
            });
            if compared {
                Place::Words(vec!["and", "or"])
            } else {
                let (scope, column) = split_path(path, &known, &scope);
                Place::Comparison { scope, column }
            }
        }
        Some(Token::Mark(_) | Token::Text { open: true }) => Place::Nothing,
    };
    Found { place, word: start }
}

/// Where a condition begins, maybe behind a path.
fn term(word: &str, cut: usize, known: &[(String, Vec<String>)], scope: Scope) -> Place {
    let variables = known.iter().map(|(name, _)| name.clone()).collect();
    let path = word[..cut].trim_end_matches(['/', ':']);
    if cut == 0 || word[..cut].ends_with(':') {
        return Place::Term { scope, variables };
    }
    let path = path.rsplit(':').next().unwrap_or(path);
    let (steps, _) = resolve(path, known);
    Place::Columns { scope: Scope(scope.0.into_iter().chain(steps).collect()), taken: vec![] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> (Place, &str) {
        let found = place(text);
        (found.place, &text[found.word..])
    }
    fn scope(steps: &[&str]) -> Scope {
        Scope(steps.iter().map(|step| (*step).to_owned()).collect())
    }

    #[test]
    fn each_kind_of_place_is_told() {
        assert_eq!(at("con"), (Place::Set, "con"));
        let used = vec!["$select".to_owned()];
        assert_eq!(at("contacts?$select=a,b&$fi"), (Place::Option { used }, "$fi"));
        let taken = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(at("contacts?$select=a, b,c"), (Place::Columns { scope: scope(&[]), taken }, "c"));
        assert_eq!(at("contacts?$orderby=fullname de"), (Place::Words(vec!["asc", "desc"]), "de"));
        assert_eq!(at("contacts?$expand=own"), (Place::Navigation { scope: scope(&[]) }, "own"));
        assert_eq!(at("contacts?$expand=owner($"), (Place::InnerOption, "$"));
        let place = Place::Columns { scope: scope(&["owner"]), taken: vec![] };
        assert_eq!(at("contacts?$expand=owner($select=na"), (place, "na"));
        assert_eq!(at("contacts?$expand=owner($select=name)"), (Place::Nothing, ""));
    }

    #[test]
    fn filters_know_columns_comparisons_values_and_joints() {
        let term = Place::Term { scope: scope(&[]), variables: vec![] };
        assert_eq!(at("contacts?$filter=(ful"), (term.clone(), "ful"));
        assert_eq!(at("contacts?$filter=a eq 1 and "), (term, ""));
        let column = "statecode".to_owned();
        let place = Place::Comparison { scope: scope(&[]), column: column.clone() };
        assert_eq!(at("contacts?$filter=statecode e"), (place, "e"));
        assert_eq!(at("contacts?$filter=statecode eq "), (Place::Value { scope: scope(&[]), column }, ""));
        assert_eq!(at("contacts?$filter=name eq 'x y' a"), (Place::Words(vec!["and", "or"]), "a"));
        assert_eq!(at("contacts?$filter=name eq 'x & y"), (Place::Nothing, "x & y"));
        let place = Place::PropertyName { scope: scope(&[]) };
        assert_eq!(at("contacts?$filter=Microsoft.Dynamics.CRM.LastXDays(PropertyName='cre"), (place, "cre"));
    }

    #[test]
    fn paths_and_lambdas_lead_to_other_entities() {
        let columns = |steps: &[&str]| Place::Columns { scope: scope(steps), taken: vec![] };
        assert_eq!(at("contacts?$filter=owner/na"), (columns(&["owner"]), "na"));
        assert_eq!(at("accounts?$filter=tasks/any(o:o/su"), (columns(&["tasks"]), "su"));
        let column = "subject".to_owned();
        assert_eq!(
            at("accounts?$filter=tasks/any(o:o/subject eq "),
            (Place::Value { scope: scope(&["tasks"]), column }, "")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_some_place(text in "\\PC{0,60}", rest in "[a-z?&$=(),;'/: ]{0,60}") {
            for text in [text.clone(), rest.clone(), format!("contacts?$filter={rest}"), format!("contacts?$expand={rest}")] {
                let found = place(&text);
                prop_assert!(found.word <= text.len());
                prop_assert!(text.is_char_boundary(found.word), "{text:?}");
            }
        }
    }
}
