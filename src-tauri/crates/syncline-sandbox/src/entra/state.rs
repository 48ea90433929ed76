//! What the sign-in service remembers: codes, device codes, consents, who is signed in at a browser.

use rand::Rng;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

use super::directory::{Application, Directory, Person, PersonKind};
use super::jwt::{Claims, Refusal, Signer};
use super::refresh::{RefreshGrant, Sealer};
use super::scopes::{Api, GRAPH};

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
    /// The sign-in met the claims challenge.
    pub(crate) strong: bool,
    pub(crate) used: bool,
    pub(crate) until: Instant,
}

/// A device code.
#[derive(Debug, Clone)]
pub(crate) struct DeviceGrant {
    pub(crate) client_id: Uuid,
    pub(crate) tenant: Option<Uuid>,
    pub(crate) user_code: String,
    pub(crate) scope: String,
    pub(crate) state: DeviceState,
    /// Claims were asked for that only a sign-in with a second factor gives.
    pub(crate) strong: bool,
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

/// Somebody who is signed in at a browser.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    pub(crate) person: Uuid,
    /// With a second factor.
    pub(crate) approved: bool,
}

/// How the service is set up.
#[derive(Debug, Clone)]
pub(crate) struct EntraConfig {
    /// Root of the service, without tenant.
    pub(crate) issuer: String,
    /// Of the tenant's data; refresh tokens are good for every tenant of one seed.
    pub(crate) seed: u64,
    pub(crate) lifetime_s: u64,
    pub(crate) device_interval_s: u64,
}

/// The sign-in service.
pub struct Entra {
    pub(crate) directory: Directory,
    pub(crate) signer: Signer,
    pub(crate) codes: Mutex<HashMap<String, CodeGrant>>,
    pub(crate) devices: Mutex<HashMap<String, DeviceGrant>>,
    pub(crate) sessions: Mutex<HashMap<String, Session>>,
    sealer: Sealer,
    consents: Mutex<HashSet<(Uuid, Uuid, Api)>>,
    disabled: Mutex<HashSet<Uuid>>,
    /// Origin of a resource, and its tenant; none: every tenant's.
    resources: Mutex<HashMap<String, Option<Uuid>>>,
    issuer: String,
    lifetime_s: AtomicU64,
    device_interval_s: AtomicU64,
    access_generation: AtomicU64,
    refresh_generation: AtomicU64,
    consent_generation: AtomicU64,
}

