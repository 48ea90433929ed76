//! A query to XML, escaped. What is written reads back the same.

use crate::ast::{Attribute, Condition, Fetch, Filter, LinkEntity, LinkType, Order};
use crate::{Arity, FilterKind};

impl Fetch {
    /// The query's XML on one line.
    pub fn to_xml(&self) -> String {
        let mut out = Writer::default();
        out.open("fetch");
        out.number("top", self.top);
        out.number("count", self.count);
        out.number("page", self.page);
        out.text("paging-cookie", self.paging_cookie.as_deref());
        out.flag("distinct", self.distinct);
        out.flag("aggregate", self.aggregate);
        out.number("aggregatelimit", self.aggregate_limit);
        out.flag("returntotalrecordcount", self.return_total_record_count);
        out.flag("no-lock", self.no_lock);
        out.flag("latematerialize", self.late_materialize);
        out.text("options", self.options.as_deref());
        out.text("datasource", self.data_source.as_deref());
        out.flag("useraworderby", self.use_raw_order_by);
        out.legacy(&self.legacy);
        out.end_tag();
        out.open("entity");
        out.text("name", Some(&self.entity.name));
        out.legacy(&self.entity.legacy);
        out.end_tag();
        out.parts(
            self.entity.all_attributes,
            &self.entity.attributes,
            &self.entity.orders,
            self.entity.filter.as_ref(),
            &self.entity.links,
        );
        out.close("entity");
        out.close("fetch");
        out.0
    }
}

impl Fetch {
    /// The query's XML, one element a line, indented by two.
    pub fn to_pretty_xml(&self) -> String {
        indented(&self.to_xml())
    }
}

/// Puts each tag on a line of its own. Text stands only in `<value>`, which stays on its line.
fn indented(xml: &str) -> String {
    let (mut out, mut depth) = (String::with_capacity(xml.len() * 2), 0usize);
    let mut rest = xml;
    while let Some(end) = rest.find('>') {
        let (mut piece, mut tail) = rest.split_at(end + 1);
        let closing = piece.starts_with("</");
        let mut opens = !closing && !piece.ends_with("/>");
        if piece.starts_with("<value")
            && opens
            && let Some(close) = rest.find("</value>")
        {
            (piece, tail) = rest.split_at(close + "</value>".len());
            opens = false;
        }
        depth = depth.saturating_sub(usize::from(closing));
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&"  ".repeat(depth));
        out.push_str(piece);
        depth += usize::from(opens);
        rest = tail;
    }
    out.push_str(rest);
    out
}

impl Filter {
    /// The filter's XML on one line.
    pub fn to_xml(&self) -> String {
        let mut out = Writer::default();
        out.filter(self);
        out.0
    }
}

#[derive(Default)]
struct Writer(String);

impl Writer {
    fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
    }
    fn end_tag(&mut self) {
        self.0.push('>');
    }
    fn end_empty(&mut self) {
        self.0.push_str(" />");
    }
    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }
    fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.escaped(value);
            self.0.push('"');
        }
    }
    fn legacy(&mut self, attributes: &[(String, String)]) {
        for (name, value) in attributes {
            self.text(name, Some(value));
        }
    }
    fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.text(name, Some("true"));
        }
    }
    fn number(&mut self, name: &str, value: Option<u32>) {
        self.text(name, value.map(|value| value.to_string()).as_deref());
    }
    /// White space that a reader would fold is written as a reference.
    fn escaped(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&apos;"),
                '\n' => self.0.push_str("&#10;"),
                '\r' => self.0.push_str("&#13;"),
                '\t' => self.0.push_str("&#9;"),
                '\u{85}' => self.0.push_str("&#133;"),
                '\u{2028}' => self.0.push_str("&#8232;"),
                // XML 1.0 has no way to write these.
                '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    self.0.push('\u{fffd}');
                }
                _ => self.0.push(c),
            }
        }
    }
    fn parts(
        &mut self,
        all: bool,
        attributes: &[Attribute],
        orders: &[Order],
        filter: Option<&Filter>,
        links: &[LinkEntity],
    ) {
        if all {
            self.open("all-attributes");
            self.end_empty();
        }
        for attribute in attributes {
            self.open("attribute");
            self.text("name", Some(&attribute.name));
            self.text("alias", attribute.alias.as_deref());
            self.text("aggregate", attribute.aggregate.map(|aggregate| aggregate.as_str()));
            self.flag("groupby", attribute.group_by);
            self.text("dategrouping", attribute.date_grouping.map(|grouping| grouping.as_str()));
            self.text("usertimezone", attribute.user_time_zone.map(|on| if on { "true" } else { "false" }));
            self.flag("distinct", attribute.distinct);
            self.text("rowaggregate", attribute.row_aggregate.as_deref());
            self.end_empty();
        }
        if let Some(filter) = filter {
            self.filter(filter);
        }
        for link in links {
            self.link(link);
        }
        for order in orders {
            self.open("order");
            self.text("attribute", order.attribute.as_deref());
            self.text("alias", order.alias.as_deref());
            self.flag("descending", order.descending);
            self.text("entityname", order.entity_name.as_deref());
            self.end_empty();
        }
    }
    fn link(&mut self, link: &LinkEntity) {
        self.open("link-entity");
        self.text("name", Some(&link.name));
        self.text("from", Some(&link.from));
        self.text("to", Some(&link.to));
        self.text("alias", link.alias.as_deref());
        if link.link_type != LinkType::Inner {
            self.text("link-type", Some(link.link_type.as_str()));
        }
        self.flag("intersect", link.intersect);
        self.text("visible", link.visible.map(|on| if on { "true" } else { "false" }));
        self.legacy(&link.legacy);
        self.end_tag();
        self.parts(link.all_attributes, &link.attributes, &link.orders, link.filter.as_ref(), &link.links);
        self.close("link-entity");
    }
    fn filter(&mut self, filter: &Filter) {
        self.open("filter");
        if filter.kind != FilterKind::And {
            self.text("type", Some(filter.kind.as_str()));
        }
        self.flag("isquickfindfields", filter.quick_find_fields);
        self.text("hint", filter.hint.as_deref());
        self.legacy(&filter.legacy);
        self.end_tag();
        for condition in &filter.conditions {
            self.condition(condition);
        }
        for link in &filter.links {
            self.link(link);
        }
        for filter in &filter.filters {
            self.filter(filter);
        }
        self.close("filter");
    }
    fn condition(&mut self, condition: &Condition) {
        self.open("condition");
        self.text("entityname", condition.entity_name.as_deref());
        self.text("attribute", Some(&condition.attribute));
        self.text("operator", Some(condition.operator.as_str()));
        let single = match condition.operator.arity() {
            Arity::Zero | Arity::One => condition.values.len() == 1 && condition.value_labels.is_empty(),
            Arity::Two | Arity::Many => false,
        };
        if single {
            self.text("value", condition.values.first().map(String::as_str));
        }
        self.text("valueof", condition.value_of.as_deref());
        self.text("uiname", condition.ui_name.as_deref());
        self.text("uitype", condition.ui_type.as_deref());
        self.legacy(&condition.legacy);
        if single || condition.values.is_empty() {
            self.end_empty();
            return;
        }
        self.end_tag();
        for (at, value) in condition.values.iter().enumerate() {
            self.open("value");
            if let Some(label) = condition.value_labels.iter().find(|label| label.value == at) {
                self.text("uiname", label.ui_name.as_deref());
                self.text("uitype", label.ui_type.as_deref());
            }
            self.end_tag();
            self.escaped(value);
            self.close("value");
        }
        self.close("condition");
    }
}
