//! The source of generated rows: counts, dice and ids.
use super::entities::solutions::ADMINISTRATOR;
use super::ids::{id_of, index_of, mix};
use super::schema::Table;
use super::solutions::Solutions;
use super::value::Value;
use crate::dataverse::environment::{Profile, UserSeed};
use rust_decimal::Decimal;
use std::sync::Arc;
use uuid::Uuid;

/// Everything a column's maker may look at.
#[derive(Debug, Clone)]
pub struct Generator {
    pub seed: u64,
    pub users: Vec<UserSeed>,
    pub root_unit: Uuid,
    /// Solutions and what is in them; set when the schema is known.
    pub solutions: Arc<Solutions>,
    /// The organization's id.
    pub organization: Uuid,
    counts: [u32; Table::ALL.len()],
}

/// Users besides the configured ones.
const COLLEAGUES: u32 = 9;
/// Names of the security roles; each exists once in every business unit.
pub const ROLES: [&str; 6] = [
    "System Administrator",
    "Salesperson",
    "Sales Manager",
    "Marketing Professional",
    "Basic User",
    "Delegate",
];
/// Names of the business units; the first is the root.
pub const UNITS: [&str; 4] = ["contoso", "Sales EMEA", "Sales Americas", "Marketing"];
/// Names of the teams; everybody is in two of them.
pub const TEAMS: [&str; 3] = ["contoso", "Vertrieb Süd", "Support"];
/// Members of a static marketing list.
pub const LIST_MEMBERS: u32 = 40;
/// Marketing lists; every third one is dynamic and has no members of its own. The first nine are of contacts.
pub const LISTS: u32 = 12;
/// Static ones among them.
pub const STATIC_LISTS: u32 = 8;

impl Generator {
    /// Counts for an environment of `records` contacts.
    pub fn new(seed: u64, records: u32, profile: Profile, users: Vec<UserSeed>, root_unit: Uuid) -> Self {
        let sample = profile == Profile::Sample;
        let n = if sample { records } else { records.min(3) };
        let mut counts = [0; Table::ALL.len()];
        let mut set = |table: Table, count: u32| counts[table as usize] = count;
        set(Table::Contact, n);
        set(Table::Account, if sample { (n / 5).max(1) } else { n });
        set(Table::Lead, if sample { n / 10 } else { 0 });
        set(Table::Opportunity, if sample { n / 20 } else { 0 });
        set(Table::Product, 40);
        set(Table::List, if sample { LISTS } else { 0 });
        set(Table::ListMember, if sample && n > 0 { STATIC_LISTS * LIST_MEMBERS.min(n) } else { 0 });
        set(Table::SystemUser, users.len() as u32 + COLLEAGUES);
        set(Table::Role, (ROLES.len() * UNITS.len()) as u32);
        set(Table::SystemUserRoles, users.len() as u32 + COLLEAGUES);
        set(Table::BusinessUnit, UNITS.len() as u32);
        set(Table::Task, if sample { n / 10 } else { 0 });
        set(Table::Currency, 3);
        set(Table::SavedQuery, 8);
        set(Table::UserQuery, if sample { 2 } else { 0 });
        set(Table::Project, if sample { n / 50 } else { 0 });
        set(Table::ProjectMember, if sample { n / 10 } else { 0 });
        set(Table::RoleTemplate, ROLES.len() as u32);
        set(Table::Team, TEAMS.len() as u32);
        set(Table::TeamMembership, 2 * (users.len() as u32 + COLLEAGUES));
        set(Table::UserSettings, users.len() as u32 + COLLEAGUES);
        set(Table::Organization, 1);
        set(Table::SalesOrder, if sample { n / 20 } else { 0 });
        Self { seed, users, root_unit, organization: Uuid::nil(), solutions: Arc::default(), counts }
    }

    /// Puts tables into solutions.
    pub fn with_solutions(mut self, solutions: Solutions) -> Self {
        self.counts[Table::Solution as usize] = solutions.all.len() as u32;
        self.counts[Table::SolutionComponent as usize] = solutions.components.len() as u32;
        self.solutions = Arc::new(solutions);
        self
    }

