//! The one place where this crate draws random numbers: PKCE verifiers, state and nonce.

use base64::Engine;
use rand::RngCore;

/// 32 bytes from the system's generator as 43 characters of the base64url alphabet (RFC 7636, 4.1).
pub(crate) fn token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
