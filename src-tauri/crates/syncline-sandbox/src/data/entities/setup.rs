//! Organization set-up: users, roles, business units, currencies, views.
use super::sales::about;
use super::*;
use crate::data::generator::{ROLES, UNITS};
use crate::data::untidy;
use rust_decimal::Decimal;

const S: u64 = 0x5000;
const CURRENCIES: [(&str, &str, &str, i64); 3] = [
    ("US Dollar", "USD", "$", 10_000_000_000),
    ("Euro", "EUR", "€", 9_200_000_000),
    ("Türk Lirası", "TRY", "₺", 321_234_567_890),
];

/// Exchange rate of a currency, ten decimals.
pub(super) fn rate(i: u32) -> Value {
    Value::Decimal(Decimal::from_i128_with_scale(i128::from(CURRENCIES[i as usize % 3].3), 10))
}

/// Symbol of a generated currency.
pub(crate) fn symbol(i: u32) -> &'static str {
    CURRENCIES[i as usize % 3].2
}

fn unit_of_user(g: &Generator, i: u32) -> u32 {
    if (i as usize) < g.users.len() { 0 } else { g.below(S + 1, i, UNITS.len() as u64) as u32 }
}

pub(super) fn system_user() -> Entity {
    const T: u8 = Table::SystemUser as u8;
    let mut c = system::<T>("systemuser", "systemuserid");
    c.extend([
        text("fullname", "Full Name", 200).read_only().make(|g, i| match g.users.get(i as usize) {
            Some(user) => user.full_name.clone().into(),
            None => untidy::full(g, S, i).into(),
        }),
        text("firstname", "First Name", 256).make(|g, i| match g.users.get(i as usize) {
            Some(user) => user.full_name.split(' ').next().unwrap_or_default().to_owned().into(),
            None => untidy::first(g, S, i).0.into(),
        }),
        text("lastname", "Last Name", 256).make(|g, i| match g.users.get(i as usize) {
            Some(user) => user.full_name.split_once(' ').map(|p| p.1.to_owned()).into(),
            None => untidy::last(g, S, i).0.into(),
        }),
        text("domainname", "User Name", 1024).required("ApplicationRequired").create_only().make(|g, i| {
            match g.users.get(i as usize) {
                Some(user) => user.domain_name.clone().into(),
                None => {
                    format!("{}.{}{i}@contoso.example", untidy::first(g, S, i).1, untidy::last(g, S, i).1)
                        .into()
                }
            }
        }),
        formatted("internalemailaddress", "Primary Email", 100, "Email").required("SystemRequired").make(
            |g, i| match g.users.get(i as usize) {
                Some(user) => user.domain_name.clone().into(),
                None => {
                    format!("{}.{}{i}@contoso.example", untidy::first(g, S, i).1, untidy::last(g, S, i).1)
                        .into()
                }
            },
        ),
        text("title", "Title", 128).make(|g, i| g.pick(S + 2, i, &untidy::TITLES).into()),
        formatted("address1_telephone1", "Main Phone", 64, "Phone"),
        yes_no("isdisabled", "Status", "Disabled", "Enabled")
            .make(|g, i| Value::Bool(i as usize >= g.users.len() && i % 5 == 4)),
        yes_no("isintegrationuser", "Integration user mode", "Yes", "No"),
        choice(
            "accessmode",
            "Access Mode",
            &[
                (0, "Read-Write"),
                (1, "Administrative"),
                (2, "Read"),
                (3, "Support User"),
                (4, "Non-interactive"),
                (5, "Delegated Admin"),
            ],
        )
        .make(|g, i| {
            Value::Int(if g.users.get(i as usize).is_some_and(|u| u.application_id.is_some()) {
                4
            } else {
                0
            })
        }),
        Column::new("azureactivedirectoryobjectid", "Azure AD Object ID", Kind::Id).create_only().make(
            |g, i| {
                g.users.get(i as usize).map_or_else(
                    || Value::Id(crate::data::ids::id_of(g.seed ^ 77, Table::SystemUser, i)),
                    |u| Value::Id(u.object_id),
                )
            },
        ),
        Column::new("applicationid", "Application ID", Kind::Id).create_only().make(|g, i| {
            g.users.get(i as usize).and_then(|u| u.application_id).map_or(Value::Null, Value::Id)
        }),
        lookup(
            "businessunitid",
            "Business Unit",
            &[(Table::BusinessUnit, "businessunitid", "business_unit_system_users")],
        )
        .required("SystemRequired")
        .make(|g, i| Value::Ref(Table::BusinessUnit, g.id(Table::BusinessUnit, unit_of_user(g, i)))),
        lookup(
            "parentsystemuserid",
            "Manager",
            &[(Table::SystemUser, "parentsystemuserid", "user_parent_user")],
        )
        // Of three colleagues one stands below each of the configured users in turn, and one below that one.
        .make(|g, i| match i.checked_sub(g.users.len() as u32) {
            None => Value::Null,
            Some(nth) if nth % 3 == 2 => Value::Null,
            Some(nth) if nth % 3 == 1 => Value::Ref(Table::SystemUser, g.id(Table::SystemUser, i - 1)),
            Some(nth) => {
                let above = nth / 3 % (g.users.len() as u32).max(1);
                Value::Ref(Table::SystemUser, g.id(Table::SystemUser, above))
            }
        }),
    ]);
    about(T, "systemuser", "SystemUser", "systemusers", "User", "Users", 8, "systemuserid", "fullname", c)
}

