//! Sales and marketing: lead, opportunity, product, list and its members, task.
use super::*;
use crate::data::generator::{LIST_MEMBERS, LISTS, STATIC_LISTS};
use crate::data::untidy;

const S: u64 = 0x3000;

pub(super) fn lead() -> Entity {
    const T: u8 = Table::Lead as u8;
    let mut c = system::<T>("lead", "leadid");
    c.extend(owned("lead"));
    c.extend(currency("lead"));
    c.extend(state_columns(
        &[(0, "Open"), (1, "Qualified"), (2, "Disqualified")],
        vec![
            (1, "New", 0),
            (2, "Contacted", 0),
            (3, "Qualified", 1),
            (4, "Lost", 2),
            (5, "Cannot Contact", 2),
        ],
    ));
    c.extend([
        text("subject", "Topic", 300)
            .required("ApplicationRequired")
            .make(|_, i| format!("Interested in offer #{i} <new>").into()),
        text("fullname", "Name", 160).read_only().make(|g, i| untidy::full(g, S, i).into()),
        text("firstname", "First Name", 50).make(|g, i| untidy::first(g, S, i).0.into()),
        text("lastname", "Last Name", 50)
            .required("ApplicationRequired")
            .make(|g, i| untidy::last(g, S, i).0.into()),
        text("companyname", "Company Name", 100).make(|g, i| untidy::company(g, S, i).into()),
        formatted("emailaddress1", "Email", 100, "Email").make(|g, i| untidy::email(g, S, i)),
        formatted("mobilephone", "Mobile Phone", 50, "Phone").make(|g, i| untidy::phone(g, S, i)),
        choice("leadqualitycode", "Rating", &[(1, "Hot"), (2, "Warm"), (3, "Cold")])
            .make(|g, i| g.choice(S + 1, i, 10, &[1, 2, 3])),
        choice("leadsourcecode", "Lead Source", &[(1, "Advertisement"), (8, "Web"), (10, "Other")])
            .make(|g, i| g.choice(S + 2, i, 20, &[1, 8, 10])),
        money("budgetamount", "Budget Amount").make(|g, i| g.money(S + 3, i, 50, 500_000)),
        memo("description", "Description", 2000),
    ]);
    about(T, "lead", "Lead", "leads", "Lead", "Leads", 4, "leadid", "fullname", c)
}

/// State and status reason of an opportunity.
fn deal(i: u32) -> (i64, i64) {
    [(0, 1), (0, 2), (1, 3), (2, 4)][i as usize % 4]
}

pub(super) fn opportunity() -> Entity {
    const T: u8 = Table::Opportunity as u8;
    let mut c = system::<T>("opportunity", "opportunityid");
    c.extend(owned("opportunity"));
    c.extend(currency("opportunity"));
    c.extend(state_columns(
        &[(0, "Open"), (1, "Won"), (2, "Lost")],
        vec![(1, "In Progress", 0), (2, "On Hold", 0), (3, "Won", 1), (4, "Canceled", 2), (5, "Out-Sold", 2)],
    ));
    set_make(&mut c, "statecode", |_, i| Value::Int(deal(i).0));
    set_make(&mut c, "statuscode", |_, i| Value::Int(deal(i).1));
    c.extend([
        text("name", "Topic", 300)
            .make(|g, i| format!("{} – deal {i}", untidy::company(g, S + 10, i)).into()),
        money("estimatedvalue", "Est. Revenue").make(|g, i| g.money(S + 11, i, 10, 2_000_000)),
        day("estimatedclosedate", "Est. Close Date")
            .make(|g, i| Value::Date(20_000 + g.below(S + 12, i, 900) as i32)),
        integer("closeprobability", "Probability", 0, 100)
            .make(|g, i| Value::Int(g.below(S + 13, i, 101) as i64)),
        of_kind(
            lookup(
                "customerid",
                "Potential Customer",
                &[
                    (Table::Account, "customerid_account", "opportunity_customer_accounts"),
                    (Table::Contact, "customerid_contact", "opportunity_customer_contacts"),
                ],
            ),
            LookupKind::Customer,
        )
        .make(|g, i| g.link(if i % 3 == 0 { Table::Contact } else { Table::Account }, S + 14, i)),
        lookup(
            "originatingleadid",
            "Originating Lead",
            &[(Table::Lead, "originatingleadid", "opportunity_originating_lead")],
        )
        .make(|g, i| if g.chance(S + 15, i, 50) { Value::Null } else { g.link(Table::Lead, S + 15, i) }),
        memo("description", "Description", 2000),
    ]);
    about(
        T,
        "opportunity",
        "Opportunity",
        "opportunities",
        "Opportunity",
        "Opportunities",
        3,
        "opportunityid",
        "name",
        c,
    )
}

