//! Texts are read, printed and read again; bad ones are explained with their place.

use proptest::prelude::*;
use syncline_fetchxml::{
    Aggregate, Arity, Attribute, Condition, DateGrouping, Entity, Fetch, Filter, FilterKind, LinkEntity,
    LinkType, Operator, Order, operator_help,
};

#[test]
fn a_lone_condition_in_either_quotes_is_a_filter() {
    for text in [
        "<condition attribute='statecode' operator='eq' value='0' />",
        "<condition attribute=\"statecode\" operator=\"eq\" value=\"0\"/>",
        "\u{feff}<?xml version='1.0'?>\n<!-- active ones --><condition attribute='statecode' operator='eq' value='0'></condition>",
        "<filter><condition attribute='statecode' operator='eq' value='0' /></filter>",
    ] {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(filter, Condition::new("statecode", Operator::Eq, ["0"]).into(), "{text}");
    }
    assert_eq!(
        Filter::parse("<condition attribute='a' operator='neq' value='0' />").unwrap().conditions[0].operator,
        Operator::Ne
    );
}

#[test]
fn nested_filters_and_values_are_read() {
    let filter = Filter::parse(
        "<filter type='or'><condition attribute='a' operator='in'><value>1 &amp; 2</value><value><![CDATA[<3>]]></value></condition>\
         <filter type='and'><condition attribute='b' operator='null'/></filter></filter>",
    )
    .unwrap();
    assert_eq!(filter.kind, FilterKind::Or);
    assert_eq!(filter.conditions[0].values, ["1 & 2", "<3>"]);
    assert_eq!(filter.filters[0].conditions[0].operator, Operator::Null);
    assert_eq!(filter.all_conditions().len(), 2);
}

#[test]
fn faults_name_code_place_and_remedy() {
    let cases = [
        (
            "<condition attribute='a' operator='eq' value='Smith & Co' />",
            "xml_unescaped",
            "line 1, column 40",
            "&amp;",
        ),
        (
            "<filter>\n  <condition attribute='a' operator='equals' value='1'/>\n</filter>",
            "unknown_operator",
            "line 2, column 28",
            "\"eq\"",
        ),
        (
            "<filter>\n<condition attribute='a' operater='eq' value='1'/></filter>",
            "unknown_attribute",
            "line 2, column 26",
            "\"operator\"",
        ),
        (
            "<filter><conditon attribute='a' operator='eq' value='1'/></filter>",
            "unknown_element",
            "line 1, column 9",
            "<condition>",
        ),
        (
            "<filter><condition attribute='a' operator='eq' value='1'></filter>",
            "xml_malformed",
            "line 1",
            "/>",
        ),
        (
            "<condition attribute='a' operator='eq' value='1'/><condition attribute='b' operator='null'/>",
            "xml_malformed",
            "column 51",
            "<filter",
        ),
        ("statecode eq 0", "xml_malformed", "line 1, column 1", "<filter>"),
        ("", "xml_malformed", "line 1, column 1", "<filter>"),
        ("<filter>a<condition attribute='a' operator='null'/></filter>", "xml_malformed", "line 1", "value"),
        ("<filter><condition operator='null'/></filter>", "missing_attribute", "column 9", "attribute="),
        ("<filter type='xor'/>", "wrong_value", "column 9", "and, or"),
        ("<fetch><entity name='a'/></fetch>", "unknown_element", "line 1", "<filter>"),
    ];
    for (text, code, place, hint) in cases {
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(error.code, code, "{text}: {error}");
        assert!(error.to_string().contains(place), "{text}: {error}");
        assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{text}: {:?}", error.hint);
    }
}

#[test]
fn depth_and_size_are_limited() {
    let deep = format!("{}{}", "<filter>".repeat(5000), "</filter>".repeat(5000));
    assert_eq!(Filter::parse(&deep).unwrap_err().code, "too_large");
    let wide = format!("<filter>{}</filter>", "<condition attribute='a' operator='null'/>".repeat(25_000));
    assert_eq!(Filter::parse(&wide).unwrap_err().code, "too_large");
}

