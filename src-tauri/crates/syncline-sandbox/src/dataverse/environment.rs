//! One Dataverse environment: its identity, its users, its data.
use super::caller::Caller;
use super::messages::Messages;
use super::protection::{Limits, Protection};
use super::query::order::Orders;
use super::rights::Rights;
use super::store::{FIRST_WRITE, Store};
use crate::data::Generator;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

/// How an environment is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Contacts, accounts, leads and all the rest.
    #[default]
    Sample,
    /// A destination: users, roles and settings, but only a handful of accounts and contacts.
    Sparse,
}

/// A person or application that may call the service; becomes a row of `systemuser`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSeed {
    pub user_id: Uuid,
    pub full_name: String,
    /// User principal name, `domainname`.
    pub domain_name: String,
    /// Object id in Microsoft Entra.
    pub object_id: Uuid,
    /// Client id, for an application user.
    pub application_id: Option<Uuid>,
    /// Lacks prvReadLead (see [`Rights`]), and may write nothing but contacts and tasks.
    pub restricted: bool,
}

/// What an environment is made of.
#[derive(Debug, Clone)]
pub struct EnvironmentConfig {
    pub name: String,
    pub organization_id: Uuid,
    pub tenant_id: Uuid,
    pub seed: u64,
    /// Contacts; the other tables follow from it.
    pub records: u32,
    pub profile: Profile,
    pub users: Vec<UserSeed>,
    /// Seconds since 1970 that relative dates are counted from; `None` is the system clock.
    pub now: Option<i64>,
    /// `None` switches service protection off.
    pub limits: Option<Limits>,
    /// 1,000 tables with 40,000 columns in place of the sample ones alone.
    pub big: bool,
}

impl EnvironmentConfig {
    /// An environment with the sample users and the documented limits.
    pub fn new(name: &str, seed: u64, records: u32) -> Self {
        Self {
            name: name.to_owned(),
            organization_id: Uuid::from_u128(0x0f9a_0000_0000_4000_8000_0000_0000_0000 | u128::from(seed)),
            tenant_id: Uuid::from_u128(0x7e4a_0000_0000_4000_8000_0000_0000_0001),
            seed,
            records,
            profile: Profile::Sample,
            users: sample_users(),
            now: None,
            limits: Some(Limits::default()),
            big: false,
        }
    }
}

/// The users every environment has unless the configuration names others: an administrator, a salesperson without
/// rights on leads, and an application user.
pub fn sample_users() -> Vec<UserSeed> {
    let user = |n: u128, name: &str, upn: &str, application: bool, restricted: bool| UserSeed {
        user_id: Uuid::from_u128(0x05e7_0000_0000_4000_8000_0000_0000_0000 | n),
        full_name: name.to_owned(),
        domain_name: upn.to_owned(),
        object_id: Uuid::from_u128(0x0b7e_0000_0000_4000_8000_0000_0000_0000 | n),
        application_id: application.then(|| Uuid::from_u128(0xc11e_0000_0000_4000_8000_0000_0000_0000 | n)),
        restricted,
    };
    vec![
        user(1, "Ada Administrator", "admin@contoso.example", false, false),
        user(2, "Rui Restricted", "restricted@contoso.example", false, true),
        user(3, "# Syncline Integration", "integration@contoso.example", true, false),
    ]
}

/// A running environment. Shared; all changes go through `&self`.
#[derive(Debug)]
pub struct Environment {
    pub name: String,
    pub tenant_id: Uuid,
    pub users: Vec<UserSeed>,
    pub protection: Protection,
    organization_id: RwLock<Uuid>,
    pub(crate) store: RwLock<Store>,
    pub(crate) orders: Orders,
    fixed_now: Option<i64>,
    oldest_delta: AtomicI64,
    pub(crate) rights: Rights,
    messages: Messages,
    duplicate_rules: AtomicBool,
    change_tracking_days: AtomicI64,
}

