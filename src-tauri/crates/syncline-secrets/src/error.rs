//! What can go wrong with a keychain, and what a person does about it on this platform.

use syncline_model::{ErrorCode, SynclineError};

use crate::SecretKind;

/// Kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VaultFault {
    /// There is no keychain service.
    NoService,
    /// It is locked and could not be unlocked.
    Locked,
    /// A person or a policy said no.
    Denied,
    /// What is kept can't be put together again.
    Damaged,
    /// Something else.
    Other,
}

/// A keychain's refusal, in its own words. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", self.sentence())]
pub struct VaultError {
    /// Which kind.
    pub fault: VaultFault,
    /// Which secret was asked for.
    pub kind: SecretKind,
    /// The platform's own words.
    pub detail: String,
}

impl VaultError {
    /// A fault over a secret of this kind.
    pub fn new(fault: VaultFault, kind: SecretKind, detail: impl Into<String>) -> Self {
        Self { fault, kind, detail: detail.into() }
    }

    fn sentence(&self) -> String {
        let what = self.kind.words();
        match self.fault {
            VaultFault::NoService => format!("no keychain on this machine for {what}"),
            VaultFault::Locked => format!("the keychain is locked, so {what} can't be reached"),
            VaultFault::Denied => format!("the keychain refused access to {what}"),
            VaultFault::Damaged => format!("{what} in the keychain is damaged"),
            VaultFault::Other => format!("the keychain failed for {what}"),
        }
    }

    /// What to do about it on this platform.
    pub fn remedy(&self) -> &'static str {
        remedy(self.fault, self.kind, std::env::consts::OS)
    }
}

fn remedy(fault: VaultFault, kind: SecretKind, system: &str) -> &'static str {
    match (fault, system) {
        (VaultFault::Damaged, _) if kind == SecretKind::StoreKey => {
            "restore the keychain from a backup; without the key the store can't be read, only begun anew"
        }
        (VaultFault::Damaged, _) => "sign in again, or enter the secret again",
        (VaultFault::NoService, "linux") => {
            "start a Secret Service in this session: install gnome-keyring (or KeePassXC or KWallet with its Secret Service switched on), \
             sign in to the desktop or start gnome-keyring-daemon under dbus-run-session, then start Syncline again; \
             for one process the command takes --vault memory"
        }
        (VaultFault::Locked, "linux") => {
            "unlock the login keyring (Passwords and Keys, or `gnome-keyring-daemon --unlock`) and make sure that a default keyring exists, \
             then try again; for one process the command takes --vault memory"
        }
        (VaultFault::NoService | VaultFault::Locked, "macos") => {
            "unlock the login keychain in Keychain Access, then try again; for one process the command takes --vault memory"
        }
        (VaultFault::NoService | VaultFault::Locked, "windows") => {
            "sign in to Windows interactively and see that the Credential Manager service (VaultSvc) runs; \
             for one process the command takes --vault memory"
        }
        (VaultFault::Denied, "macos") => {
            "choose Always Allow when macOS asks whether Syncline may use its keychain items"
        }
        (VaultFault::Denied, _) => "allow Syncline to use the keychain when you are asked, then try again",
        (VaultFault::NoService | VaultFault::Locked | VaultFault::Other, _) => {
            "see the detail; for one process the command takes --vault memory"
        }
    }
}

impl From<VaultError> for SynclineError {
    fn from(error: VaultError) -> Self {
        SynclineError::new(ErrorCode::KeychainUnavailable, error.sentence())
            .hint(error.remedy())
            .detail(error.detail.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_remedy_on_every_platform() {
        for system in ["linux", "macos", "windows", "freebsd"] {
            for fault in [
                VaultFault::NoService,
                VaultFault::Locked,
                VaultFault::Denied,
                VaultFault::Damaged,
                VaultFault::Other,
            ] {
                assert!(remedy(fault, SecretKind::RefreshToken, system).len() > 20);
            }
        }
        assert!(remedy(VaultFault::NoService, SecretKind::StoreKey, "linux").contains("gnome-keyring"));
        assert!(remedy(VaultFault::NoService, SecretKind::StoreKey, "linux").contains("--vault memory"));
    }

    #[test]
    fn the_code_is_the_keychain() {
        let error: SynclineError =
            VaultError::new(VaultFault::Locked, SecretKind::StoreKey, "object locked").into();
        assert_eq!(error.code, ErrorCode::KeychainUnavailable);
        assert_eq!(error.detail.as_deref(), Some("object locked"));
    }
}