pub(super) fn role() -> Entity {
    const T: u8 = Table::Role as u8;
    let n = "Name";
    let mut c = system::<T>("role", "roleid");
    c.extend([
        text("name", n, 100).make(|_, i| ROLES[i as usize % ROLES.len()].into()),
        lookup(
            "businessunitid",
            "Business Unit",
            &[(Table::BusinessUnit, "businessunitid", "business_unit_roles")],
        )
        .make(|g, i| Value::Ref(Table::BusinessUnit, g.id(Table::BusinessUnit, i / ROLES.len() as u32))),
        lookup("parentroleid", "Parent Role", &[(Table::Role, "parentroleid", "role_parent_role")])
            .read_only()
            .make(parent),
        lookup(
            "parentrootroleid",
            "Parent Root Role",
            &[(Table::Role, "parentrootroleid", "role_parent_root_role")],
        )
        .read_only()
        .make(|g, i| Value::Ref(Table::Role, g.id(Table::Role, i % ROLES.len() as u32))),
        lookup(
            "roletemplateid",
            "Role Template ID",
            &[(Table::RoleTemplate, "roletemplateid", "role_template_roles")],
        )
        .create_only()
        .make(|g, i| Value::Ref(Table::RoleTemplate, g.id(Table::RoleTemplate, i % ROLES.len() as u32))),
    ]);
    fn parent(g: &Generator, i: u32) -> Value {
        let roles = ROLES.len() as u32;
        if i < roles { Value::Null } else { Value::Ref(Table::Role, g.id(Table::Role, i % roles)) }
    }
    about(T, "role", "Role", "roles", "Security Role", "Security Roles", 1036, "roleid", "name", c)
}

pub(super) fn system_user_roles() -> Entity {
    const T: u8 = Table::SystemUserRoles as u8;
    let mut c = system::<T>("systemuserroles", "systemuserroleid");
    c.extend([
        lookup("systemuserid", "User", &[(Table::SystemUser, "systemuserid", "systemuser_systemuserroles")])
            .make(|g, i| Value::Ref(Table::SystemUser, g.id(Table::SystemUser, i))),
        // The first user is the administrator; a role is that of the user's own business unit.
        lookup("roleid", "Role", &[(Table::Role, "roleid", "role_systemuserroles")]).make(|g, i| {
            let name = match g.users.get(i as usize) {
                Some(user) if user.restricted => 4,
                Some(_) => 0,
                None => 1 + g.below(S + 3, i, ROLES.len() as u64 - 1) as u32,
            };
            Value::Ref(Table::Role, g.id(Table::Role, unit_of_user(g, i) * ROLES.len() as u32 + name))
        }),
    ]);
    about(
        T,
        "systemuserroles",
        "SystemUserRoles",
        "systemuserrolescollection",
        "User Role",
        "User Roles",
        14,
        "systemuserroleid",
        "",
        c,
    )
}

