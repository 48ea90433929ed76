//! account.
use super::*;
use crate::data::untidy;

const T: u8 = Table::Account as u8;
const S: u64 = 0x2000;

pub(super) fn account() -> Entity {
    let mut c = system::<T>("account", "accountid");
    c.extend(owned("account"));
    c.extend(currency("account"));
    c.extend(states("Active", "Inactive"));
    set_make(&mut c, "statecode", state_mostly_active::<T>);
    set_make(&mut c, "statuscode", status_mostly_active::<T>);
    c.extend([
        text("name", "Account Name", 160).make(|g, i| untidy::company(g, S, i).into()),
        text("accountnumber", "Account Number", 20).make(|_, i| format!("A-{i:06}").into()),
        formatted("emailaddress1", "Email", 100, "Email").make(|g, i| untidy::email(g, S, i)),
        formatted("telephone1", "Main Phone", 50, "Phone").make(|g, i| untidy::phone(g, S, i)),
        formatted("websiteurl", "Website", 200, "Url")
            .make(|_, i| if i % 2 == 0 { Value::Null } else { format!("https://example.com/a/{i}").into() }),
        formatted("tickersymbol", "Ticker Symbol", 10, "TickerSymbol"),
        choice(
            "industrycode",
            "Industry",
            &[
                (1, "Accounting"),
                (2, "Agriculture & Non-petrol Natural Resource Extraction"),
                (3, "Broadcasting Printing and Publishing"),
                (6, "Consulting"),
            ],
        )
        .make(|g, i| g.choice(S + 2, i, 40, &[1, 2, 3, 6])),
        choice(
            "customertypecode",
            "Relationship Type",
            &[(1, "Competitor"), (2, "Consultant"), (3, "Customer"), (10, "Supplier")],
        )
        .make(|g, i| g.choice(S + 3, i, 40, &[1, 2, 3, 10])),
        money("revenue", "Annual Revenue").make(|g, i| g.money(S + 4, i, 30, 90_000_000)),
        money("revenue_base", "Annual Revenue (Base)")
            .read_only()
            .make(|g, i| g.money(S + 4, i, 30, 90_000_000)),
        money("creditlimit", "Credit Limit").make(|g, i| g.money(S + 5, i, 60, 1_000_000)),
        money("creditlimit_base", "Credit Limit (Base)")
            .read_only()
            .make(|g, i| g.money(S + 5, i, 60, 1_000_000)),
        integer("numberofemployees", "Number of Employees", 0, 1_000_000_000)
            .make(|g, i| Value::Int(g.below(S + 6, i, 5000) as i64)),
        yes_no("donotemail", "Do not allow Emails", "Do Not Allow", "Allow"),
        yes_no("creditonhold", "Credit Hold", "Yes", "No"),
        text("address1_line1", "Address 1: Street 1", 250).make(|g, i| untidy::street(g, S, i).into()),
        text("address1_city", "Address 1: City", 80).make(|g, i| g.pick(S + 30, i, &untidy::PLACES).0.into()),
        text("address1_postalcode", "Address 1: ZIP/Postal Code", 20)
            .make(|g, i| format!("{:05}", g.below(S + 31, i, 99_999)).into()),
        text("address1_country", "Address 1: Country/Region", 80)
            .make(|g, i| g.pick(S + 30, i, &untidy::PLACES).2.into()),
        memo("description", "Description", 2000).make(|g, i| match untidy::memo(g, S, i) {
            Value::Text(text) if text.len() > 2000 => Value::Null,
            other => other,
        }),
        lookup(
            "primarycontactid",
            "Primary Contact",
            &[(Table::Contact, "primarycontactid", "account_primary_contact")],
        )
        .make(|g, i| if g.chance(S + 7, i, 20) { Value::Null } else { g.link(Table::Contact, S + 7, i) }),
        lookup(
            "parentaccountid",
            "Parent Account",
            &[(Table::Account, "parentaccountid", "account_parent_account")],
        )
        .make(|g, i| {
            if i == 0 || g.chance(S + 8, i, 70) {
                Value::Null
            } else {
                Value::Ref(Table::Account, g.id(Table::Account, g.below(S + 8, i, u64::from(i)) as u32))
            }
        }),
    ]);
    let key = Key { logical: "accountnumber_key", display: "Account Number", columns: &["accountnumber"] };
    entity(
        About {
            table: Table::Account,
            logical: "account",
            schema: "Account",
            set: "accounts",
            display: "Account",
            plural: "Accounts",
            code: 1,
            id: "accountid",
            name: "name",
        },
        c,
        vec![key],
    )
}
