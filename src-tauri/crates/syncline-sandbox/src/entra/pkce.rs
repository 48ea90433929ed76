//! Proof key for code exchange (RFC 7636).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::errors::EntraError;

fn well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
}

/// Checks what an authorize request brings. Without a method the challenge is plain.
pub(crate) fn check_challenge(challenge: Option<&str>, method: &str) -> Result<(), EntraError> {
    let refused = |text: &str| Err(EntraError::new("invalid_request", 501_491, text));
    match (challenge, method) {
        (None, "") => Ok(()),
        (_, method) if !matches!(method, "" | "plain" | "S256") => {
            refused("The code_challenge_method is invalid. It must be plain or S256.")
        }
        (Some(challenge), _) if well_formed(challenge) => Ok(()),
        _ => refused("The size of the code_challenge parameter is invalid."),
    }
}

/// Compares a verifier with the challenge of the authorize request, or AADSTS501481, or 50148 when it is missing.
pub(crate) fn verify(challenge: Option<&str>, plain: bool, verifier: Option<&str>) -> Result<(), EntraError> {
    let Some(challenge) = challenge else { return Ok(()) };
    let verifier = verifier.filter(|verifier| !verifier.is_empty()).ok_or_else(|| {
        EntraError::new(
            "invalid_grant",
            50148,
            "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE: it is missing.",
        )
    })?;
    let computed = if plain { verifier.to_owned() } else { URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) };
    if well_formed(verifier) && computed == challenge {
        return Ok(());
    }
    Err(EntraError::new(
        "invalid_grant",
        501_481,
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc() {
        assert!(check_challenge(Some(CHALLENGE), "S256").is_ok());
        assert!(verify(Some(CHALLENGE), false, Some(VERIFIER)).is_ok());
        assert!(verify(None, false, None).is_ok(), "no challenge, no proof");
        let number = |result: Result<(), EntraError>| result.unwrap_err().number;
        assert_eq!(number(verify(Some(CHALLENGE), true, Some(VERIFIER))), 501_481);
        assert_eq!(number(verify(Some(CHALLENGE), false, Some(CHALLENGE))), 501_481);
        assert_eq!(number(verify(Some(CHALLENGE), false, None)), 50148);
        assert_eq!(number(verify(Some("short"), true, Some("short"))), 501_481, "43 characters at least");
        assert_eq!(number(check_challenge(Some(CHALLENGE), "S512")), 501_491);
        assert_eq!(number(check_challenge(None, "S256")), 501_491);
        assert_eq!(number(check_challenge(Some("short"), "S256")), 501_491);
    }
}
