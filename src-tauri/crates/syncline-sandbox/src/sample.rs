//! The sample directory: two tenants, their people, the app registrations, the environments and who is a user of which.

use uuid::Uuid;

use crate::dataverse::{Profile, UserSeed, sample_users};
use crate::details::UserDetails;
use crate::entra::{AppKind, Application, Directory, Person, PersonKind, Tenant};

pub(crate) const CLIENT_SECRET: &str = "sample~secret.8Q_for-loopback";
pub(crate) const EXPIRED_SECRET: &str = "expired~secret.8Q_for-loopback";
pub(crate) const INSIDER_PARTNER: &str = "contosobrand";
pub(crate) const INSIDER_TOKEN: &str = "sample-insider-request-token";

/// The first tenant.
pub(crate) const CONTOSO: Uuid = fixed_id(0x7e4a_0000, 1);
/// The second tenant, so that one can't be mistaken for all.
pub(crate) const NORTHWIND: Uuid = fixed_id(0x7e4a_0000, 2);
/// The public client.
pub(crate) const PUBLIC: Uuid = fixed_id(0xc11e_0000, 1);
/// A public client that is switched off.
pub(crate) const DISABLED: Uuid = fixed_id(0xc11e_0000, 9);

pub(crate) const fn fixed_id(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128((kind << 96) | 0x0000_0000_0000_4000_8000_0000_0000_0000 | number)
}

/// The client with a secret: the one that the environments know as an application user.
pub(crate) fn confidential() -> Uuid {
    sample_users()
        .into_iter()
        .find_map(|user| user.application_id)
        .unwrap_or_else(|| fixed_id(0xc11e_0000, 3))
}

/// An environment to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) display_name: &'static str,
    pub(crate) tenant: Uuid,
    pub(crate) profile: Profile,
    pub(crate) records: u32,
    pub(crate) purpose: &'static str,
}

/// The environments: a source, a destination of the same tenant, and one of another tenant.
pub(crate) fn environments(records: u64) -> [Plan; 3] {
    let records = u32::try_from(records).unwrap_or(u32::MAX).min(1_000_000);
    let plan = |name, display_name, tenant, profile, records, purpose| Plan {
        name,
        display_name,
        tenant,
        profile,
        records,
        purpose,
    };
    [
        plan("contoso", "Contoso (sample)", CONTOSO, Profile::Sample, records, "Sandbox"),
        plan("fabrikam", "Fabrikam (sample destination)", CONTOSO, Profile::Sparse, 0, "Production"),
        plan(
            "northwind",
            "Northwind (another tenant)",
            NORTHWIND,
            Profile::Sample,
            records.min(500),
            "Sandbox",
        ),
    ]
}

/// Tenants, people and app registrations.
pub(crate) fn directory(people: &[(Person, &'static str)]) -> Directory {
    Directory {
        tenants: vec![
            Tenant { id: CONTOSO, domain: "contoso.example".to_owned() },
            Tenant { id: NORTHWIND, domain: "northwind.example".to_owned() },
        ],
        people: people.iter().map(|(person, _)| person.clone()).collect(),
        applications: applications(),
    }
}

/// People and the word that describes them.
pub(crate) fn people() -> Vec<(Person, &'static str)> {
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
            (person(user.object_id, CONTOSO, &user.domain_name, &user.full_name, PersonKind::Normal), word)
        })
        .collect();
    let more = [
        (CONTOSO, "sam.sales@contoso.example", "Sam Sales", PersonKind::Normal, "normal"),
        (CONTOSO, "mia.factor@contoso.example", "Mia Factor", PersonKind::SecondFactor, "second factor"),
        (CONTOSO, "dan.disabled@contoso.example", "Dan Disabled", PersonKind::Disabled, "disabled"),
        (CONTOSO, "nico.nowhere@contoso.example", "Nico Nowhere", PersonKind::Normal, "no environment"),
        (CONTOSO, "gina.guest@partner.example", "Gina Guest", PersonKind::Guest, "guest"),
        (NORTHWIND, "nora@northwind.example", "Nora Northwind", PersonKind::Normal, "normal"),
    ];
    for (number, (tenant, user_name, display_name, kind, word)) in more.into_iter().enumerate() {
        let id = fixed_id(0x0b7e_0001, number as u128 + 1);
        all.push((person(id, tenant, user_name, display_name, kind), word));
    }
    all
}

/// The users of an environment: the people of its tenant, less those who are nowhere, and the application.
pub(crate) fn members(people: &[(Person, &'static str)], tenant: Uuid) -> Vec<UserSeed> {
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
    users.extend(known.into_iter().filter(|user| user.application_id == Some(confidential())));
    users
}

fn applications() -> Vec<Application> {
    let application = |client_id, name: &str, kind, redirect_uris: &[&str], disabled| Application {
        client_id,
        name: name.to_owned(),
        kind,
        redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
        disabled,
    };
    let secrets =
        AppKind::Confidential { secret: CLIENT_SECRET.to_owned(), expired_secret: EXPIRED_SECRET.to_owned() };
    vec![
        application(PUBLIC, "Syncline", AppKind::Public, &["http://localhost"], false),
        application(
            confidential(),
            "Syncline Integration",
            secrets,
            &["https://app.contoso.example/signin"],
            false,
        ),
        application(DISABLED, "Old tool", AppKind::Public, &["http://localhost"], true),
    ]
}

/// What callers learn about a person.
pub(crate) fn user_details((person, kind): &(Person, &'static str)) -> UserDetails {
    UserDetails {
        user_name: person.user_name.clone(),
        display_name: person.display_name.clone(),
        tenant: person.tenant.to_string(),
        kind: (*kind).to_owned(),
    }
}