pub(super) fn product() -> Entity {
    const T: u8 = Table::Product as u8;
    let mut c = system::<T>("product", "productid");
    c.extend(currency("product"));
    c.extend(state_columns(
        &[(0, "Active"), (1, "Retired"), (2, "Draft")],
        vec![(1, "Active", 0), (2, "Retired", 1), (0, "Draft", 2)],
    ));
    c.extend([
        text("name", "Name", 100).make(|g, i| {
            format!("{} model {i}", g.pick(S + 20, i, &["Bike", "Çanta", "Lamp \"Lux\"", "R&D Kit"])).into()
        }),
        text("productnumber", "Product ID", 100)
            .required("ApplicationRequired")
            .make(|_, i| format!("P-{i:04}").into()),
        money("price", "List Price").make(|g, i| g.money(S + 21, i, 0, 900)),
        integer("quantitydecimal", "Decimals Supported", 0, 5)
            .required("SystemRequired")
            .make(|_, _| Value::Int(2)),
        memo("description", "Description", 2000),
    ]);
    about(T, "product", "Product", "products", "Product", "Products", 1024, "productid", "name", c)
}

fn dynamic(i: u32) -> bool {
    i % 3 == 2
}

/// Entity and number of a list's member type: the last three lists are of accounts, leads and accounts.
fn target(list: u32) -> (Table, i64) {
    match list {
        9 | 11 => (Table::Account, 1),
        10 => (Table::Lead, 4),
        _ => (Table::Contact, 2),
    }
}

/// The list that a row of `listmember` belongs to: the static lists in turn, 0, 1, 3, 4, 6, 7, 9, 10.
fn list_of(g: &Generator, row: u32) -> u32 {
    let nth = row / members_a_list(g);
    (nth / 2 * 3 + nth % 2).min(LISTS - 1)
}

fn members_a_list(g: &Generator) -> u32 {
    (g.count(Table::ListMember) / STATIC_LISTS).max(1)
}

pub(super) fn list() -> Entity {
    const T: u8 = Table::List as u8;
    let mut c = system::<T>("list", "listid");
    c.extend(owned("list"));
    c.extend(currency("list"));
    // Lists number their statuses 0 and 1, unlike other tables.
    c.extend(state_columns(&[(0, "Active"), (1, "Inactive")], vec![(0, "Active", 0), (1, "Inactive", 1)]));
    set_make(&mut c, "statuscode", |_, _| Value::Int(0));
    c.extend([
        text("listname", "Name", 128).make(|_, i| format!("{} list {i}", if dynamic(i) { "Dynamic" } else { "Static" }).into()),
        yes_no("type", "Type", "Dynamic", "Static").create_only().make(|_, i| Value::Bool(dynamic(i))),
        choice("createdfromcode", "Targeted At", &[(1, "Account"), (2, "Contact"), (4, "Lead")]).create_only().required("SystemRequired").make(|_, i| Value::Int(target(i).1)),
        integer("membertype", "Member Type", 1, 4).create_only().make(|_, i| Value::Int(target(i).1)),
        memo("query", "Query", 1_073_741_823).make(|_, i| {
            if !dynamic(i) {
                return Value::Null;
            }
            if target(i).0 == Table::Account {
                return "<fetch version=\"1.0\" output-format=\"xml-platform\" mapping=\"logical\" distinct=\"true\"><entity name=\"account\"><attribute name=\"accountid\"/>\
                     <order attribute=\"name\"/><filter type=\"and\"><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/></filter>\
                     <link-entity name=\"contact\" from=\"parentcustomerid\" to=\"accountid\" alias=\"c\"><attribute name=\"fullname\"/></link-entity></entity></fetch>".into();
            }
            "<fetch version=\"1.0\" output-format=\"xml-platform\" mapping=\"logical\"><entity name=\"contact\"><attribute name=\"contactid\"/>\
             <filter type=\"and\"><condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/>\
             <condition attribute=\"new_loyaltypoints\" operator=\"gt\" value=\"50000\"/></filter></entity></fetch>".into()
        }),
        yes_no("lockstatus", "Locked", "Yes", "No"),
        integer("membercount", "Members Count", 0, 2_147_483_647).read_only().make(|_, i| Value::Int(if dynamic(i) { 0 } else { i64::from(LIST_MEMBERS) })),
        moment("lastusedon", "Last Used On").read_only().make(|_, i| {
            if i % 4 == 3 { Value::Null } else { Value::Time(1_780_000_000 - i64::from(i) * 86_400) }
        }),
        text("purpose", "Purpose", 512),
        money("cost", "Cost").make(|g, i| g.money(S + 30, i, 50, 5000)),
        yes_no("ignoreinactivelistmembers", "Ignore Inactive List Members", "Yes", "No"),
        yes_no("donotsendonoptout", "Exclude Members Who Opt Out", "Yes", "No"),
        memo("description", "Description", 2000),
    ]);
    about(T, "list", "List", "lists", "Marketing List", "Marketing Lists", 4300, "listid", "listname", c)
}

