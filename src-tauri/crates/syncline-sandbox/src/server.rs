//! Start and end: one port for sign-in and discovery, one for each environment, one for Insider One, all on loopback.

use axum::Router;
use axum::middleware::from_fn_with_state;
use serde::Serialize;
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::bearer::{Checked, check};
use crate::dataverse::{self, Environment, EnvironmentConfig, Profile, UserSeed, sample_users};
use crate::entra::{AppKind, Application, Entra, Person, PersonKind, Tenant};
use crate::faults::{Faults, Guarded, guard};
use crate::insider::Insider;
use crate::log::{Log, LoggedRequest};
use crate::wire::{Cut, WireListener};
use crate::{control, discovery, entra, insider};

/// What a sandbox is made of.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Port of the sign-in service; 0: any free one. The others are always free ones.
    pub port: u16,
    /// Contacts of the first environment.
    pub records: u64,
    /// The same seed makes the same data.
    pub seed: u64,
    /// Seconds that access tokens live.
    pub access_token_lifetime_s: u64,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self { port: 0, records: 5000, seed: 1, access_token_lifetime_s: 3900 }
    }
}

/// Addresses and credentials of a running sandbox.
#[derive(Debug, Clone, Serialize)]
pub struct Details {
    /// Origin of the first environment.
    pub dataverse: String,
    /// Not served yet.
    pub finops: Option<String>,
    /// Not served yet.
    pub salesforce: Option<String>,
    /// Root of Insider One's API.
    pub insider: String,
    /// Root of the sign-in service, without tenant.
    pub authority: String,
    /// Origin of global discovery.
    pub discovery: String,
    /// Tenant of the first environment.
    pub tenant: String,
    /// Public client.
    pub client_id: String,
    /// Client with a secret.
    pub confidential_client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// A secret of it that has run out.
    pub expired_client_secret: String,
    /// Partner name at Insider One.
    pub insider_partner: String,
    /// Request token at Insider One.
    pub insider_token: String,
    /// People that can sign in.
    pub users: Vec<UserDetails>,
    /// All environments.
    pub environments: Vec<EnvironmentDetails>,
    /// Where faults are set and the request log is read.
    pub control: String,
}

/// A person that can sign in.
#[derive(Debug, Clone, Serialize)]
pub struct UserDetails {
    /// Sign-in name.
    pub user_name: String,
    /// Display name.
    pub display_name: String,
    /// Tenant id.
    pub tenant: String,
    /// `normal`, `restricted`, `second factor`, `disabled`, `guest` or `no environment`.
    pub kind: String,
}

/// An environment.
#[derive(Debug, Clone, Serialize)]
pub struct EnvironmentDetails {
    /// Short name.
    pub name: String,
    /// Name that people see.
    pub display_name: String,
    /// Origin.
    pub url: String,
    /// Tenant id.
    pub tenant: String,
    /// Organization id.
    pub organization_id: String,
    /// Production or sandbox.
    pub purpose: String,
}

/// What the services share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) authority: String,
    pub(crate) entra: Entra,
    pub(crate) insider: Insider,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) environments: Vec<Arc<Environment>>,
    pub(crate) details: OnceLock<Details>,
}

/// A running sample tenant.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    details: Details,
    stop: CancellationToken,
    servers: Vec<JoinHandle<()>>,
}

const CLIENT_SECRET: &str = "sample~secret.8Q_for-loopback";
const EXPIRED_SECRET: &str = "expired~secret.8Q_for-loopback";
const INSIDER_PARTNER: &str = "contosobrand";
const INSIDER_TOKEN: &str = "sample-insider-request-token";

fn fixed_id(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128((kind << 96) | 0x0000_0000_0000_4000_8000_0000_0000_0000 | number)
}