pub(super) fn business_unit() -> Entity {
    const T: u8 = Table::BusinessUnit as u8;
    let mut c = system::<T>("businessunit", "businessunitid");
    c.extend([
        text("name", "Name", 160).make(|_, i| UNITS[i as usize % UNITS.len()].into()),
        text("divisionname", "Division", 100),
        yes_no("isdisabled", "Is Disabled", "Yes", "No"),
        lookup(
            "parentbusinessunitid",
            "Parent Business",
            &[(Table::BusinessUnit, "parentbusinessunitid", "business_unit_parent_business_unit")],
        )
        .make(|g, i| if i == 0 { Value::Null } else { Value::Ref(Table::BusinessUnit, g.root_unit) }),
    ]);
    about(
        T,
        "businessunit",
        "BusinessUnit",
        "businessunits",
        "Business Unit",
        "Business Units",
        10,
        "businessunitid",
        "name",
        c,
    )
}

pub(super) fn currency() -> Entity {
    const T: u8 = Table::Currency as u8;
    let mut c = system::<T>("transactioncurrency", "transactioncurrencyid");
    c.extend(states("Active", "Inactive"));
    c.extend([
        text("currencyname", "Currency Name", 100).make(|_, i| CURRENCIES[i as usize % 3].0.into()),
        text("isocurrencycode", "Currency Code", 5)
            .required("SystemRequired")
            .create_only()
            .make(|_, i| CURRENCIES[i as usize % 3].1.into()),
        text("currencysymbol", "Currency Symbol", 13)
            .required("SystemRequired")
            .make(|_, i| symbol(i).into()),
        integer("currencyprecision", "Currency Precision", 0, 4).make(|_, _| Value::Int(2)),
        Column::new("exchangerate", "Exchange Rate", Kind::Decimal { min: 1e-12, max: 1e11, precision: 12 })
            .make(|_, i| rate(i)),
    ]);
    about(
        T,
        "transactioncurrency",
        "TransactionCurrency",
        "transactioncurrencies",
        "Currency",
        "Currencies",
        9105,
        "transactioncurrencyid",
        "currencyname",
        c,
    )
}

const VIEWS: [(&str, &str, &str); 8] = [
    (
        "Active Contacts",
        "contact",
        "<attribute name=\"fullname\"/><attribute name=\"emailaddress1\"/><order attribute=\"fullname\"/><filter type=\"and\"><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter>",
    ),
    (
        "Inactive Contacts",
        "contact",
        "<attribute name=\"fullname\"/><order attribute=\"fullname\"/><filter type=\"and\"><condition attribute=\"statecode\" operator=\"eq\" value=\"1\"/></filter>",
    ),
    (
        "My Active Contacts",
        "contact",
        "<attribute name=\"fullname\"/><filter type=\"and\"><condition attribute=\"ownerid\" operator=\"eq-userid\"/><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter>",
    ),
    (
        "Contacts & Companies",
        "contact",
        "<attribute name=\"fullname\"/><link-entity name=\"account\" from=\"accountid\" to=\"parentcustomerid\" link-type=\"outer\" alias=\"company\"><attribute name=\"name\"/></link-entity>",
    ),
    (
        "Active Accounts",
        "account",
        "<attribute name=\"name\"/><attribute name=\"accountnumber\"/><order attribute=\"name\"/><filter type=\"and\"><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter>",
    ),
    (
        "Open Leads",
        "lead",
        "<attribute name=\"fullname\"/><filter type=\"and\"><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter>",
    ),
    (
        "Open Opportunities",
        "opportunity",
        "<attribute name=\"name\"/><attribute name=\"estimatedvalue\"/><filter type=\"and\"><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter>",
    ),
    (
        "Active Projects",
        "new_project",
        "<attribute name=\"new_name\"/><attribute name=\"new_projectcode\"/><order attribute=\"new_name\"/>",
    ),
];