pub(super) fn list_member() -> Entity {
    const T: u8 = Table::ListMember as u8;
    let mut c = system::<T>("listmember", "listmemberid");
    c.extend([
        lookup("listid", "Marketing List", &[(Table::List, "listid", "list_listmember")])
            .make(|g, i| Value::Ref(Table::List, g.id(Table::List, list_of(g, i)))),
        lookup(
            "entityid",
            "Member",
            &[
                (Table::Contact, "entityid_contact", "contact_listmember"),
                (Table::Account, "entityid_account", "account_listmember"),
                (Table::Lead, "entityid_lead", "lead_listmember"),
            ],
        )
        .make(|g, i| {
            let table = target(list_of(g, i)).0;
            Value::Ref(table, g.id(table, (i % members_a_list(g) * 7) % g.count(table).max(1)))
        }),
        integer("entitytype", "Member Type", 1, 4).make(|g, i| Value::Int(target(list_of(g, i)).1)),
    ]);
    about(
        T,
        "listmember",
        "ListMember",
        "listmembers",
        "Marketing List Member",
        "Marketing List Members",
        4301,
        "listmemberid",
        "",
        c,
    )
}

pub(super) fn task() -> Entity {
    const T: u8 = Table::Task as u8;
    let mut c = system::<T>("task", "activityid");
    c.extend(owned("task"));
    c.extend(state_columns(
        &[(0, "Open"), (1, "Completed"), (2, "Canceled")],
        vec![(2, "Not Started", 0), (3, "In Progress", 0), (5, "Completed", 1), (6, "Canceled", 2)],
    ));
    set_make(&mut c, "statuscode", |_, _| Value::Int(2));
    // Teams own some.
    set_make(&mut c, "ownerid", |g, i| {
        g.link(if i % 4 == 3 { Table::Team } else { Table::SystemUser }, 0x32, i)
    });
    set_make(
        &mut c,
        "owningteam",
        |g, i| if i % 4 == 3 { g.link(Table::Team, 0x32, i) } else { Value::Null },
    );
    set_make(
        &mut c,
        "owninguser",
        |g, i| if i % 4 == 3 { Value::Null } else { g.link(Table::SystemUser, 0x32, i) },
    );
    c.extend([
        text("subject", "Subject", 200)
            .make(|g, i| format!("Call {} back", untidy::full(g, S + 40, i)).into()),
        memo("description", "Description", 2000),
        moment("scheduledend", "Due Date").make(|g, i| Value::Time(g.created(Table::Task, i) + 604_800)),
        choice("prioritycode", "Priority", &[(0, "Low"), (1, "Normal"), (2, "High")])
            .make(|g, i| Value::Int(g.below(S + 41, i, 3) as i64)),
        integer("actualdurationminutes", "Duration", 0, 2_147_483_647).make(|_, _| Value::Int(30)),
        lookup(
            "regardingobjectid",
            "Regarding",
            &[
                (Table::Account, "regardingobjectid_account_task", "Account_Tasks"),
                (Table::Contact, "regardingobjectid_contact_task", "Contact_Tasks"),
                (Table::Lead, "regardingobjectid_lead_task", "Lead_Tasks"),
            ],
        )
        .make(|g, i| g.link([Table::Account, Table::Contact, Table::Lead][i as usize % 3], S + 42, i)),
    ]);
    about(T, "task", "Task", "tasks", "Task", "Tasks", 4212, "activityid", "subject", c)
}

pub(super) fn about(
    table: u8,
    logical: &'static str,
    schema: &'static str,
    set: &'static str,
    display: &'static str,
    plural: &'static str,
    code: i64,
    id: &'static str,
    name: &'static str,
    columns: Vec<Column>,
) -> Entity {
    let table = Table::ALL[table as usize];
    entity(About { table, logical, schema, set, display, plural, code, id, name }, columns, vec![])
}
