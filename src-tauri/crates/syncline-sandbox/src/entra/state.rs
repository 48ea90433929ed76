//! What the sign-in service remembers: codes, refresh tokens, device codes, consents.

use rand::Rng;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

use super::directory::{Directory, Person, Tenant};
use super::jwt::{Claims, Signer};

/// "Authorization codes live about 10 minutes".
const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// An authorization code that was given out.
#[derive(Debug, Clone)]
pub(crate) struct CodeGrant {
    pub(crate) client_id: Uuid,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) plain: bool,
    pub(crate) person: Uuid,
    pub(crate) tenant_path: String,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) used: bool,
    pub(crate) until: Instant,
}

/// A refresh token: bound to person and client, not to a resource.
#[derive(Debug, Clone)]
pub(crate) struct RefreshGrant {
    pub(crate) client_id: Uuid,
    pub(crate) person: Uuid,
    pub(crate) generation: u64,
}

/// A device code.
#[derive(Debug, Clone)]
pub(crate) struct DeviceGrant {
    pub(crate) client_id: Uuid,
    pub(crate) user_code: String,
    pub(crate) scope: String,
    pub(crate) state: DeviceState,
    pub(crate) polled: Option<Instant>,
    pub(crate) until: Instant,
}

/// What became of a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceState {
    Waiting,
    Declined,
    Approved(Uuid),
}

/// The sign-in service.
#[derive(Debug)]
pub struct Entra {
    pub(crate) directory: Directory,
    pub(crate) signer: Signer,
    pub(crate) codes: Mutex<HashMap<String, CodeGrant>>,
    pub(crate) refreshes: Mutex<HashMap<String, RefreshGrant>>,
    pub(crate) devices: Mutex<HashMap<String, DeviceGrant>>,
    /// Person, client, resource.
    pub(crate) consents: Mutex<HashSet<(Uuid, Uuid, String)>>,
    /// Origin of a resource, and its tenant; none: every tenant's.
    resources: Mutex<HashMap<String, Option<Uuid>>>,
    issuer: String,
    lifetime_s: AtomicU64,
    access_generation: AtomicU64,
    refresh_generation: AtomicU64,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A text that nobody guesses.
pub(crate) fn random_text(prefix: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut rng = rand::rng();
    let tail: String = (0..86).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect();
    format!("{prefix}{tail}")
}

impl Entra {
    pub(crate) fn new(directory: Directory, issuer: &str, lifetime_s: u64) -> std::io::Result<Self> {
        Ok(Self {
            directory,
            signer: Signer::new()?,
            codes: Mutex::default(),
            refreshes: Mutex::default(),
            devices: Mutex::default(),
            consents: Mutex::default(),
            resources: Mutex::default(),
            issuer: issuer.to_owned(),
            lifetime_s: AtomicU64::new(lifetime_s),
            access_generation: AtomicU64::new(0),
            refresh_generation: AtomicU64::new(0),
        })
    }

    pub(crate) fn add_resource(&self, origin: &str, tenant: Option<Uuid>) {
        lock(&self.resources).insert(origin.to_owned(), tenant);
    }

    pub(crate) fn knows_resource(&self, origin: &str, tenant: Option<Uuid>) -> bool {
        match lock(&self.resources).get(origin.trim_end_matches('/')) {
            None => false,
            Some(None) => true,
            Some(Some(owner)) => tenant.is_none_or(|tenant| tenant == *owner),
        }
    }

    /// Seconds that access tokens live from now on.
    pub fn set_access_token_lifetime(&self, seconds: u64) {
        self.lifetime_s.store(seconds, Ordering::SeqCst);
    }

    /// Access tokens issued so far are refused from now on.
    pub fn expire_access_tokens(&self) {
        self.access_generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Refresh tokens issued so far have expired.
    pub fn expire_refresh_tokens(&self) {
        self.refresh_generation.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn refresh_is_current(&self, grant: &RefreshGrant) -> bool {
        grant.generation == self.refresh_generation.load(Ordering::SeqCst)
    }

    pub(crate) fn lifetime(&self) -> u64 {
        self.lifetime_s.load(Ordering::SeqCst)
    }

    pub(crate) fn issuer(&self, tenant: Uuid) -> String {
        format!("{}/{tenant}/v2.0", self.issuer)
    }

    /// An access token. `person`: none for an application.
    pub(crate) fn access_token(
        &self,
        resource: &str,
        tenant: Uuid,
        client: Uuid,
        person: Option<&Person>,
    ) -> Result<String, String> {
        let now = jiff::Timestamp::now().as_second();
        let lifetime = i64::try_from(self.lifetime()).unwrap_or(3600);
        self.signer.sign(&Claims {
            aud: resource.to_owned(),
            iss: self.issuer(tenant),
            iat: now,
            nbf: now,
            exp: now + lifetime,
            tid: tenant,
            appid: client,
            oid: person.map(|person| person.id),
            upn: person.map(|person| person.user_name.clone()),
            generation: self.access_generation.load(Ordering::SeqCst),
            uti: Uuid::new_v4(),
        })
    }

    /// The claims of a token that is ours and still valid.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, String> {
        let claims = self.signer.verify(token)?;
        let over = claims.exp <= jiff::Timestamp::now().as_second();
        if over || claims.generation != self.access_generation.load(Ordering::SeqCst) {
            return Err("The token has expired.".to_owned());
        }
        Ok(claims)
    }

    pub(crate) fn refresh_token(&self, client_id: Uuid, person: Uuid) -> String {
        let token = random_text("0.AX");
        let generation = self.refresh_generation.load(Ordering::SeqCst);
        lock(&self.refreshes).insert(token.clone(), RefreshGrant { client_id, person, generation });
        token
    }

    pub(crate) fn code(&self, mut grant: CodeGrant) -> String {
        grant.until = Instant::now() + CODE_LIFETIME;
        let code = random_text("0.AY");
        lock(&self.codes).insert(code.clone(), grant);
        code
    }

    pub(crate) fn tenant_of(&self, person: &Person) -> Option<&Tenant> {
        self.directory.tenants.iter().find(|tenant| tenant.id == person.tenant)
    }
}
