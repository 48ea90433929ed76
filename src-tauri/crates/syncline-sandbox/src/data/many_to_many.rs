//! Many-to-many relationships of the sample environment.

use super::schema::Table;

/// A many-to-many relationship, described on both of its tables.
#[derive(Debug, Clone)]
pub struct ManyToMany {
    /// Schema name, and the navigation property on both sides.
    pub name: &'static str,
    pub intersect: Table,
    pub first: (Table, &'static str),
    pub second: (Table, &'static str),
}

/// All many-to-many relationships.
pub const MANY_TO_MANY: [ManyToMany; 5] = [
    ManyToMany {
        name: "teammembership_association",
        intersect: Table::TeamMembership,
        first: (Table::SystemUser, "systemuserid"),
        second: (Table::Team, "teamid"),
    },
    ManyToMany {
        name: "systemuserroles_association",
        intersect: Table::SystemUserRoles,
        first: (Table::SystemUser, "systemuserid"),
        second: (Table::Role, "roleid"),
    },
    ManyToMany {
        name: "listcontact_association",
        intersect: Table::ListMember,
        first: (Table::List, "listid"),
        second: (Table::Contact, "entityid"),
    },
    ManyToMany {
        name: "listaccount_association",
        intersect: Table::ListMember,
        first: (Table::List, "listid"),
        second: (Table::Account, "entityid"),
    },
    ManyToMany {
        name: "listlead_association",
        intersect: Table::ListMember,
        first: (Table::List, "listid"),
        second: (Table::Lead, "entityid"),
    },
];
