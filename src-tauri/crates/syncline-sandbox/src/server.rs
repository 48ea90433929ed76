//! Start and end: one port for sign-in and discovery, one for each environment, one for Insider One, all on loopback.

use axum::Router;
use axum::middleware::from_fn_with_state;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bearer::{Checked, check};
use crate::dataverse::{self, Environment, EnvironmentConfig};
use crate::details::{Details, EnvironmentDetails};
use crate::distance::{Distance, Line};
use crate::entra::{Entra, EntraConfig};
use crate::faults::{Faults, Guarded, guard};
use crate::insider::Insider;
use crate::log::{Log, LoggedRequest};
use crate::sample::{self, Plan, fixed_id};
use crate::wire::{Cut, WireListener};
use crate::{control, discovery, entra, insider};

/// What a sandbox is made of.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Port of the sign-in service; 0: any free one. The others are always free ones.
    pub port: u16,
    /// Contacts of the first environment, at most 1,000,000.
    pub records: u64,
    /// The same seed makes the same data.
    pub seed: u64,
    /// Seconds that access tokens live.
    pub access_token_lifetime_s: u64,
    /// Seconds that an application must leave between two questions about a device code.
    pub device_interval_s: u64,
    /// Requests that Insider One takes from one key within a minute; 0: no limit.
    pub insider_requests_per_minute: u32,
    /// The first environment has 1,000 tables with 40,000 columns.
    pub big_tenant: bool,
    /// Milliseconds that each answer of an environment is on its way.
    pub latency_ms: u64,
    /// Answers of an environment are compressed where the client takes that.
    pub gzip: bool,
    /// Megabits a second that the line to the environments takes; 0: no limit.
    pub line_mbit_per_s: u64,
}

impl Default for SandboxConfig {
    /// 5,000 contacts from seed 1, access tokens of 65 minutes, the documented interval and rate.
    fn default() -> Self {
        Self {
            port: 0,
            records: 5000,
            seed: 1,
            access_token_lifetime_s: 3900,
            device_interval_s: 5,
            insider_requests_per_minute: 25_000,
            big_tenant: false,
            latency_ms: 0,
            gzip: false,
            line_mbit_per_s: 0,
        }
    }
}

/// What the services share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) authority: String,
    pub(crate) entra: Entra,
    pub(crate) insider: Insider,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) distance: Distance,
    pub(crate) environments: Vec<Arc<Environment>>,
    pub(crate) details: OnceLock<Details>,
}

/// A running sample tenant. It ends when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    details: Details,
    stop: CancellationToken,
    servers: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts all services on 127.0.0.1. An error means that the port is taken, or that no key could be made.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        let sign_in = TcpListener::bind(("127.0.0.1", config.port)).await?;
        let authority = origin(&sign_in)?;
        let people = sample::people();
        let plans = sample::environments(config.records);
        let environments = plans
            .iter()
            .enumerate()
            .map(|(number, plan)| {
                let seed = config.seed.wrapping_add(number as u64);
                let mut environment = EnvironmentConfig::new(plan.name, seed, plan.records);
                environment.organization_id =
                    fixed_id(0x0f9a_0000 | number as u128, u128::from(config.seed) + 1);
                environment.tenant_id = plan.tenant;
                environment.profile = plan.profile;
                environment.users = sample::members(&people, plan.tenant);
                environment.big = config.big_tenant && number == 0;
                Environment::new(environment)
            })
            .collect();
        let entra = EntraConfig {
            issuer: authority.clone(),
            seed: config.seed,
            lifetime_s: config.access_token_lifetime_s,
            device_interval_s: config.device_interval_s,
        };
        let insider =
            Insider::new(sample::INSIDER_PARTNER, sample::INSIDER_TOKEN, config.insider_requests_per_minute);
        let shared = Arc::new(Shared {
            entra: Entra::new(sample::directory(&people), entra)?,
            authority: authority.clone(),
            insider,
            faults: Faults::default(),
            log: Log::new(),
            distance: Distance {
                latency: Duration::from_millis(config.latency_ms),
                gzip: config.gzip,
                line: Line::of(config.line_mbit_per_s),
            },
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
                tenant: sample::CONTOSO.to_string(),
                client_id: sample::PUBLIC.to_string(),
                confidential_client_id: sample::confidential().to_string(),
                client_secret: sample::CLIENT_SECRET.to_owned(),
                expired_client_secret: sample::EXPIRED_SECRET.to_owned(),
                disabled_client_id: sample::DISABLED.to_string(),
                insider_partner: sample::INSIDER_PARTNER.to_owned(),
                insider_token: sample::INSIDER_TOKEN.to_owned(),
                users: people.iter().map(sample::user_details).collect(),
                environments: Vec::new(),
                control: format!("{authority}/__control"),
                authority,
            },
            shared: Arc::clone(&shared),
            stop: CancellationToken::new(),
            servers: Vec::new(),
        };
        shared.entra.add_resource(&sandbox.details.authority, None);
        for (environment, plan) in shared.environments.iter().zip(plans) {
            sandbox.serve_environment(environment, plan).await?;
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

    async fn serve_environment(&mut self, environment: &Arc<Environment>, plan: Plan) -> io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = origin(&listener)?;
        self.shared.entra.add_resource(&url, Some(plan.tenant));
        self.details.environments.push(EnvironmentDetails {
            name: plan.name.to_owned(),
            display_name: plan.display_name.to_owned(),
            url: url.clone(),
            tenant: plan.tenant.to_string(),
            organization_id: environment.organization_id().to_string(),
            purpose: plan.purpose.to_owned(),
        });
        let checked =
            Checked { shared: Arc::clone(&self.shared), environment: Arc::clone(environment), origin: url };
        let router = dataverse::router(Arc::clone(environment)).layer(from_fn_with_state(checked, check));
        self.serve(listener, router, plan.name, Some(Arc::clone(environment)));
        Ok(())
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
        let listener = WireListener { listener, stop: stop.clone() };
        self.servers.push(tokio::spawn(async move {
            tokio::select! {
                // Serving ends only with the process or the sandbox.
                _ = async { axum::serve(listener, service).await } => {}
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

    /// Requests so far, the latest last.
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

    /// Profiles that Insider One has received, the latest first.
    pub fn profiles(&self) -> Vec<serde_json::Value> {
        self.shared.insider.profiles()
    }

    /// Ends all services: no port answers any more, and open connections are broken.
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
