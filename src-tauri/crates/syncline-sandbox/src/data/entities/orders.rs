//! Orders.
use super::sales::about;
use super::*;
use crate::data::untidy;

const S: u64 = 0x3800;

/// State and status reason of an order: most are under way or fulfilled, some are cancelled.
fn progress(i: u32) -> (i64, i64) {
    match i % 6 {
        0 | 1 => (0, 1),
        2 => (1, 3),
        3 => (2, 4),
        4 => (3, 100_001),
        _ => (4, 100_003),
    }
}

pub(super) fn sales_order() -> Entity {
    const T: u8 = Table::SalesOrder as u8;
    let mut c = system::<T>("salesorder", "salesorderid");
    c.extend(owned("salesorder"));
    c.extend(currency("salesorder"));
    c.extend(state_columns(
        &[(0, "Active"), (1, "Submitted"), (2, "Canceled"), (3, "Fulfilled"), (4, "Invoiced")],
        vec![
            (1, "New", 0),
            (2, "Pending", 0),
            (3, "In Progress", 1),
            (4, "No Money", 2),
            (100_001, "Complete", 3),
            (100_002, "Partial", 3),
            (100_003, "Invoiced", 4),
        ],
    ));
    set_make(&mut c, "statecode", |_, i| Value::Int(progress(i).0));
    set_make(&mut c, "statuscode", |_, i| Value::Int(progress(i).1));
    c.extend([
        text("name", "Name", 300)
            .required("ApplicationRequired")
            .make(|g, i| format!("{} – order {i}", untidy::company(g, S, i)).into()),
        text("ordernumber", "Order ID", 100).make(|_, i| format!("ORD-{i:06}").into()),
        of_kind(
            lookup(
                "customerid",
                "Potential Customer",
                &[
                    (Table::Account, "customerid_account", "order_customer_accounts"),
                    (Table::Contact, "customerid_contact", "order_customer_contacts"),
                ],
            ),
            LookupKind::Customer,
        )
        .required("ApplicationRequired")
        .make(|g, i| g.link(if i % 2 == 0 { Table::Contact } else { Table::Account }, S + 1, i)),
        lookup(
            "opportunityid",
            "Opportunity",
            &[(Table::Opportunity, "opportunityid", "opportunity_sales_orders")],
        )
        .make(|g, i| if g.chance(S + 2, i, 40) { Value::Null } else { g.link(Table::Opportunity, S + 2, i) }),
        money("totalamount", "Total Amount").read_only().make(|g, i| g.money(S + 3, i, 0, 9_000)),
        money("freightamount", "Freight Amount").make(|g, i| g.money(S + 4, i, 60, 90)),
        moment("submitdate", "Date Submitted").make(|g, i| {
            if progress(i).0 == 0 {
                Value::Null
            } else {
                Value::Time(g.created(Table::SalesOrder, i) + 86_400)
            }
        }),
        day("requestdeliveryby", "Requested Delivery Date")
            .make(|g, i| Value::Date(20_000 + g.below(S + 5, i, 900) as i32)),
        text("shipto_city", "Ship To City", 80).make(|g, i| g.pick(S + 6, i, &untidy::PLACES).0.into()),
        memo("description", "Description", 2000),
    ]);
    about(T, "salesorder", "SalesOrder", "salesorders", "Order", "Orders", 1088, "salesorderid", "name", c)
}
