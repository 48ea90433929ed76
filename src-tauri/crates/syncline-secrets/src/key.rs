//! Names of secrets.

use uuid::Uuid;

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretKind {
    /// The refresh token of a signed-in person.
    RefreshToken,
    /// The client secret of an app registration.
    ClientSecret,
    /// A pasted access token.
    AccessToken,
    /// Claims that the service demanded and that the next sign-in must ask for. No secret, but it comes and goes with the sign-in, and
    /// the command must find what the window was told.
    ClaimsChallenge,
    /// The request token of an Insider One account.
    RequestToken,
    /// The password of a database's user.
    DatabasePassword,
    /// The key of a store's file.
    StoreKey,
}

impl SecretKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::RefreshToken,
        Self::ClientSecret,
        Self::AccessToken,
        Self::ClaimsChallenge,
        Self::RequestToken,
        Self::DatabasePassword,
        Self::StoreKey,
    ];

    /// As it stands in an item's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh-token",
            Self::ClientSecret => "client-secret",
            Self::AccessToken => "access-token",
            Self::ClaimsChallenge => "claims-challenge",
            Self::RequestToken => "request-token",
            Self::DatabasePassword => "database-password",
            Self::StoreKey => "store-key",
        }
    }

    /// In words, for messages.
    pub fn words(self) -> &'static str {
        match self {
            Self::RefreshToken => "the sign-in",
            Self::ClientSecret => "the client secret",
            Self::AccessToken => "the access token",
            Self::ClaimsChallenge => "what the next sign-in must ask for",
            Self::RequestToken => "the request token",
            Self::DatabasePassword => "the database password",
            Self::StoreKey => "the store's key",
        }
    }
}

/// Names one secret: whose, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VaultKey {
    /// The connection's id; for a store's key, the store's.
    pub id: Uuid,
    /// Which of its secrets.
    pub kind: SecretKind,
}

impl VaultKey {
    /// The secret of this kind for this connection or store.
    pub fn new(id: Uuid, kind: SecretKind) -> Self {
        Self { id, kind }
    }

    /// The item's name in the keychain, such as `…-…/refresh-token`.
    pub fn item_name(&self) -> String {
        format!("{}/{}", self.id, self.kind.as_str())
    }
}
