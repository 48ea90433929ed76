//! Refusals of the sign-in service, explained: what happened, why, what to do. Callers branch on `error`; the AADSTS number
//! chooses the help text (Microsoft Entra, authentication error codes).

use serde::Deserialize;
use syncline_model::{ErrorCode, SynclineError};

/// An error body, or the same members from a redirect.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OAuthError {
    /// `invalid_grant` and the like.
    pub error: String,
    /// Text with the AADSTS number in front.
    pub error_description: String,
    /// AADSTS numbers.
    pub error_codes: Vec<u64>,
    /// For a support case.
    pub correlation_id: Option<String>,
    /// For a support case.
    pub trace_id: Option<String>,
    /// Finer reason.
    pub suberror: Option<String>,
    /// Claims to ask for in a new sign-in, JSON.
    pub claims: Option<String>,
}

impl OAuthError {
    /// The AADSTS number, from the codes or the text.
    pub fn number(&self) -> Option<u64> {
        self.error_codes.first().copied().or_else(|| {
            let rest = self.error_description.split_once("AADSTS")?.1;
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        })
    }

    /// The first line, without number, trace id and what follows.
    pub fn first_line(&self) -> &str {
        let line = self.error_description.lines().next().unwrap_or_default();
        let line = line.split(" Trace ID:").next().unwrap_or(line);
        match line.split_once(": ") {
            Some((head, rest)) if head.starts_with("AADSTS") => rest.trim(),
            _ => line.trim(),
        }
    }

    fn correlation(&self) -> Option<String> {
        self.correlation_id.clone().or_else(|| {
            let rest = self.error_description.split_once("Correlation ID: ")?.1;
            rest.split_whitespace().next().map(str::to_owned)
        })
    }
}

const AGAIN: &str = "sign in again";
const PERSON: &str = "sign in again in the browser and follow what the page asks for";

