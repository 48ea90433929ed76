//! The two custom tables: new_project, with an alternate key and a multi-select choice, and new_projectmember.
use super::*;
use crate::data::untidy;

const S: u64 = 0x6000;

pub(super) fn project() -> Entity {
    const T: u8 = Table::Project as u8;
    let mut c = system::<T>("new_project", "new_projectid");
    c.extend(owned("new_project"));
    c.extend(currency("new_project"));
    c.extend(states("Active", "Inactive"));
    c.extend([
        text("new_name", "Name", 100).make(|g, i| {
            format!("Project {} {i}", g.pick(S, i, &["Ağrı", "Blue & Green", "<X>", "שלום", "🚧 Site"]))
                .into()
        }),
        text("new_projectcode", "Project Code", 20).make(|_, i| format!("PRJ-{i:05}").into()),
        Column::new(
            "new_tags",
            "Tags",
            Kind::Choices {
                options: rows(&[
                    (100_000_000, "Internal"),
                    (100_000_001, "R&D"),
                    (100_000_002, "Çok acil"),
                    (100_000_003, ""),
                ]),
            },
        )
        .make(|g, i| match g.below(S + 1, i, 4) {
            0 => Value::Null,
            1 => Value::Choices(vec![100_000_000]),
            2 => Value::Choices(vec![100_000_001, 100_000_002]),
            _ => Value::Choices(vec![100_000_000, 100_000_003]),
        }),
        Column::new(
            "new_phase",
            "Phase",
            Kind::Choice {
                options: rows(&[(100_000_000, "Plan"), (100_000_001, "Build"), (100_000_002, "Run")]),
                global: Some("new_projectphase"),
            },
        )
        .make(|g, i| g.choice(S + 2, i, 10, &[100_000_000, 100_000_001, 100_000_002])),
        money("new_budget", "Budget").make(|g, i| g.money(S + 3, i, 20, 1_000_000)),
        day("new_startdate", "Start Date").make(|g, i| Value::Date(18_000 + g.below(S + 4, i, 2500) as i32)),
        wall_clock("new_kickoff", "Kick-off")
            .make(|g, i| Value::Time(1_700_000_000 / 60 * 60 + g.below(S + 5, i, 900_000) as i64 * 60)),
        memo("new_description", "Description", 10_000),
        lookup(
            "new_customer",
            "Customer",
            &[(Table::Account, "new_Customer", "new_account_new_project_Customer")],
        )
        .make(|g, i| g.link(Table::Account, S + 6, i)),
    ]);
    let key = Key { logical: "new_projectcode_key", display: "Project Code", columns: &["new_projectcode"] };
    let mut e = super::sales::about(
        T,
        "new_project",
        "new_Project",
        "new_projects",
        "Project",
        "Projects",
        10_112,
        "new_projectid",
        "new_name",
        c,
    );
    e.keys = vec![key];
    e
}

pub(super) fn member() -> Entity {
    const T: u8 = Table::ProjectMember as u8;
    let mut c = system::<T>("new_projectmember", "new_projectmemberid");
    c.extend(owned("new_projectmember"));
    c.extend(states("Active", "Inactive"));
    c.extend([
        text("new_name", "Name", 100)
            .make(|g, i| format!("{} in project", untidy::full(g, S + 10, i)).into()),
        choice("new_role", "Role", &[(100_000_000, "Lead"), (100_000_001, "Member")])
            .make(|g, i| g.choice(S + 11, i, 0, &[100_000_000, 100_000_001])),
        integer("new_allocation", "Allocation (%)", 0, 100)
            .make(|g, i| Value::Int(g.below(S + 12, i, 101) as i64)),
        lookup(
            "new_project",
            "Project",
            &[(Table::Project, "new_Project", "new_new_project_new_projectmember_Project")],
        )
        .make(|g, i| g.link(Table::Project, S + 13, i)),
        lookup(
            "new_contact",
            "Contact",
            &[(Table::Contact, "new_Contact", "new_contact_new_projectmember_Contact")],
        )
        .make(|g, i| g.link(Table::Contact, S + 14, i)),
    ]);
    super::sales::about(
        T,
        "new_projectmember",
        "new_ProjectMember",
        "new_projectmembers",
        "Project Member",
        "Project Members",
        10_113,
        "new_projectmemberid",
        "new_name",
        c,
    )
}
