//! Who sends a request, as the token check in front of the service found out.
use uuid::Uuid;

/// The user behind a request. The server in front of the Web API checks the bearer token and puts this into the
/// request's extensions (`axum::Extension<Caller>`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `systemuserid` of the row in `systemuser`.
    pub user_id: Uuid,
    /// The user principal name or the application's name; shown in messages only.
    pub user_name: String,
    /// True for an application user (client credentials).
    pub application: bool,
}