/// Code, what happened, remedy of an AADSTS number.
fn by_number(number: u64) -> Option<(ErrorCode, &'static str, &'static str)> {
    use ErrorCode::{Internal, SignInCancelled, SignInNeeded, SignInRefused, Unreachable};
    Some(match number {
        700_082 => (SignInNeeded, "the sign-in ended because it was not used for too long", AGAIN),
        70_008 => (SignInNeeded, "the sign-in has expired", AGAIN),
        700_084 => (
            SignInNeeded,
            "the sign-in ended after 24 hours, as it does for single-page applications",
            "register the redirect address under \"Mobile and desktop applications\" in place of \"Single-page application\", then sign in again",
        ),
        50_173 => (SignInNeeded, "the sign-in was revoked, as after a change of password", AGAIN),
        70_043 => (SignInNeeded, "a policy of the tenant ended the sign-in", AGAIN),
        54_005 => (SignInNeeded, "the authorization code was used already", "start the sign-in again"),
        501_481 | 50_148 => {
            (SignInNeeded, "the answer does not belong to this sign-in (PKCE)", "start the sign-in again")
        }
        700_005 => (
            SignInNeeded,
            "the code was issued for another tenant",
            "enter the environment's own tenant and sign in again",
        ),
        50_076 => (SignInNeeded, "multi-factor authentication is required", PERSON),
        50_079 => (SignInNeeded, "the user must register for multi-factor authentication", PERSON),
        50_078 => (SignInNeeded, "the multi-factor authentication has expired", PERSON),
        50_058 | 700_020 | 16_000 => {
            (SignInNeeded, "nobody is signed in, or an account must be chosen", PERSON)
        }
        53_003 => (
            SignInRefused,
            "a conditional access policy blocks this sign-in",
            "ask the tenant's administrator which policy it was; if the device code is blocked, sign in in the browser",
        ),
        53_000 => (
            SignInRefused,
            "the tenant demands a compliant device",
            "use a managed device, or ask the administrator",
        ),
        53_001 => (
            SignInRefused,
            "the tenant demands a device joined to its domain",
            "use a managed device, or ask the administrator",
        ),
        65_001 => (
            SignInRefused,
            "nobody has consented to this application yet",
            "sign in in the browser and consent, or ask an administrator to grant consent for the permission Dynamics CRM user_impersonation",
        ),
        65_004 => (
            SignInCancelled,
            "consent was declined",
            "sign in again and accept, or ask an administrator to consent",
        ),
        65_002 => (
            SignInRefused,
            "this application of Microsoft is not allowed to reach the resource",
            "use the client id of your own app registration",
        ),
        90_094 | 90_095 => (
            SignInRefused,
            "an administrator must consent to this application",
            "ask an administrator to grant consent in the Microsoft Entra admin center",
        ),
        500_133 => (SignInRefused, "the assertion is outside its time", "check this machine's clock"),
        7_000_215 => (
            SignInRefused,
            "the client secret is wrong",
            "enter the secret's value; often the secret's id was pasted in its place",
        ),
        7_000_222 => (
            SignInRefused,
            "the client secret has expired",
            "create a new secret in the app registration and enter it",
        ),
        7_000_218 => (
            SignInRefused,
            "the app registration is not a public client",
            "register http://localhost under \"Mobile and desktop applications\" and set \"Allow public client flows\" to Yes",
        ),
        700_025 => (
            SignInRefused,
            "the app registration is a public client and takes no secret",
            "remove the client secret from the connection",
        ),
        9_002_327 => (
            SignInRefused,
            "the redirect address is registered for a single-page application",
            "register http://localhost under \"Mobile and desktop applications\"",
        ),
        700_016 => (
            SignInRefused,
            "the application was not found in the tenant",
            "check client id and tenant; an application of another tenant must be consented to first",
        ),
        7_000_112 => (SignInRefused, "the application is disabled", "ask the administrator to enable it"),
        90_002 => {
            (SignInRefused, "the tenant was not found", "check the tenant's id or domain, and the cloud")
        }
        900_023 => (SignInRefused, "the tenant is malformed", "enter the tenant's id or one of its domains"),
        9_001_023 | 90_124 | 90_130 => (
            SignInRefused,
            "this way of signing in needs a concrete tenant",
            "enter the tenant's id or one of its domains in place of common or organizations",
        ),
        50_011 => (
            SignInRefused,
            "the redirect address is not registered",
            "add http://localhost under \"Mobile and desktop applications\" in the app registration",
        ),
        900_144 | 9_002_313 => {
            (Internal, "the sign-in request was malformed", "report this with the correlation id")
        }
        500_011 => (
            SignInRefused,
            "the environment's address is not known in this tenant",
            "check address, tenant and cloud",
        ),
        50_001 => (SignInRefused, "the resource is disabled or not there", "check the environment's address"),
        70_011 | 700_022 | 28_002 => (
            SignInRefused,
            "the scope is not valid",
            "leave the scopes empty, so that they follow from the address",
        ),
        650_057 => (
            SignInRefused,
            "the app registration does not ask for this resource",
            "add the API permission Dynamics CRM, user_impersonation to the app registration",
        ),
        90_038 => (
            SignInRefused,
            "the tenant belongs to another national cloud",
            "choose the authority of that cloud",
        ),
        90_033 | 90_006 => {
            (Unreachable, "the sign-in service is out of order for the moment", "try again in some minutes")
        }
        50_057 => (
            SignInRefused,
            "the account is disabled",
            "the person who authorized this connection may have left: sign in again as somebody else",
        ),
        50_034 => (
            SignInRefused,
            "the account does not exist in this tenant",
            "the person who authorized this connection may have left: sign in again as somebody else; a guest must name the environment's tenant",
        ),
        50_053 => (SignInRefused, "the account is locked", "wait, or ask the administrator to unlock it"),
        50_055 => (SignInNeeded, "the password has expired", PERSON),
        50_126 => (SignInRefused, "user name or password is wrong", AGAIN),
        50_105 => (
            SignInRefused,
            "the user is not assigned to the application",
            "ask the administrator to assign the user",
        ),
        50_020 => (
            SignInRefused,
            "the account does not belong to this tenant",
            "choose another account, or name the tenant in which it is a guest",
        ),
        50_199 => (SignInRefused, "the sign-in must be confirmed by the user", PERSON),
        50_196 => {
            (ErrorCode::Throttled, "the same request was sent too often", "wait some minutes, then try again")
        }
        _ => return None,
    })
}