#[test]
fn a_whole_query_is_read_and_printed() {
    let text = "<fetch count='50' page='2' paging-cookie='&lt;cookie page=&quot;1&quot;/&gt;' aggregate='true' version='1.0'>\
        <entity name='opportunity'><attribute name='estimatedvalue' alias='total' aggregate='sum'/>\
        <link-entity name='account' from='accountid' to='customerid' link-type='outer' alias='a'>\
        <filter><condition attribute='name' operator='like' value='A%'/></filter></link-entity>\
        <filter><link-entity name='task' from='regardingobjectid' to='opportunityid' link-type='not any'/></filter>\
        <order alias='total' descending='true'/></entity></fetch>";
    let fetch = Fetch::parse(text).unwrap();
    assert_eq!(fetch.paging_cookie.as_deref(), Some("<cookie page=\"1\"/>"));
    assert_eq!(fetch.entity.attributes[0].aggregate, Some(Aggregate::Sum));
    assert_eq!(fetch.entity.links[0].link_type, LinkType::Outer);
    assert_eq!(fetch.entity.filter.as_ref().unwrap().links[0].link_type, LinkType::NotAny);
    assert_eq!(Fetch::parse(&fetch.to_xml()).unwrap(), fetch);
    for bad in [
        "<fetch top='5' page='1'><entity name='a'/></fetch>",
        "<fetch count='5001'><entity name='a'/></fetch>",
        "<fetch/>",
    ] {
        assert!(Fetch::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_page_query_ends_its_order_in_the_primary_key() {
    let filter = Filter::parse("<condition attribute='statecode' operator='eq' value='0'/>").unwrap();
    let newest = Order { attribute: Some("modifiedon".to_owned()), descending: true, ..Order::default() };
    let fetch =
        Fetch::page("contact", "contactid", &["fullname", "fullname"], Some(filter), vec![newest], 9000)
            .members_of_list("contactid", "1f");
    assert_eq!(fetch.count, Some(5000));
    assert_eq!(
        fetch.to_xml(),
        "<fetch count=\"5000\" page=\"1\"><entity name=\"contact\"><attribute name=\"fullname\" /><filter>\
         <condition attribute=\"statecode\" operator=\"eq\" value=\"0\" /></filter>\
         <link-entity name=\"listmember\" from=\"entityid\" to=\"contactid\" alias=\"listmember\" intersect=\"true\"><filter>\
         <condition attribute=\"listid\" operator=\"eq\" value=\"1f\" /></filter></link-entity>\
         <order attribute=\"modifiedon\" descending=\"true\" /><order attribute=\"contactid\" /></entity></fetch>"
    );
    assert_eq!(fetch.next_page(Some("c".to_owned())).page, Some(2));
}

#[test]
fn an_or_keeps_its_meaning_when_it_is_combined() {
    let or = Filter::parse("<filter type='or'><condition attribute='a' operator='null'/><condition attribute='b' operator='null'/></filter>").unwrap();
    let both = or.clone().and(Condition::new("c", Operator::Null, [""; 0]).into());
    assert_eq!(both.kind, FilterKind::And);
    assert_eq!(both.filters[0], or);
    assert_eq!(Filter::default().and(or.clone()), or);
}

#[test]
fn the_help_table_tells_of_every_operator() {
    let help = operator_help();
    assert_eq!(help.len(), Operator::ALL.len());
    for row in help {
        assert_eq!(Operator::parse(row.name).map(Operator::arity), Some(row.arity));
        assert!(row.sentence.ends_with('.') && !row.families.is_empty(), "{}", row.name);
    }
    assert_eq!(Operator::Between.arity(), Arity::Two);
}

fn text() -> impl Strategy<Value = String> {
    // Characters XML can hold; white space at the ends of a name would be cut.
    "[ -~\\n\\täöß€\u{1F600}&<>'\"]{0,12}"
}
fn name() -> impl Strategy<Value = String> {
    "[a-z_&<'\"]{1,10}"
}
fn condition() -> impl Strategy<Value = Condition> {
    (name(), 0..Operator::ALL.len(), proptest::collection::vec(text(), 0..4), proptest::option::of(name()))
        .prop_map(|(attribute, operator, values, entity_name)| {
            let mut condition = Condition::new(attribute, Operator::ALL[operator], values);
            condition.entity_name = entity_name;
            condition
        })
}
fn filter() -> impl Strategy<Value = Filter> {
    let leaf = proptest::collection::vec(condition(), 0..4)
        .prop_map(|conditions| Filter { conditions, ..Filter::default() });
    leaf.prop_recursive(4, 24, 4, |inner| {
        (proptest::collection::vec(condition(), 0..3), proptest::collection::vec(inner, 0..3), any::<bool>())
            .prop_map(|(conditions, filters, or)| Filter {
                kind: if or { FilterKind::Or } else { FilterKind::And },
                conditions,
                filters,
                ..Filter::default()
            })
    })
}

proptest! {
    #[test]
    fn what_was_printed_reads_the_same(filter in filter()) {
        prop_assert_eq!(Filter::parse(&filter.to_xml()).unwrap(), filter);
    }

    #[test]
    fn a_printed_query_reads_the_same(filter in filter(), names in proptest::collection::vec(name(), 0..4), page in 1u32..9, cookie in proptest::option::of(text())) {
        let fetch = Fetch {
            entity: Entity {
                name: "contact".to_owned(),
                attributes: names.iter().map(|name| Attribute { name: name.clone(), ..Attribute::default() }).collect(),
                filter: Some(filter.clone()),
                links: vec![LinkEntity { name: "a".to_owned(), from: "b".to_owned(), to: "c".to_owned(), filter: Some(filter), ..LinkEntity::default() }],
                ..Entity::default()
            },
            page: Some(page),
            paging_cookie: cookie,
            ..Fetch::default()
        };
        prop_assert_eq!(Fetch::parse(&fetch.to_xml()).unwrap(), fetch);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Filter::parse(&text);
        let _ = Fetch::parse(&text);
    }

    #[test]
    fn no_damaged_filter_panics(at in 0usize..200, with in "[<>&'\"/ a-zé]{0,3}", take in 0usize..4) {
        let good = "<filter type='or'><condition attribute='náme' operator='in'><value>1 &amp; 2</value></condition><filter><condition attribute='b' operator=\"null\"/></filter></filter>";
        let mut chars: Vec<char> = good.chars().collect();
        let at = at.min(chars.len());
        let end = (at + take).min(chars.len());
        chars.splice(at..end, with.chars());
        let text: String = chars.into_iter().collect();
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(!error.message.is_empty() && error.position.line >= 1);
        }
    }
}

fn flag() -> impl Strategy<Value = Option<bool>> {
    proptest::option::of(any::<bool>())
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let function = proptest::option::of(proptest::sample::select(Aggregate::EVERY));
    let part = proptest::option::of(proptest::sample::select(DateGrouping::EVERY));
    (name(), name(), function, any::<bool>(), part, flag(), any::<bool>(), proptest::option::of(name()))
        .prop_map(
            |(name, alias, aggregate, group_by, date_grouping, user_time_zone, distinct, row_aggregate)| {
                Attribute {
                    name,
                    alias: Some(alias),
                    aggregate,
                    group_by,
                    date_grouping,
                    user_time_zone,
                    distinct,
                    row_aggregate,
                }
            },
        )
}

fn order() -> impl Strategy<Value = Order> {
    (proptest::option::of(name()), name(), any::<bool>(), proptest::option::of(name())).prop_map(
        |(attribute, alias, descending, entity_name)| Order {
            attribute,
            alias: Some(alias),
            descending,
            entity_name,
        },
    )
}

fn link(inside_filter: bool) -> impl Strategy<Value = LinkEntity> {
    let kinds: Vec<LinkType> =
        LinkType::EVERY.iter().copied().filter(|kind| kind.in_filter() == inside_filter).collect();
    let parts = (
        proptest::collection::vec(attribute(), 0..2),
        proptest::collection::vec(order(), 0..2),
        proptest::option::of(filter()),
        any::<bool>(),
    );
    (
        name(),
        name(),
        name(),
        proptest::option::of(text()),
        proptest::sample::select(kinds),
        any::<bool>(),
        flag(),
        parts,
    )
        .prop_map(
            |(name, from, to, alias, link_type, intersect, visible, (attributes, orders, filter, all))| {
                LinkEntity {
                    name,
                    from,
                    to,
                    alias,
                    link_type,
                    intersect,
                    visible,
                    all_attributes: all,
                    attributes,
                    orders,
                    filter,
                    links: vec![],
                    legacy: vec![("prefilterparametername".to_owned(), "P1".to_owned())],
                }
            },
        )
}

fn whole() -> impl Strategy<Value = Fetch> {
    let number = || proptest::option::of(1u32..5000);
    let switches = proptest::collection::vec(any::<bool>(), 6);
    let entity = (
        name(),
        proptest::collection::vec(attribute(), 0..3),
        proptest::collection::vec(order(), 0..3),
        filter(),
        proptest::collection::vec(link(true), 0..2),
        proptest::collection::vec(link(false), 0..3),
    );
    (
        entity,
        number(),
        number(),
        number(),
        switches,
        proptest::option::of(text()),
        proptest::option::of(text()),
    )
        .prop_map(
            |((name, attributes, orders, filter, asked, links), count, page, limit, on, cookie, options)| {
                Fetch {
                    entity: Entity {
                        name,
                        all_attributes: on[0],
                        attributes,
                        orders,
                        filter: Some(Filter {
                            links: asked,
                            legacy: vec![("overridequickfindrecordlimitenabled".to_owned(), "1".to_owned())],
                            ..filter
                        }),
                        links,
                        legacy: vec![("enableprefiltering".to_owned(), "1".to_owned())],
                    },
                    top: None,
                    count,
                    page,
                    paging_cookie: cookie,
                    distinct: on[1],
                    aggregate: on[2],
                    aggregate_limit: limit,
                    return_total_record_count: on[3],
                    no_lock: on[4],
                    late_materialize: on[5],
                    options,
                    data_source: Some("retained".to_owned()),
                    use_raw_order_by: on[0],
                    legacy: vec![
                        ("version".to_owned(), "1.0".to_owned()),
                        ("mapping".to_owned(), "logical".to_owned()),
                    ],
                }
            },
        )
}

proptest! {
    #[test]
    fn every_part_of_a_query_is_printed_and_read_again(fetch in whole()) {
        prop_assert_eq!(&Fetch::parse(&fetch.to_xml()).unwrap(), &fetch);
        prop_assert_eq!(Fetch::parse(&fetch.to_pretty_xml()).unwrap(), fetch);
    }
}

#[test]
fn labels_of_values_are_kept() {
    let text = "<filter><condition attribute=\"ownerid\" operator=\"in\"><value uiname=\"Ann\" uitype=\"systemuser\">{7F5A}</value><value>b</value></condition></filter>";
    assert_eq!(Filter::parse(text).unwrap().to_xml(), text);
    let hidden = "<filter><condition attribute=\"a\" operator=\"eq\" value=\"1\" uihidden=\"1\" /></filter>";
    assert_eq!(Filter::parse(hidden).unwrap().to_xml(), hidden);
}
