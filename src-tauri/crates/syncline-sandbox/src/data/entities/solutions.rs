//! Solutions with their components, and the templates of security roles.
use super::sales::about;
use super::*;
use uuid::Uuid;

/// The template that every environment's administrator role is made from; the same id everywhere.
pub(crate) const ADMINISTRATOR: Uuid = Uuid::from_u128(0x6270_90ff_40a3_4053_8790_584e_dc5b_e201);

pub(super) fn role_template() -> Entity {
    const T: u8 = Table::RoleTemplate as u8;
    let c = vec![
        Column::new("roletemplateid", "Unique Identifier", Kind::Id)
            .required("SystemRequired")
            .create_only()
            .make(|g, i| Value::Id(g.id(Table::RoleTemplate, i))),
        text("name", "Name", 100).make(|_, i| crate::data::generator::ROLES[i as usize % 6].into()),
    ];
    about(
        T,
        "roletemplate",
        "RoleTemplate",
        "roletemplates",
        "Role Template",
        "Role Templates",
        1037,
        "roletemplateid",
        "name",
        c,
    )
}

pub(super) fn solution() -> Entity {
    const T: u8 = Table::Solution as u8;
    let mut c = system::<T>("solution", "solutionid");
    c.extend([
        text("uniquename", "Name", 65)
            .make(|g, i| g.solutions.all.get(i as usize).map(|s| s.unique.clone()).into()),
        text("friendlyname", "Display Name", 256)
            .make(|g, i| g.solutions.all.get(i as usize).map(|s| s.friendly.clone()).into()),
        text("version", "Version", 256)
            .make(|g, i| g.solutions.all.get(i as usize).map(|s| s.version.to_owned()).into()),
        yes_no("ismanaged", "Package Type", "Managed", "Unmanaged")
            .make(|g, i| Value::Bool(g.solutions.all.get(i as usize).is_some_and(|s| s.managed))),
        yes_no("isvisible", "Is Visible Outside Platform", "Yes", "No")
            .make(|g, i| Value::Bool(g.solutions.all.get(i as usize).is_some_and(|s| s.visible))),
        moment("installedon", "Installed On").make(|g, i| Value::Time(g.created(Table::Solution, i))),
    ]);
    about(
        T,
        "solution",
        "Solution",
        "solutions",
        "Solution",
        "Solutions",
        7100,
        "solutionid",
        "friendlyname",
        c,
    )
}

pub(super) fn component() -> Entity {
    const T: u8 = Table::SolutionComponent as u8;
    let mut c = system::<T>("solutioncomponent", "solutioncomponentid");
    c.extend([
        lookup("solutionid", "Solution", &[(Table::Solution, "solutionid", "solution_solutioncomponent")])
            .make(|g, i| match g.solutions.components.get(i as usize) {
                Some((solution, _)) => Value::Ref(Table::Solution, g.id(Table::Solution, *solution)),
                None => Value::Null,
            }),
        Column::new("objectid", "Regarding", Kind::Id).make(|g, i| {
            match g.solutions.components.get(i as usize) {
                Some((_, id)) => Value::Id(*id),
                None => Value::Null,
            }
        }),
        choice(
            "componenttype",
            "Object Type Code",
            &[(1, "Entity"), (2, "Attribute"), (9, "Option Set"), (60, "System Form")],
        )
        .make(|_, _| Value::Int(1)),
        choice(
            "rootcomponentbehavior",
            "Include Behavior",
            &[
                (0, "Include Subcomponents"),
                (1, "Do not include subcomponents"),
                (2, "Include As Shell Only"),
            ],
        )
        .make(|_, _| Value::Int(0)),
    ]);
    about(
        T,
        "solutioncomponent",
        "SolutionComponent",
        "solutioncomponents",
        "Solution Component",
        "Solution Components",
        7103,
        "solutioncomponentid",
        "",
        c,
    )
}
