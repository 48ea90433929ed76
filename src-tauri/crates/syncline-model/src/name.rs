//! Logical names of entities (tables) and columns, as the Web API writes them: lower case, no spaces.

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// Takes the text as it is; whether such a name exists is the schema's to say.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// The logical name of an entity, such as `contact`.
    EntityName
);
name!(
    /// The logical name of a column, such as `emailaddress1` or `parentcustomerid` (never `_parentcustomerid_value`).
    ColumnName
);

impl ColumnName {
    /// Of a column of the record that a lookup points at, `parentcustomerid.accountnumber`: the lookup and the column there.
    pub fn related(&self) -> Option<(&str, &str)> {
        self.0.split_once('.')
    }
}