impl Sandbox {
    /// Starts all services.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        let sign_in = TcpListener::bind(("127.0.0.1", config.port)).await?;
        let authority = origin(&sign_in)?;
        let (contoso, northwind) = (fixed_id(0x7e4a_0000, 1), fixed_id(0x7e4a_0000, 2));
        let people = people(contoso, northwind);
        let public = fixed_id(0xc11e_0000, 1);
        let confidential = sample_users()
            .into_iter()
            .find_map(|user| user.application_id)
            .unwrap_or_else(|| fixed_id(0xc11e_0000, 3));
        let records = u32::try_from(config.records).unwrap_or(1_000_000);
        let plans = [
            ("contoso", "Contoso (sample)", contoso, Profile::Sample, records, "Sandbox"),
            ("fabrikam", "Fabrikam (sample destination)", contoso, Profile::Sparse, 0, "Production"),
            (
                "northwind",
                "Northwind (another tenant)",
                northwind,
                Profile::Sample,
                records.min(500),
                "Sandbox",
            ),
        ];
        let mut environments = Vec::new();
        for (number, (name, _, tenant, profile, records, _)) in plans.iter().enumerate() {
            let seed = config.seed.wrapping_add(number as u64);
            let mut environment = EnvironmentConfig::new(name, seed, *records);
            environment.organization_id = fixed_id(0x0f9a_0000 | number as u128, u128::from(config.seed) + 1);
            environment.tenant_id = *tenant;
            environment.profile = *profile;
            environment.users = members(&people, *tenant, confidential);
            environments.push(Environment::new(environment));
        }
        let directory = entra::Directory {
            tenants: vec![
                Tenant { id: contoso, domain: "contoso.example".to_owned() },
                Tenant { id: northwind, domain: "northwind.example".to_owned() },
            ],
            people: people.iter().map(|(person, _)| person.clone()).collect(),
            applications: applications(public, confidential),
        };
        let shared = Arc::new(Shared {
            entra: Entra::new(directory, &authority, config.access_token_lifetime_s)?,
            authority: authority.clone(),
            insider: Insider::new(INSIDER_PARTNER, INSIDER_TOKEN),
            faults: Faults::default(),
            log: Log::new(),
            environments,
            details: OnceLock::new(),
        });
        let mut sandbox = Self {
            details: Details {
                dataverse: String::new(),
                finops: None,
                salesforce: None,
                insider: String::new(),
                discovery: authority.clone(),
                tenant: contoso.to_string(),
                client_id: public.to_string(),
                confidential_client_id: confidential.to_string(),
                client_secret: CLIENT_SECRET.to_owned(),
                expired_client_secret: EXPIRED_SECRET.to_owned(),
                insider_partner: INSIDER_PARTNER.to_owned(),
                insider_token: INSIDER_TOKEN.to_owned(),
                users: people.iter().map(|(person, kind)| user_details(person, kind)).collect(),
                environments: Vec::new(),
                control: format!("{authority}/__control"),
                authority: authority.clone(),
            },
            shared: Arc::clone(&shared),
            stop: CancellationToken::new(),
            servers: Vec::new(),
        };
        shared.entra.add_resource(&authority, None);
        for (environment, (name, display_name, tenant, _, _, purpose)) in
            shared.environments.iter().zip(plans)
        {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            let url = origin(&listener)?;
            shared.entra.add_resource(&url, Some(tenant));
            sandbox.details.environments.push(EnvironmentDetails {
                name: name.to_owned(),
                display_name: display_name.to_owned(),
                url: url.clone(),
                tenant: tenant.to_string(),
                organization_id: environment.organization_id().to_string(),
                purpose: purpose.to_owned(),
            });
            let checked =
                Checked { shared: Arc::clone(&shared), environment: Arc::clone(environment), origin: url };
            let router = dataverse::router(Arc::clone(environment)).layer(from_fn_with_state(checked, check));
            sandbox.serve(listener, router, name, Some(Arc::clone(environment)));
        }
        sandbox.details.dataverse =
            sandbox.details.environments.first().map(|first| first.url.clone()).unwrap_or_default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        sandbox.details.insider = origin(&listener)?;
        sandbox.serve(listener, insider::router(Arc::clone(&shared)), "insider", None);
        let router = entra::router(Arc::clone(&shared))
            .merge(discovery::router(Arc::clone(&shared)))
            .merge(control::router(Arc::clone(&shared)));
        // The details are complete; a second setting can't happen, since a sandbox starts once.
        let _ = shared.details.set(sandbox.details.clone());
        sandbox.serve(sign_in, router, "entra", None);
        Ok(sandbox)
    }

    fn serve(
        &mut self,
        listener: TcpListener,
        router: Router,
        service: &str,
        environment: Option<Arc<Environment>>,
    ) {
        let guarded = Guarded { service: service.to_owned(), shared: Arc::clone(&self.shared), environment };
        let router = router.layer(from_fn_with_state(guarded, guard));
        let service = router.into_make_service_with_connect_info::<Cut>();
        let stop = self.stop.clone();
        self.servers.push(tokio::spawn(async move {
            tokio::select! {
                // Serving ends only with the process or the sandbox.
                _ = async { axum::serve(WireListener(listener), service).await } => {}
                () = stop.cancelled() => {}
            }
        }));
    }

    /// Addresses and credentials.
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// Faults to set.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Requests so far.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.log.all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// The sign-in service.
    pub fn entra(&self) -> &Entra {
        &self.shared.entra
    }

    /// An environment by its short name.
    pub fn environment(&self, name: &str) -> Option<&Arc<Environment>> {
        self.shared.environments.iter().find(|environment| environment.name == name)
    }

    /// Profiles that Insider One has received.
    pub fn profiles(&self) -> Vec<serde_json::Value> {
        self.shared.insider.profiles()
    }

    /// Ends all services.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for server in std::mem::take(&mut self.servers) {
            // A server that broke off has ended as well.
            let _ = server.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn origin(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://127.0.0.1:{}", listener.local_addr()?.port()))
}