fn by_error(error: &str, status: Option<u16>) -> (ErrorCode, &'static str, &'static str) {
    use ErrorCode::{Internal, SignInCancelled, SignInNeeded, SignInRefused, Throttled, Unreachable};
    match error {
        "invalid_grant" | "interaction_required" | "login_required" => {
            (SignInNeeded, "the sign-in has ended", AGAIN)
        }
        "consent_required" => (
            SignInRefused,
            "consent is missing",
            "sign in in the browser and consent, or ask an administrator",
        ),
        "access_denied" | "authorization_declined" => {
            (SignInCancelled, "the sign-in was declined", "start it again when you are ready")
        }
        "expired_token" | "code_expired" => {
            (SignInCancelled, "the code was not typed in time", "start the sign-in again")
        }
        "bad_verification_code" => {
            (SignInCancelled, "the device code is not known", "start the sign-in again")
        }
        "invalid_client" => {
            (SignInRefused, "the application could not prove who it is", "check client id and client secret")
        }
        "unauthorized_client" => (
            SignInRefused,
            "the application may not sign in this way",
            "check client id, tenant and the app registration",
        ),
        "invalid_resource" => {
            (SignInRefused, "the environment is not known in this tenant", "check address, tenant and cloud")
        }
        "invalid_scope" => (
            SignInRefused,
            "the scope is not valid",
            "leave the scopes empty, so that they follow from the address",
        ),
        "temporarily_unavailable" | "server_error" if status != Some(429) => {
            (Unreachable, "the sign-in service is out of order for the moment", "try again in some minutes")
        }
        "invalid_request" | "unsupported_response_type" | "unsupported_grant_type" => {
            (Internal, "the sign-in request was malformed", "report this with the correlation id")
        }
        _ => match status {
            Some(429) => (Throttled, "the sign-in service asks to wait", "wait some minutes, then try again"),
            Some(500..=599) => (Unreachable, "the sign-in service failed", "try again in some minutes"),
            _ => (SignInRefused, "the sign-in service refused", "see the detail"),
        },
    }
}

/// Explains a refusal. `status` is the HTTP status where there was one. A number that is not known keeps the service's text.
pub fn explain(error: &OAuthError, status: Option<u16>) -> SynclineError {
    let number = error.number();
    // A refused grant is mended by a new sign-in, even where the number speaks of a malformed request.
    let known = number
        .and_then(by_number)
        .filter(|(code, _, _)| !(*code == ErrorCode::Internal && error.error == "invalid_grant"));
    let (code, what, remedy) = known.unwrap_or_else(|| by_error(&error.error, status));
    let line = error.first_line();
    let message = if known.is_none() && number.is_some() && !line.is_empty() {
        format!("{what}: {}", line.trim_end_matches('.'))
    } else {
        what.to_owned()
    };
    let mut detail = error.error.clone();
    if let Some(sub) = &error.suberror {
        detail.push_str(&format!(" ({sub})"));
    }
    if !line.is_empty() {
        detail.push_str(&format!(": {line}"));
    }
    let mut told = SynclineError::new(code, message).hint(remedy).detail(detail);
    told.service_code = number
        .map(|number| format!("AADSTS{number}"))
        .or_else(|| Some(error.error.clone()).filter(|e| !e.is_empty()));
    told.request_id = error.correlation();
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_expired_refresh_token() {
        let body = r#"{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity. Trace ID: a\r\nCorrelation ID: c-1\r\nTimestamp: x","error_codes":[700082],"correlation_id":"c-1"}"#;
        let told = explain(&serde_json::from_str(body).unwrap(), Some(400));
        assert_eq!(told.code, ErrorCode::SignInNeeded);
        assert_eq!(told.service_code.as_deref(), Some("AADSTS700082"));
        assert_eq!(told.request_id.as_deref(), Some("c-1"));
        assert_eq!(
            told.detail.as_deref(),
            Some("invalid_grant: The refresh token has expired due to inactivity.")
        );
    }

    #[test]
    fn every_number_of_the_table_has_its_own_words() {
        for number in [
            700082, 70008, 700084, 50173, 54005, 501481, 50148, 50076, 50079, 50078, 53003, 53000, 53001,
            70043, 65001, 500133, 50058, 700020, 16000, 7000215, 7000222, 7000218, 700016, 7000112, 90002,
            900023, 50011, 900144, 9002313, 500011, 50001, 70011, 65004, 650057, 90094, 90095, 90038, 90033,
            90006, 50057, 50034,
        ] {
            assert!(by_number(number).is_some(), "{number}");
        }
    }

    #[test]
    fn an_unknown_number_keeps_its_text() {
        let error = OAuthError {
            error: "invalid_grant".into(),
            error_description: "AADSTS12345: Odd thing. Trace ID: x".into(),
            ..Default::default()
        };
        let told = explain(&error, Some(400));
        assert!(told.message.contains("Odd thing"), "{}", told.message);
        assert_eq!(told.service_code.as_deref(), Some("AADSTS12345"));
    }

    proptest! {
        #[test]
        fn never_panics(error in ".{0,20}", description in ".{0,80}", status in any::<u16>()) {
            let description = format!("AADSTS{description}");
            explain(&OAuthError { error, error_description: description, ..Default::default() }, Some(status));
        }
    }
}