impl std::fmt::Debug for Entra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entra").field("issuer", &self.issuer).finish_non_exhaustive()
    }
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
    pub(crate) fn new(directory: Directory, config: EntraConfig) -> std::io::Result<Self> {
        let disabled = directory
            .people
            .iter()
            .filter(|person| person.kind == PersonKind::Disabled)
            .map(|person| person.id)
            .collect();
        Ok(Self {
            directory,
            signer: Signer::new()?,
            codes: Mutex::default(),
            devices: Mutex::default(),
            sessions: Mutex::default(),
            sealer: Sealer::new(config.seed),
            consents: Mutex::default(),
            disabled: Mutex::new(disabled),
            resources: Mutex::new(HashMap::from([(GRAPH.to_owned(), None)])),
            issuer: config.issuer,
            lifetime_s: AtomicU64::new(config.lifetime_s),
            device_interval_s: AtomicU64::new(config.device_interval_s),
            access_generation: AtomicU64::new(0),
            refresh_generation: AtomicU64::new(0),
            consent_generation: AtomicU64::new(0),
        })
    }

    pub(crate) fn add_resource(&self, origin: &str, tenant: Option<Uuid>) {
        lock(&self.resources).insert(origin.to_owned(), tenant);
    }

    pub(crate) fn knows_resource(&self, origin: &str, tenant: Option<Uuid>) -> bool {
        match lock(&self.resources).get(origin.strip_suffix('/').unwrap_or(origin)) {
            None => false,
            Some(None) => true,
            Some(Some(owner)) => tenant.is_none_or(|tenant| tenant == *owner),
        }
    }

    /// Seconds that access tokens live from now on.
    pub fn set_access_token_lifetime(&self, seconds: u64) {
        self.lifetime_s.store(seconds, Ordering::SeqCst);
    }

    /// Seconds that applications must leave between two questions about a device code.
    pub fn set_device_interval(&self, seconds: u64) {
        self.device_interval_s.store(seconds, Ordering::SeqCst);
    }

    /// Access tokens issued so far are refused from now on.
    pub fn expire_access_tokens(&self) {
        self.access_generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Refresh tokens issued so far have expired.
    pub fn expire_refresh_tokens(&self) {
        self.refresh_generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Nobody has consented to anything.
    pub fn revoke_consents(&self) {
        self.consent_generation.fetch_add(1, Ordering::SeqCst);
        lock(&self.consents).clear();
    }

    /// Blocks a person, or lets them in again. False: nobody has this sign-in name.
    pub fn set_disabled(&self, user_name: &str, disabled: bool) -> bool {
        let Some(person) = self.directory.person(user_name, None) else { return false };
        let mut all = lock(&self.disabled);
        if disabled {
            all.insert(person.id);
        } else {
            all.remove(&person.id);
        }
        true
    }

    pub(crate) fn is_disabled(&self, person: &Person) -> bool {
        lock(&self.disabled).contains(&person.id)
    }

    pub(crate) fn consented(&self, person: &Person, application: &Application, resource: &str) -> bool {
        lock(&self.consents).contains(&(person.id, application.client_id, Api::of(resource)))
    }

    pub(crate) fn consent(&self, person: &Person, application: &Application, resource: &str) {
        lock(&self.consents).insert((person.id, application.client_id, Api::of(resource)));
    }

    pub(crate) fn lifetime(&self) -> u64 {
        self.lifetime_s.load(Ordering::SeqCst)
    }

    pub(crate) fn device_interval(&self) -> u64 {
        self.device_interval_s.load(Ordering::SeqCst)
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
        let lifetime = i64::try_from(self.lifetime()).unwrap_or(i64::MAX);
        self.signer.sign(&Claims {
            aud: resource.to_owned(),
            iss: self.issuer(tenant),
            iat: now,
            nbf: now,
            exp: now.saturating_add(lifetime),
            tid: tenant,
            appid: client,
            oid: person.map(|person| person.id),
            upn: person.map(|person| person.user_name.clone()),
            generation: self.access_generation.load(Ordering::SeqCst),
            uti: Uuid::new_v4(),
        })
    }

    /// The claims of a token that is ours and still valid.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        let claims = self.signer.verify(token)?;
        let over = claims.exp <= jiff::Timestamp::now().as_second();
        if over || claims.generation != self.access_generation.load(Ordering::SeqCst) {
            return Err(Refusal::Expired);
        }
        Ok(claims)
    }

    /// A new refresh token for a person who consented to `resource`; those given out before stay valid.
    pub(crate) fn refresh_token(
        &self,
        client_id: Uuid,
        person: Uuid,
        resource: &str,
        scope: &str,
        strong: bool,
    ) -> Result<String, String> {
        self.sealer.seal(&RefreshGrant {
            client_id,
            person,
            scope: scope.to_owned(),
            strong,
            api: Api::of(resource),
            consents: self.consent_generation.load(Ordering::SeqCst),
            generation: self.refresh_generation.load(Ordering::SeqCst),
            jti: Uuid::new_v4(),
        })
    }

    /// A refresh token that was given out, and whether it is still good.
    pub(crate) fn refresh_grant(&self, token: &str) -> Option<(RefreshGrant, bool)> {
        let grant = self.sealer.open(token)?;
        let current = grant.generation == self.refresh_generation.load(Ordering::SeqCst);
        if grant.consents == self.consent_generation.load(Ordering::SeqCst) {
            lock(&self.consents).insert((grant.person, grant.client_id, grant.api));
        }
        Some((grant, current))
    }

    pub(crate) fn code(&self, mut grant: CodeGrant) -> String {
        grant.until = Instant::now() + CODE_LIFETIME;
        let code = random_text("0.AY");
        lock(&self.codes).insert(code.clone(), grant);
        code
    }
}
