//! Columns of a big tenant's tables, made when they are asked for.
use super::{Wide, WideEntity, WideKind, names};
use crate::data::schema::{Kind, LookupKind, OptionRow};

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct WideColumn {
    /// Logical name.
    pub logical: String,
    /// Schema name.
    pub schema: String,
    /// Display name.
    pub display: String,
    /// Type; targets of lookups are in `targets`.
    pub kind: Kind,
    /// Tables a lookup may point at.
    pub targets: Vec<String>,
    /// `None`, `Recommended`, `ApplicationRequired`, `SystemRequired`.
    pub required: &'static str,
    /// May be set on create.
    pub create: bool,
    /// May be set on update.
    pub update: bool,
}

const DATE_TIME: Kind = Kind::DateTime { behavior: "UserLocal", format: "DateAndTime" };

fn rows(options: &[(i64, &'static str)]) -> Vec<OptionRow> {
    options.iter().map(|(value, label)| (*value, *label, 0)).collect()
}

fn column(logical: &str, schema: &str, display: &str, kind: Kind) -> WideColumn {
    WideColumn {
        logical: logical.to_owned(),
        schema: schema.to_owned(),
        display: display.to_owned(),
        kind,
        targets: vec![],
        required: "None",
        create: true,
        update: true,
    }
}

fn read_only(mut made: WideColumn) -> WideColumn {
    (made.create, made.update) = (false, false);
    made
}

fn lookup(logical: &str, schema: &str, display: &str, kind: LookupKind, targets: &[&str]) -> WideColumn {
    let mut made = column(logical, schema, display, Kind::Lookup { kind, targets: vec![] });
    made.targets = targets.iter().map(|name| (*name).to_owned()).collect();
    made
}

fn id(e: &WideEntity) -> WideColumn {
    let mut made = column(&e.primary_id(), &format!("{}Id", e.schema), &e.display, Kind::Id);
    (made.required, made.update) = ("SystemRequired", false);
    made
}

/// What every table with rows of its own has.
fn common(e: &WideEntity) -> Vec<WideColumn> {
    let user = |logical: &str, schema: &str, display: &str| {
        read_only(lookup(logical, schema, display, LookupKind::Lookup, &["systemuser"]))
    };
    let int = Kind::Integer { min: i64::from(i32::MIN), max: i64::from(i32::MAX) };
    let mut all = vec![
        read_only(column("createdon", "CreatedOn", "Created On", DATE_TIME)),
        read_only(column("modifiedon", "ModifiedOn", "Modified On", DATE_TIME)),
        user("createdby", "CreatedBy", "Created By"),
        user("modifiedby", "ModifiedBy", "Modified By"),
        user("createdonbehalfby", "CreatedOnBehalfBy", "Created By (Delegate)"),
        user("modifiedonbehalfby", "ModifiedOnBehalfBy", "Modified By (Delegate)"),
        column("overriddencreatedon", "OverriddenCreatedOn", "Record Created On", DATE_TIME),
        column("importsequencenumber", "ImportSequenceNumber", "Import Sequence Number", int.clone()),
        column(
            "timezoneruleversionnumber",
            "TimeZoneRuleVersionNumber",
            "Time Zone Rule Version Number",
            int.clone(),
        ),
        column(
            "utcconversiontimezonecode",
            "UTCConversionTimeZoneCode",
            "UTC Conversion Time Zone Code",
            int,
        ),
        read_only(column("versionnumber", "VersionNumber", "Version Number", Kind::BigInt)),
    ];
    let mut state = column(
        "statecode",
        "statecode",
        "Status",
        Kind::State { options: vec![(0, "Active", 0), (1, "Inactive", 0)] },
    );
    (state.required, state.create) = ("SystemRequired", false);
    all.push(state);
    let options = vec![(1, "Active", 0), (2, "Inactive", 1)];
    all.push(column("statuscode", "statuscode", "Status Reason", Kind::Status { options }));
    if e.kind == WideKind::UserOwned {
        let mut owner = lookup("ownerid", "OwnerId", "Owner", LookupKind::Owner, &["systemuser", "team"]);
        owner.required = "SystemRequired";
        all.push(owner);
        all.push(user("owninguser", "OwningUser", "Owning User"));
        all.push(read_only(lookup("owningteam", "OwningTeam", "Owning Team", LookupKind::Lookup, &["team"])));
        all.push(read_only(lookup(
            "owningbusinessunit",
            "OwningBusinessUnit",
            "Owning Business Unit",
            LookupKind::Lookup,
            &["businessunit"],
        )));
    }
    all
}

impl Wide {
    /// Columns that a table has at least.
    pub(super) fn fixed_columns(&self, e: &WideEntity) -> u32 {
        self.fixed(e).len() as u32
    }

    fn fixed(&self, e: &WideEntity) -> Vec<WideColumn> {
        let mut all = vec![id(e)];
        if e.kind == WideKind::Intersect {
            all.push(read_only(column("versionnumber", "VersionNumber", "", Kind::BigInt)));
            all.push(read_only(column("firstid", "firstid", "", Kind::Id)));
            all.push(read_only(column("secondid", "secondid", "", Kind::Id)));
            return all;
        }
        if let Some(name) = e.primary_name() {
            let mut made = column(
                &name,
                &format!("{}Name", e.prefix()),
                "Name",
                Kind::Text { max: 100, format: "Text" },
            );
            made.required = "ApplicationRequired";
            all.push(made);
        }
        if e.kind != WideKind::Virtual {
            all.extend(common(e));
        }
        if let Some(key) = e.key() {
            all.push(column(
                &key,
                &format!("{}ExternalKey", e.prefix()),
                "External Key",
                Kind::Text { max: 60, format: "Text" },
            ));
        }
        all.extend(self.lookups(e).into_iter().map(|found| {
            let kind = if found.targets.len() > 1 { LookupKind::Customer } else { LookupKind::Lookup };
            let targets: Vec<&str> = found.targets.iter().map(String::as_str).collect();
            lookup(&found.column, &found.schema, &found.display, kind, &targets)
        }));
        all
    }

    /// All columns of a table, virtual companions not among them.
    pub fn columns(&self, e: &WideEntity) -> Vec<WideColumn> {
        let mut all = self.fixed(e);
        let own = e.columns.saturating_sub(all.len() as u32);
        all.extend((0..own).map(|nth| self.own_column(e, nth)));
        all
    }

    fn own_column(&self, e: &WideEntity, nth: u32) -> WideColumn {
        let dice = self.dice(100 + u64::from(nth), e.number);
        let word = names::PROPERTIES[(dice % names::PROPERTIES.len() as u64) as usize];
        let dice = dice / 64;
        let kind = match dice % 100 {
            0..30 => Kind::Text {
                max: [50, 100, 200, 850, 4000][(dice / 100 % 5) as usize],
                format: ["Text", "Text", "Email", "Url", "Phone"][(dice / 500 % 5) as usize],
            },
            30..38 => Kind::Memo { max: [2000, 10_000, 1_048_576][(dice / 100 % 3) as usize] },
            38..50 => Kind::Boolean { yes: "Yes", no: "No" },
            50..62 => Kind::Choice {
                options: rows(names::CHOICES[(dice / 100 % names::CHOICES.len() as u64) as usize]),
                global: None,
            },
            62..65 => Kind::Choices {
                options: rows(names::CHOICES[(dice / 100 % names::CHOICES.len() as u64) as usize]),
            },
            65..78 => Kind::DateTime {
                behavior: ["UserLocal", "DateOnly", "TimeZoneIndependent"][(dice / 100 % 3) as usize],
                format: if dice / 100 % 3 == 1 { "DateOnly" } else { "DateAndTime" },
            },
            78..88 => Kind::Integer { min: 0, max: i64::from(i32::MAX) },
            88..93 => Kind::Decimal { min: -100_000_000_000.0, max: 100_000_000_000.0, precision: 2 },
            93..97 => Kind::Double { min: 0.0, max: 1_000_000_000.0 },
            _ => Kind::Memo { max: 4000 },
        };
        let schema = format!("{}{}{}", e.prefix(), names::schema(word), nth + 1);
        let display = match dice % 97 {
            0 => names::ODD[(dice / 97 % names::ODD.len() as u64) as usize].to_owned(),
            1 => String::new(),
            n if n < 20 => format!("{word} ({})", nth + 1),
            _ => word.to_owned(),
        };
        let mut made = column(&schema.to_lowercase(), &schema, &display, kind);
        match dice / 9000 % 20 {
            0 => made.required = "ApplicationRequired",
            1 | 2 => made.required = "Recommended",
            3 => (made.create, made.update) = (false, false),
            4 => made.update = false,
            _ => {}
        }
        made
    }
}