/// People and the word that describes them.
fn people(contoso: Uuid, northwind: Uuid) -> Vec<(Person, &'static str)> {
    let person = |id: Uuid, tenant, user_name: &str, display_name: &str, kind| Person {
        id,
        tenant,
        user_name: user_name.to_owned(),
        display_name: display_name.to_owned(),
        kind,
    };
    let mut all: Vec<(Person, &'static str)> = sample_users()
        .into_iter()
        .filter(|user| user.application_id.is_none())
        .map(|user| {
            let word = if user.restricted { "restricted" } else { "normal" };
            (person(user.object_id, contoso, &user.domain_name, &user.full_name, PersonKind::Normal), word)
        })
        .collect();
    let more = [
        (contoso, "sam.sales@contoso.example", "Sam Sales", PersonKind::Normal, "normal"),
        (contoso, "mia.factor@contoso.example", "Mia Factor", PersonKind::SecondFactor, "second factor"),
        (contoso, "dan.disabled@contoso.example", "Dan Disabled", PersonKind::Disabled, "disabled"),
        (contoso, "nico.nowhere@contoso.example", "Nico Nowhere", PersonKind::Normal, "no environment"),
        (contoso, "gina.guest@partner.example", "Gina Guest", PersonKind::Guest, "guest"),
        (northwind, "nora@northwind.example", "Nora Northwind", PersonKind::Normal, "normal"),
    ];
    for (number, (tenant, user_name, display_name, kind, word)) in more.into_iter().enumerate() {
        let id = fixed_id(0x0b7e_0001, number as u128 + 1);
        all.push((person(id, tenant, user_name, display_name, kind), word));
    }
    all
}

/// The users of an environment: the people of its tenant, less those who are nowhere, and the application.
fn members(people: &[(Person, &'static str)], tenant: Uuid, confidential: Uuid) -> Vec<UserSeed> {
    let known = sample_users();
    let mut users: Vec<UserSeed> = people
        .iter()
        .filter(|(person, word)| person.tenant == tenant && *word != "no environment")
        .map(|(person, word)| {
            known.iter().find(|user| user.object_id == person.id).cloned().unwrap_or_else(|| UserSeed {
                user_id: Uuid::from_u128(person.id.as_u128() ^ (0x0001 << 96)),
                full_name: person.display_name.clone(),
                domain_name: person.user_name.clone(),
                object_id: person.id,
                application_id: None,
                restricted: *word == "restricted",
            })
        })
        .collect();
    users.extend(known.into_iter().filter(|user| user.application_id == Some(confidential)));
    users
}

fn applications(public: Uuid, confidential: Uuid) -> Vec<Application> {
    let application = |client_id, name: &str, kind, redirect_uris: &[&str], disabled| Application {
        client_id,
        name: name.to_owned(),
        kind,
        redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
        disabled,
    };
    vec![
        application(public, "Syncline", AppKind::Public, &["http://localhost"], false),
        application(
            confidential,
            "Syncline Integration",
            AppKind::Confidential {
                secret: CLIENT_SECRET.to_owned(),
                expired_secret: EXPIRED_SECRET.to_owned(),
            },
            &["https://app.contoso.example/signin"],
            false,
        ),
        application(fixed_id(0xc11e_0000, 9), "Old tool", AppKind::Public, &["http://localhost"], true),
    ]
}

fn user_details(person: &Person, kind: &str) -> UserDetails {
    UserDetails {
        user_name: person.user_name.clone(),
        display_name: person.display_name.clone(),
        tenant: person.tenant.to_string(),
        kind: kind.to_owned(),
    }
}
