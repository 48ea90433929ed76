//! contact.
use super::*;
use crate::data::untidy;

const T: u8 = Table::Contact as u8;
const S: u64 = 0x1000;

/// Days since 1970 of a birthday between 1930 and 2005.
fn birthday(g: &Generator, i: u32) -> Value {
    if g.chance(S + 20, i, 30) {
        Value::Null
    } else {
        Value::Date(g.below(S + 20, i, 27_000) as i32 - 14_600)
    }
}

fn composite(g: &Generator, i: u32) -> Value {
    let (city, state, country) = g.pick(S + 30, i, &untidy::PLACES);
    format!("{}\r\n{city}, {state} {:05}\r\n{country}", untidy::street(g, S, i), g.below(S + 31, i, 99_999))
        .into()
}

/// The contact table: more than sixty columns of every kind.
pub(super) fn contact() -> Entity {
    let mut c = system::<T>("contact", "contactid");
    c.extend(owned("contact"));
    c.extend(currency("contact"));
    c.extend(states("Active", "Inactive"));
    set_make(&mut c, "statecode", state_mostly_active::<T>);
    set_make(&mut c, "statuscode", status_mostly_active::<T>);
    c.extend([
        text("fullname", "Full Name", 160).read_only().make(|g, i| untidy::full(g, S, i).into()),
        text("firstname", "First Name", 50)
            .required("Recommended")
            .make(|g, i| untidy::first(g, S, i).0.into()),
        text("middlename", "Middle Name", 50).make(|g, i| {
            if g.chance(S + 2, i, 80) {
                Value::Null
            } else {
                g.pick(S + 2, i, &["J.", "Mary", "İ.", "d'"]).into()
            }
        }),
        text("lastname", "Last Name", 50)
            .required("ApplicationRequired")
            .make(|g, i| untidy::last(g, S, i).0.into()),
        text("salutation", "Salutation", 100).make(|g, i| {
            g.pick(S + 3, i, &[None, Some("Mr."), Some("Ms."), Some("Dr."), Some("Sayın")]).into()
        }),
        text("suffix", "Suffix", 10)
            .make(|g, i| g.pick(S + 4, i, &[None, None, None, None, Some("Jr."), Some("PhD")]).into()),
        text("nickname", "Nickname", 100).make(|g, i| {
            if g.chance(S + 5, i, 85) {
                Value::Null
            } else {
                g.pick(S + 5, i, &["Zee", "😀", "\"Ace\"", "Bo\tb"]).into()
            }
        }),
        text("jobtitle", "Job Title", 100).make(|g, i| {
            if g.chance(S + 6, i, 20) { Value::Null } else { g.pick(S + 6, i, &untidy::TITLES).into() }
        }),
        text("department", "Department", 100).make(|g, i| {
            g.pick(S + 7, i, &[None, Some("Sales"), Some("R&D"), Some("Finance <HQ>"), Some("İK")]).into()
        }),
        formatted("emailaddress1", "Email", 100, "Email")
            .required("Recommended")
            .make(|g, i| untidy::email(g, S, i)),
        formatted("emailaddress2", "Email Address 2", 100, "Email")
            .make(|g, i| if g.chance(S + 8, i, 85) { Value::Null } else { untidy::email(g, S + 8, i) }),
        formatted("telephone1", "Business Phone", 50, "Phone").make(|g, i| untidy::phone(g, S, i)),
        formatted("mobilephone", "Mobile Phone", 50, "Phone").make(|g, i| untidy::phone(g, S + 100, i)),
        formatted("fax", "Fax", 50, "Phone")
            .make(|g, i| if g.chance(S + 9, i, 90) { Value::Null } else { untidy::phone(g, S + 9, i) }),
        formatted("websiteurl", "Website", 200, "Url").make(|g, i| {
            if g.chance(S + 10, i, 70) {
                Value::Null
            } else {
                format!("https://example.com/?c={i}&x=a%20b").into()
            }
        }),
        day("birthdate", "Birthday").make(birthday),
        Column::new(
            "anniversary",
            "Anniversary",
            Kind::DateTime { behavior: "DateOnly", format: "DateOnly" },
        )
        .make(|g, i| {
            if g.chance(S + 21, i, 75) {
                Value::Null
            } else {
                Value::Date(g.below(S + 21, i, 25_000) as i32 - 5_000)
            }
        }),
        moment("lastonholdtime", "Last On Hold Time").make(|g, i| {
            if g.chance(S + 22, i, 80) {
                Value::Null
            } else {
                Value::Time(g.modified(Table::Contact, i) - 3_600)
            }
        }),
        wall_clock("new_nextappointment", "Next Appointment").make(|g, i| {
            if g.chance(S + 23, i, 60) {
                Value::Null
            } else {
                Value::Time(1_790_000_000 + g.below(S + 23, i, 400_000) as i64 * 60)
            }
        }),
        choice("gendercode", "Gender", &[(1, "Male"), (2, "Female")])
            .make(|g, i| g.choice(S + 40, i, 30, &[1, 2])),
        choice(
            "familystatuscode",
            "Marital Status",
            &[(1, "Single"), (2, "Married"), (3, "Divorced"), (4, "Widowed")],
        )
        .make(|g, i| g.choice(S + 41, i, 50, &[1, 2, 3, 4])),
        choice(
            "preferredcontactmethodcode",
            "Preferred Method of Contact",
            &[(1, "Any"), (2, "Email"), (3, "Phone"), (4, "Fax"), (5, "Mail")],
        )
        .make(|g, i| g.choice(S + 42, i, 5, &[1, 1, 2, 2, 3, 4, 5])),
        choice("leadsourcecode", "Lead Source", &[(1, "Default Value")]).make(|_, _| Value::Int(1)),
        choice("customertypecode", "Relationship Type", &[(1, "Default Value")]).make(|_, _| Value::Int(1)),
        choice(
            "new_segment",
            "Segment",
            &[
                (100_000_000, "Bronze"),
                (100_000_001, "Silver & Gold"),
                (100_000_002, ""),
                (100_000_003, "VIP \"★\""),
            ],
        )
        .make(|g, i| g.choice(S + 43, i, 25, &[100_000_000, 100_000_001, 100_000_002, 100_000_003])),
        Column::new(
            "new_interests",
            "Interests",
            Kind::Choices { options: rows(&[(1, "Tennis"), (2, "Music"), (5, "Food & Wine"), (9, "Şiir")]) },
        )
        .make(|g, i| match g.below(S + 44, i, 6) {
            0 | 1 => Value::Null,
            2 => Value::Choices(vec![1]),
            3 => Value::Choices(vec![2, 9]),
            4 => Value::Choices(vec![1, 5, 9]),
            _ => Value::Choices(vec![1, 2, 5, 9]),
        }),
        yes_no("donotemail", "Do not allow Emails", "Do Not Allow", "Allow")
            .make(|g, i| Value::Bool(g.chance(S + 50, i, 10))),
        yes_no("donotphone", "Do not allow Phone Calls", "Do Not Allow", "Allow")
            .make(|g, i| Value::Bool(g.chance(S + 51, i, 10))),
        yes_no("donotpostalmail", "Do not allow Mails", "Do Not Allow", "Allow"),
        yes_no("donotbulkemail", "Do not allow Bulk Emails", "Do Not Allow", "Allow")
            .make(|g, i| Value::Bool(g.chance(S + 52, i, 20))),
        yes_no("creditonhold", "Credit Hold", "Yes", "No").make(|g, i| Value::Bool(g.chance(S + 53, i, 3))),
        money("creditlimit", "Credit Limit").make(|g, i| g.money(S + 60, i, 60, 100_000)),
        money("creditlimit_base", "Credit Limit (Base)")
            .read_only()
            .make(|g, i| g.money(S + 60, i, 60, 100_000)),
        money("annualincome", "Annual Income").make(|g, i| g.money(S + 61, i, 30, 300_000)),
        money("annualincome_base", "Annual Income (Base)")
            .read_only()
            .make(|g, i| g.money(S + 61, i, 30, 300_000)),
        integer("numberofchildren", "No. of Children", 0, 1_000_000_000).make(|g, i| {
            if g.chance(S + 62, i, 60) { Value::Null } else { Value::Int(g.below(S + 62, i, 5) as i64) }
        }),
        integer("new_loyaltypoints", "Loyalty Points", -1_000_000, 2_147_483_647)
            .make(|g, i| Value::Int(g.below(S + 63, i, 60_000) as i64 - 500)),
        Column::new("new_churnscore", "Churn Score", Kind::Decimal { min: 0.0, max: 1.0, precision: 5 })
            .make(|g, i| {
                Value::Decimal(rust_decimal::Decimal::from_i128_with_scale(
                    i128::from(g.below(S + 64, i, 100_000)),
                    5,
                ))
            }),
        double("address1_latitude", "Address 1: Latitude", -90.0, 90.0).make(|g, i| {
            if g.chance(S + 65, i, 40) {
                Value::Null
            } else {
                Value::Double((g.below(S + 65, i, 18_000_000) as f64 - 9e6) / 1e5)
            }
        }),
        double("address1_longitude", "Address 1: Longitude", -180.0, 180.0).make(|g, i| {
            if g.chance(S + 65, i, 40) {
                Value::Null
            } else {
                Value::Double((g.below(S + 66, i, 36_000_000) as f64 - 18e6) / 1e5)
            }
        }),
        text("address1_line1", "Address 1: Street 1", 250).make(|g, i| untidy::street(g, S, i).into()),
        text("address1_line2", "Address 1: Street 2", 250)
            .make(|g, i| g.pick(S + 32, i, &[None, None, None, Some("c/o O'Brien"), Some("Kat: 3")]).into()),
        text("address1_city", "Address 1: City", 80).make(|g, i| g.pick(S + 30, i, &untidy::PLACES).0.into()),
        text("address1_stateorprovince", "Address 1: State/Province", 50).make(|g, i| {
            match g.pick(S + 30, i, &untidy::PLACES).1 {
                "" => Value::Null,
                state => state.into(),
            }
        }),
        text("address1_postalcode", "Address 1: ZIP/Postal Code", 20)
            .make(|g, i| format!("{:05}", g.below(S + 31, i, 99_999)).into()),
        text("address1_country", "Address 1: Country/Region", 80)
            .make(|g, i| g.pick(S + 30, i, &untidy::PLACES).2.into()),
        memo("address1_composite", "Address 1", 1000).read_only().make(composite),
        memo("description", "Description", 1_048_576).make(|g, i| untidy::memo(g, S, i)),
        text("externaluseridentifier", "External User Identifier", 50)
            .make(|g, i| if g.chance(S + 67, i, 50) { Value::Null } else { format!("X-{i:07}").into() }),
        of_kind(
            lookup(
                "parentcustomerid",
                "Company Name",
                &[
                    (Table::Account, "parentcustomerid_account", "contact_customer_accounts"),
                    (Table::Contact, "parentcustomerid_contact", "contact_customer_contacts"),
                ],
            ),
            LookupKind::Customer,
        )
        .make(|g, i| match g.below(S + 70, i, 10) {
            0 | 1 => Value::Null,
            2 if i > 0 => {
                Value::Ref(Table::Contact, g.id(Table::Contact, g.below(S + 71, i, u64::from(i)) as u32))
            }
            _ => g.link(Table::Account, S + 71, i),
        }),
        lookup(
            "preferredsystemuserid",
            "Preferred User",
            &[(Table::SystemUser, "preferredsystemuserid", "system_user_contacts")],
        )
        .make(|g, i| {
            if g.chance(S + 72, i, 80) { Value::Null } else { g.link(Table::SystemUser, S + 72, i) }
        }),
        lookup(
            "originatingleadid",
            "Originating Lead",
            &[(Table::Lead, "originatingleadid", "contact_originating_lead")],
        )
        .make(|g, i| if g.chance(S + 73, i, 90) { Value::Null } else { g.link(Table::Lead, S + 73, i) }),
    ]);
    entity(
        About {
            table: Table::Contact,
            logical: "contact",
            schema: "Contact",
            set: "contacts",
            display: "Contact",
            plural: "Contacts",
            code: 2,
            id: "contactid",
            name: "fullname",
        },
        c,
        vec![],
    )
}