impl Environment {
    /// Builds the environment. Rows are made on demand, so this is quick for any number of records.
    pub fn new(config: EnvironmentConfig) -> Arc<Self> {
        let mut generator =
            Generator::new(config.seed, config.records, config.profile, config.users.clone(), ROOT_UNIT);
        generator.organization = config.organization_id;
        let mut store = Store::new(generator);
        if config.big {
            store.set_big(true);
        }
        Arc::new(Self {
            rights: Rights::new(&config.users),
            messages: Messages::default(),
            duplicate_rules: AtomicBool::new(false),
            store: RwLock::new(store),
            orders: Orders::default(),
            fixed_now: config.now,
            oldest_delta: AtomicI64::new(FIRST_WRITE),
            change_tracking_days: AtomicI64::new(CHANGE_TRACKING_DAYS),
            name: config.name,
            tenant_id: config.tenant_id,
            users: config.users,
            protection: Protection::new(config.limits),
            organization_id: RwLock::new(config.organization_id),
        })
    }

    /// The id that WhoAmI gives.
    pub fn organization_id(&self) -> Uuid {
        *self.organization_id.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the service answer as another organization.
    pub fn set_organization_id(&self, id: Uuid) {
        *self.organization_id.write().unwrap_or_else(PoisonError::into_inner) = id;
    }

    /// The caller for a signed-in person, by object id.
    pub fn caller_by_object_id(&self, object_id: Uuid) -> Option<Caller> {
        self.users.iter().find(|u| u.object_id == object_id).map(caller)
    }

    /// The caller for an application, by client id.
    pub fn caller_by_application_id(&self, application_id: Uuid) -> Option<Caller> {
        self.users.iter().find(|u| u.application_id == Some(application_id)).map(caller)
    }

    /// Id of the root business unit.
    pub fn root_business_unit(&self) -> Uuid {
        ROOT_UNIT
    }

    /// Makes every delta token given so far too old, as the retention period does.
    pub fn expire_delta_tokens(&self) {
        let version = self.store.read().unwrap_or_else(PoisonError::into_inner).version;
        self.oldest_delta.store(version + 1, Ordering::SeqCst);
        self.store.write().unwrap_or_else(PoisonError::into_inner).version = version + 1;
    }

    /// How many days a delta token lives (`ExpireChangeTrackingInDays` of the organization).
    pub fn set_change_tracking_days(&self, days: i64) {
        self.change_tracking_days.store(days, Ordering::SeqCst);
    }

    pub(crate) fn change_tracking_days(&self) -> i64 {
        self.change_tracking_days.load(Ordering::SeqCst)
    }

    pub(crate) fn oldest_delta(&self) -> i64 {
        self.oldest_delta.load(Ordering::SeqCst)
    }

    /// Seconds since 1970 that relative dates are counted from and writes are stamped with.
    pub(crate) fn now(&self) -> i64 {
        self.fixed_now.unwrap_or_else(|| jiff::Timestamp::now().as_second())
    }

    /// Makes it a tenant of 1,000 tables with 40,000 columns, or the small one again.
    pub fn set_big(&self, big: bool) {
        self.store.write().unwrap_or_else(PoisonError::into_inner).set_big(big);
    }

    /// Which tables have which bulk messages.
    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Takes optimistic concurrency from a table, or gives it back.
    pub fn set_optimistic_concurrency(&self, logical_name: &str, enabled: bool) {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        if enabled {
            store.unguarded.remove(logical_name);
        } else {
            store.unguarded.insert(logical_name.to_owned());
        }
        store.metadata_version += 1;
    }

    /// Publishes the duplicate detection rules, or unpublishes them.
    pub fn set_duplicate_rules(&self, published: bool) {
        self.duplicate_rules.store(published, Ordering::SeqCst);
    }

    pub(crate) fn duplicate_rules(&self) -> bool {
        self.duplicate_rules.load(Ordering::SeqCst)
    }

    /// What restricted users may not do.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// True for a user who lacks rights.
    pub(crate) fn restricted(&self, user: Uuid) -> bool {
        self.rights.restricted(user)
    }
}

/// The documented default of `ExpireChangeTrackingInDays`.
const CHANGE_TRACKING_DAYS: i64 = 7;

const ROOT_UNIT: Uuid = Uuid::from_u128(0xb051_0000_0000_4000_8000_0000_0000_0000);

fn caller(user: &UserSeed) -> Caller {
    Caller {
        user_id: user.user_id,
        user_name: user.domain_name.clone(),
        application: user.application_id.is_some(),
    }
}
