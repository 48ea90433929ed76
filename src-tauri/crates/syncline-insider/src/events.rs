//! The events that Insider One knows by itself, and the parameters that stand beside the custom ones ("Default events", "Upsert
//! User Data"). Other events must exist in the panel.

/// Names of default events, as the interface writes them.
pub const DEFAULT_EVENTS: &[&str] = &[
    "purchase",
    "cart_page_view",
    "homepage_view",
    "listing_page_view",
    "product_detail_page_view",
    "other_pageview",
    "item_added_to_cart",
    "item_removed_from_cart",
    "cart_cleared",
    "session_start",
    "session_stop",
    "lead_collected",
    "user_sign_in",
];

/// Parameters of an event that are not custom, with what each holds.
pub const DEFAULT_PARAMETERS: &[(&str, &str)] = &[
    ("product_id", "text"),
    ("name", "text"),
    ("taxonomy", "list of texts"),
    ("currency", "text, ISO 4217"),
    ("quantity", "whole number"),
    ("unit_price", "number"),
    ("unit_sale_price", "number"),
    ("event_group_id", "text"),
    ("url", "address"),
    ("product_image_url", "address"),
    ("locale", "text"),
    ("color", "text"),
    ("size", "text"),
    ("shipping_cost", "text"),
    ("promotion_name", "text"),
    ("promotion_discount", "number"),
    ("voucher_name", "text"),
    ("voucher_discount", "number"),
];

/// True for a parameter that stands beside the custom ones, not among them.
pub(crate) fn is_default_parameter(name: &str) -> bool {
    DEFAULT_PARAMETERS.iter().any(|(default, _)| *default == name)
}