    /// Generated rows of a table.
    pub fn count(&self, table: Table) -> u32 {
        self.counts[table as usize]
    }

    /// Id of a generated row.
    pub fn id(&self, table: Table, index: u32) -> Uuid {
        match table {
            Table::SystemUser if (index as usize) < self.users.len() => self.users[index as usize].user_id,
            Table::BusinessUnit if index == 0 => self.root_unit,
            Table::RoleTemplate if index == 0 => ADMINISTRATOR,
            Table::UserSettings => self.id(Table::SystemUser, index),
            Table::Organization => self.organization,
            _ => id_of(self.seed, table, index),
        }
    }

    /// Row number behind an id of a generated row.
    pub fn index(&self, table: Table, id: Uuid) -> Option<u32> {
        if table == Table::UserSettings {
            return self.index(Table::SystemUser, id);
        }
        let special = match table {
            Table::Organization if id == self.organization => Some(0),
            Table::SystemUser => self.users.iter().position(|u| u.user_id == id).map(|n| n as u32),
            Table::BusinessUnit if id == self.root_unit => Some(0),
            Table::RoleTemplate if id == ADMINISTRATOR => Some(0),
            _ => None,
        };
        special.or_else(|| index_of(self.seed, table, id)).filter(|n| *n < self.count(table))
    }

    /// A die for one column of one row.
    #[inline]
    pub fn dice(&self, salt: u64, index: u32) -> u64 {
        mix(self.seed.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ (u64::from(index) << 17))
    }

    /// 0 to `n`-1.
    #[inline]
    pub fn below(&self, salt: u64, index: u32, n: u64) -> u64 {
        self.dice(salt, index) % n.max(1)
    }

    /// One of a list.
    #[inline]
    pub fn pick<T: Copy>(&self, salt: u64, index: u32, of: &[T]) -> T {
        of[self.below(salt, index, of.len() as u64) as usize]
    }

    /// True in `percent` of all rows.
    #[inline]
    pub fn chance(&self, salt: u64, index: u32, percent: u64) -> bool {
        self.below(salt ^ 0x5555, index, 100) < percent
    }

    /// A lookup to a row of `table`, or null when it has none.
    pub fn link(&self, table: Table, salt: u64, index: u32) -> Value {
        match self.count(table) {
            0 => Value::Null,
            n => {
                let at = self.below(salt, index, u64::from(n)) as u32;
                Value::Ref(table, self.id(table, at))
            }
        }
    }

    /// A choice out of values, null in `empty` percent.
    pub fn choice(&self, salt: u64, index: u32, empty: u64, of: &[i64]) -> Value {
        if self.chance(salt, index, empty) { Value::Null } else { Value::Int(self.pick(salt, index, of)) }
    }

    /// Money with four decimals below `max`, null in `empty` percent.
    pub fn money(&self, salt: u64, index: u32, empty: u64, max: u64) -> Value {
        if self.chance(salt, index, empty) {
            return Value::Null;
        }
        let amount = self.below(salt, index, max * 10_000);
        // Most amounts are round, some are not.
        let amount = if amount.is_multiple_of(3) { amount } else { amount / 100_000 * 100_000 };
        Value::Decimal(Decimal::from_i128_with_scale(i128::from(amount), 4))
    }

    /// Seconds since 1970 of a row's creation.
    pub fn created(&self, table: Table, index: u32) -> i64 {
        const FROM: i64 = 1_420_070_400; // 2015-01-01
        FROM + self.below(0xc0 + table as u64, index, 360_000_000) as i64
    }

    /// Seconds since 1970 of a row's last change.
    pub fn modified(&self, table: Table, index: u32) -> i64 {
        self.created(table, index) + self.below(0xd0 + table as u64, index, 10_000_000) as i64
    }

    /// The row version; unique over all tables, below every version that a write gives.
    pub fn version(&self, table: Table, index: u32) -> i64 {
        1_000_000 + i64::from(index) * 64 + table as i64
    }
}
