//! A text that must not be seen: it does not print, does not serialize and is wiped when dropped.

use secrecy::{ExposeSecret, SecretString};

/// A client secret, token, password or key. Only [`Secret::expose`] gives the text; use it where the text leaves
/// for the service or the keychain and nowhere else.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a text. The caller's copy should not live on.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }
    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new("s3cr3t-value");
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("s3cr3t"));
        assert_eq!(secret.expose(), "s3cr3t-value");
    }
}