pub(super) fn saved_query() -> Entity {
    const T: u8 = Table::SavedQuery as u8;
    let mut c = system::<T>("savedquery", "savedqueryid");
    c.extend(states("Active", "Inactive"));
    c.extend([
        text("name", "Name", 200).make(|_, i| VIEWS[i as usize % VIEWS.len()].0.into()),
        Column::new("returnedtypecode", "Entity Name", Kind::EntityName).create_only().make(|_, i| VIEWS[i as usize % VIEWS.len()].1.into()),
        integer("querytype", "Query Type", 0, 1_000_000_000).make(|_, _| Value::Int(0)),
        yes_no("isdefault", "Default View", "Yes", "No").make(|_, i| Value::Bool(i % 4 == 0)),
        memo("fetchxml", "Fetch XML", 1_073_741_823).make(|_, i| {
            let (_, table, inside) = VIEWS[i as usize % VIEWS.len()];
            format!("<fetch version=\"1.0\" mapping=\"logical\"><entity name=\"{table}\">{inside}</entity></fetch>").into()
        }),
        memo("layoutxml", "Layout XML", 1_073_741_823)
            .make(|_, i| {
            let (_, table, inside) = VIEWS[i as usize % VIEWS.len()];
            layout(table, inside).into()
        }),
    ]);
    about(T, "savedquery", "SavedQuery", "savedqueries", "View", "Views", 1039, "savedqueryid", "name", c)
}

/// A layout with the columns a view asks for, the first first and the others last to first, so that its order is its own.
fn layout(table: &str, inside: &str) -> String {
    let mut names: Vec<&str> =
        inside.split("<attribute name=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    if let Some(rest) = names.get_mut(1..) {
        rest.reverse();
    }
    let jump = names.first().copied().unwrap_or("createdon");
    let cells: String = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("<cell name=\"{name}\" width=\"{}\" />", if at == 0 { 300 } else { 150 }))
        .collect();
    format!(
        "<grid name=\"resultset\" jump=\"{jump}\" select=\"1\" icon=\"1\" preview=\"1\"><row name=\"result\" id=\"{table}id\">{cells}</row></grid>"
    )
}

/// Views that belong to a user, over contacts.
const PERSONAL: [(&str, &str); 2] = [
    (
        "My contacts without an e-mail",
        "<attribute name=\"fullname\"/><attribute name=\"emailaddress1\"/><order attribute=\"fullname\"/><filter><condition attribute=\"emailaddress1\" operator=\"null\"/></filter>",
    ),
    (
        "Contacts of this year",
        "<attribute name=\"fullname\"/><attribute name=\"createdon\"/><order attribute=\"createdon\" descending=\"true\"/><filter><condition attribute=\"createdon\" operator=\"this-year\"/></filter>",
    ),
];

pub(super) fn user_query() -> Entity {
    const T: u8 = Table::UserQuery as u8;
    let mut c = system::<T>("userquery", "userqueryid");
    c.extend(states("Active", "Inactive"));
    c.extend(owned("userquery"));
    c.extend([
        text("name", "Name", 200).make(|_, i| PERSONAL[i as usize % PERSONAL.len()].0.into()),
        Column::new("returnedtypecode", "Entity Name", Kind::EntityName)
            .create_only()
            .make(|_, _| "contact".into()),
        integer("querytype", "Query Type", 0, 1_000_000_000).make(|_, _| Value::Int(0)),
        memo("fetchxml", "Fetch XML", 1_073_741_823).make(|_, i| {
            let inside = PERSONAL[i as usize % PERSONAL.len()].1;
            format!("<fetch version=\"1.0\" mapping=\"logical\"><entity name=\"contact\">{inside}</entity></fetch>")
                .into()
        }),
        memo("layoutxml", "Layout XML", 1_073_741_823).make(|_, i| layout("contact", PERSONAL[i as usize % PERSONAL.len()].1).into()),
    ]);
    about(
        T,
        "userquery",
        "UserQuery",
        "userqueries",
        "Saved View",
        "Saved Views",
        4230,
        "userqueryid",
        "name",
        c,
    )
}
