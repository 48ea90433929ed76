//! Values by name, in the order of the names, where many maps share one list of names.
//!
//! A mapping gives the same names to every record. They are written down once; a record's map holds its values and points at the list,
//! so that a million records don't hold a million copies of each name.

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Value, push_json_text};

/// Names that maps share: sorted, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Arc<Vec<String>>);

impl Names {
    /// The list of these names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        Self(Arc::new(names))
    }

    /// The place of a name, for [`ValueMap::set`].
    pub fn place(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|known| known.as_str().cmp(name)).ok()
    }
}

/// Values by name. It is used as a `BTreeMap<String, Value>` is, and equals one that holds the same.
#[derive(Clone, Default)]
pub struct ValueMap {
    names: Names,
    /// A value a name; absent where the map does not have the name.
    values: Vec<Option<Value>>,
}

impl ValueMap {
    /// No values yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// No values yet, and room for those of the names.
    pub fn of(names: &Names) -> Self {
        Self { values: (0..names.0.len()).map(|_| None).collect(), names: names.clone() }
    }

    /// Puts a value at a place that [`Names::place`] gave for the names this map was made of.
    pub fn set(&mut self, place: usize, value: Value) {
        if let Some(slot) = self.values.get_mut(place) {
            *slot = Some(value);
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(self.names.place(name)?)?.as_ref()
    }

    /// True where the name has a value.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Puts a value in; gives the one that was there.
    pub fn insert(&mut self, name: String, value: Value) -> Option<Value> {
        match self.names.0.binary_search(&name) {
            Ok(place) => self.values[place].replace(value),
            Err(place) => {
                Arc::make_mut(&mut self.names.0).insert(place, name);
                self.values.insert(place, Some(value));
                None
            }
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.values.get_mut(self.names.place(name)?)?.take()
    }

    /// Keeps the values that are to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        for (name, slot) in self.names.0.iter().zip(&mut self.values) {
            if slot.as_ref().is_some_and(|value| !keep(name, value)) {
                *slot = None;
            }
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values().count()
    }

    /// True where there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.names.0.iter().zip(&self.values))
    }

    /// Names that have a value, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &String> + Clone {
        self.iter().map(|(name, _)| name)
    }

    /// Values by name.
    pub fn values(&self) -> impl Iterator<Item = &Value> + Clone {
        self.values.iter().flatten()
    }

    /// Values by name, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.values.iter_mut().flatten()
    }

    /// Names that have a value, sorted.
    pub fn into_keys(self) -> impl Iterator<Item = String> {
        self.into_iter().map(|(name, _)| name)
    }

    /// Writes the values as a JSON object behind a text, as serializing them would.
    pub fn push_json(&self, out: &mut String) {
        out.push('{');
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_json_text(out, name);
            out.push(':');
            value.push_json(out);
        }
        out.push('}');
    }

    /// Takes all values of another map over; they win.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }
}

/// Names and values of a [`ValueMap`].
#[derive(Debug, Clone)]
pub struct Iter<'a>(std::iter::Zip<std::slice::Iter<'a, String>, std::slice::Iter<'a, Option<Value>>>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a String, &'a Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.find_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

impl<'a> IntoIterator for &'a ValueMap {
    type Item = (&'a String, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for ValueMap {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        let names = Arc::unwrap_or_clone(self.names.0);
        let both = names.into_iter().zip(self.values);
        both.filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>().into_iter()
    }
}

impl Extend<(String, Value)> for ValueMap {
    fn extend<T: IntoIterator<Item = (String, Value)>>(&mut self, values: T) {
        for (name, value) in values {
            self.insert(name, value);
        }
    }
}

impl FromIterator<(String, Value)> for ValueMap {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(values: T) -> Self {
        let mut map = Self::default();
        map.extend(values);
        map
    }
}

impl<const N: usize> From<[(String, Value); N]> for ValueMap {
    fn from(values: [(String, Value); N]) -> Self {
        values.into_iter().collect()
    }
}

impl From<BTreeMap<String, Value>> for ValueMap {
    fn from(values: BTreeMap<String, Value>) -> Self {
        let (names, values): (Vec<String>, Vec<Option<Value>>) =
            values.into_iter().map(|(name, value)| (name, Some(value))).unzip();
        Self { names: Names(Arc::new(names)), values }
    }
}

