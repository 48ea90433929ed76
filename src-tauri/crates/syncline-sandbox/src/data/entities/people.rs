//! What the service knows of a person besides the user row: teams, settings; and of the organization.
use super::sales::about;
use super::*;
use crate::data::generator::TEAMS;

/// People in the sample: `n`th membership of a team.
fn member(g: &Generator, i: u32) -> u32 {
    i % g.count(Table::SystemUser).max(1)
}

pub(super) fn team() -> Entity {
    const T: u8 = Table::Team as u8;
    let mut c = system::<T>("team", "teamid");
    c.extend([
        text("name", "Team Name", 160).make(|_, i| TEAMS[i as usize % TEAMS.len()].into()),
        choice("teamtype", "Team Type", &[(0, "Owner"), (1, "Access"), (2, "Security Group")])
            .create_only()
            .make(|_, _| Value::Int(0)),
        yes_no("isdefault", "Is Default", "Yes", "No").read_only().make(|_, i| Value::Bool(i == 0)),
        lookup(
            "businessunitid",
            "Business Unit",
            &[(Table::BusinessUnit, "businessunitid", "business_unit_teams")],
        )
        .required("SystemRequired")
        .make(|g, i| {
            Value::Ref(Table::BusinessUnit, g.id(Table::BusinessUnit, i % g.count(Table::BusinessUnit)))
        }),
        lookup(
            "administratorid",
            "Administrator",
            &[(Table::SystemUser, "administratorid", "lk_teambase_administratorid")],
        )
        .make(|g, _| Value::Ref(Table::SystemUser, g.id(Table::SystemUser, 0))),
    ]);
    about(T, "team", "Team", "teams", "Team", "Teams", 9, "teamid", "name", c)
}

pub(super) fn team_membership() -> Entity {
    const T: u8 = Table::TeamMembership as u8;
    let mut c = system::<T>("teammembership", "teammembershipid");
    c.extend([
        lookup("systemuserid", "User", &[(Table::SystemUser, "systemuserid", "systemuser_teammembership")])
            .make(|g, i| Value::Ref(Table::SystemUser, g.id(Table::SystemUser, member(g, i)))),
        lookup("teamid", "Team", &[(Table::Team, "teamid", "team_teammembership")]).make(|g, i| {
            let round = i / g.count(Table::SystemUser).max(1);
            Value::Ref(Table::Team, g.id(Table::Team, (member(g, i) + round) % TEAMS.len() as u32))
        }),
    ]);
    about(
        T,
        "teammembership",
        "TeamMembership",
        "teammemberships",
        "Team Membership",
        "Team Memberships",
        23,
        "teammembershipid",
        "",
        c,
    )
}

/// One row a user, under the user's own id.
pub(super) fn user_settings() -> Entity {
    const T: u8 = Table::UserSettings as u8;
    let mut c = system::<T>("usersettings", "systemuserid");
    c.extend([
        integer("uilanguageid", "UI Language", 0, 65_535).make(|_, _| Value::Int(1033)),
        integer("localeid", "Locale", 0, 65_535).make(|_, _| Value::Int(1033)),
        // 92 is Coordinated Universal Time.
        integer("timezonecode", "Time Zone", -1, 1500).make(|_, _| Value::Int(92)),
        text("dateformatstring", "Date Format", 255).make(|_, _| "M/d/yyyy".into()),
        integer("paginglimit", "Paging Limit", 0, 250).make(|_, _| Value::Int(50)),
        lookup(
            "businessunitid",
            "Business Unit",
            &[(Table::BusinessUnit, "businessunitid", "business_unit_user_settings")],
        )
        .read_only()
        .make(|g, _| Value::Ref(Table::BusinessUnit, g.root_unit)),
    ]);
    about(
        T,
        "usersettings",
        "UserSettings",
        "usersettingscollection",
        "User Settings",
        "User Settings",
        150,
        "systemuserid",
        "",
        c,
    )
}

pub(super) fn organization() -> Entity {
    const T: u8 = Table::Organization as u8;
    let mut c = system::<T>("organization", "organizationid");
    c.extend([
        text("name", "Organization Name", 160).read_only().make(|_, _| "contoso".into()),
        integer("languagecode", "Language", 0, 65_535).read_only().make(|_, _| Value::Int(1033)),
        moment("fiscalcalendarstart", "Fiscal Calendar Start").make(|_, _| Value::Time(1_735_689_600)),
        // 2002 is quarterly.
        integer("fiscalperiodtype", "Fiscal Period Type", 2000, 2004).make(|_, _| Value::Int(2002)),
        integer("fiscalyeardisplaycode", "Fiscal Year Display", 1, 2).make(|_, _| Value::Int(1)),
        integer("weekstartdaycode", "Week Start Day Code", 0, 6).make(|_, _| Value::Int(0)),
    ]);
    about(
        T,
        "organization",
        "Organization",
        "organizations",
        "Organization",
        "Organizations",
        1019,
        "organizationid",
        "name",
        c,
    )
}
