//! The key of the store: 32 random bytes that live in the keychain and are wiped from memory.

use rand::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A raw SQLCipher key. It is no passphrase: no key derivation is run over it, so opening takes under a millisecond.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; 32]>);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a store key is written as 64 hexadecimal digits")]
pub struct StoreKeyError;

impl StoreKey {
    /// A new random key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self(Zeroizing::new([0; 32]));
        rng.fill_bytes(key.0.as_mut());
        key
    }
    /// Reads what [`StoreKey::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Result<Self, StoreKeyError> {
        let mut key = Self(Zeroizing::new([0; 32]));
        hex::decode_to_slice(text.trim(), key.0.as_mut()).map_err(|_| StoreKeyError)?;
        Ok(key)
    }
    /// The key as 64 hexadecimal digits, for the keychain. Wiped when dropped.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }
    /// A fingerprint that tells whether a key is the one a store was made with. It gives nothing of the key away: the key is 256
    /// random bits.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"syncline store key check\0");
        hasher.update(self.0.as_slice());
        hex::encode(hasher.finalize())
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::StoreKey;

    #[test]
    fn hex_and_back_and_never_printed() {
        let key = StoreKey::generate(&mut rand::rng());
        let hex = key.to_hex();
        assert_eq!(hex.len(), 64);
        assert_eq!(StoreKey::from_hex(&hex).unwrap().to_hex(), hex);
        assert!(!format!("{key:?}").contains(&hex[..8]));
        for bad in ["", "ab", &"g".repeat(64), &"a".repeat(66)] {
            assert!(StoreKey::from_hex(bad).is_err(), "{bad:?}");
        }
    }
}