impl From<ValueMap> for BTreeMap<String, Value> {
    fn from(values: ValueMap) -> Self {
        values.into_iter().collect()
    }
}

impl PartialEq for ValueMap {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl PartialEq<BTreeMap<String, Value>> for ValueMap {
    fn eq(&self, other: &BTreeMap<String, Value>) -> bool {
        self.iter().eq(other.iter())
    }
}

impl std::ops::Index<&str> for ValueMap {
    type Output = Value;

    #[expect(clippy::expect_used, reason = "as the library's maps do; whoever does not know uses get")]
    fn index(&self, name: &str) -> &Value {
        self.get(name).expect("the map has the name")
    }
}

impl std::fmt::Debug for ValueMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for ValueMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ValueMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = ValueMap;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of values by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ValueMap, A::Error> {
                let mut map = ValueMap::default();
                while let Some((name, value)) = entries.next_entry()? {
                    map.insert(name, value);
                }
                Ok(map)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, ValueMap};
    use crate::Value;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Step {
        Insert(String, i64),
        Remove(String),
        Append(Vec<(String, i64)>),
        Retain(String),
        Copy,
    }

    fn step() -> impl Strategy<Value = Step> {
        let name = || "[a-e]{1,2}";
        prop_oneof![
            (name(), any::<i64>()).prop_map(|(name, value)| Step::Insert(name, value)),
            name().prop_map(Step::Remove),
            proptest::collection::vec((name(), any::<i64>()), 0..4).prop_map(Step::Append),
            name().prop_map(Step::Retain),
            Just(Step::Copy),
        ]
    }

    fn whole((name, value): (String, i64)) -> (String, Value) {
        (name, Value::Integer(value))
    }

    proptest! {
        #[test]
        fn it_does_as_the_library_s_map(
            names in proptest::collection::vec("[a-e]{1,2}", 0..6),
            steps in proptest::collection::vec(step(), 0..30),
        ) {
            let names = Names::new(names.iter().map(String::as_str));
            let (mut map, mut model) = (ValueMap::of(&names), BTreeMap::<String, Value>::new());
            let mut copies = Vec::new();
            for step in steps {
                match step {
                    Step::Insert(name, value) => {
                        prop_assert_eq!(map.insert(name.clone(), Value::Integer(value)), model.insert(name, Value::Integer(value)));
                    }
                    Step::Remove(name) => prop_assert_eq!(map.remove(&name), model.remove(&name)),
                    Step::Append(more) => {
                        let mut other: ValueMap = more.clone().into_iter().map(whole).collect();
                        map.append(&mut other);
                        prop_assert!(other.is_empty());
                        model.append(&mut more.into_iter().map(whole).collect());
                    }
                    Step::Retain(least) => {
                        map.retain(|name, _| *name >= *least);
                        model.retain(|name, _| *name >= least);
                    }
                    Step::Copy => copies.push((map.clone(), model.clone())),
                }
                prop_assert_eq!(map.len(), model.len());
                prop_assert_eq!(map.is_empty(), model.is_empty());
                prop_assert!(map.keys().eq(model.keys()) && map.values().eq(model.values()));
                prop_assert!(model.iter().all(|(name, value)| map.get(name) == Some(value)));
            }
            copies.push((map, model));
            for (map, model) in copies {
                // A copy keeps what it had, whatever became of the other.
                prop_assert_eq!(&map, &model);
                let json = serde_json::to_string(&map).unwrap();
                prop_assert_eq!(&json, &serde_json::to_string(&model).unwrap());
                prop_assert_eq!(&serde_json::from_str::<ValueMap>(&json).unwrap(), &map);
                prop_assert_eq!(&ValueMap::from(model.clone()), &map);
                prop_assert_eq!(BTreeMap::from(map), model);
            }
        }
    }

    #[test]
    fn a_value_is_put_at_its_place() {
        let names = Names::new(["b", "a", "b"]);
        let mut map = ValueMap::of(&names);
        assert!(map.is_empty() && map.keys().next().is_none());
        map.set(names.place("b").unwrap(), Value::Integer(2));
        assert_eq!(names.place("c"), None);
        assert_eq!(map, BTreeMap::from([("b".to_owned(), Value::Integer(2))]));
    }
}
