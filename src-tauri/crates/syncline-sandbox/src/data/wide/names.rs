//! Words that the tables and columns of a big tenant are named with: publishers, nouns, and the odd names that people give.

/// Who made a table: its prefix, the solutions its tables are spread over, and whether they came as managed solutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publisher {
    /// Customization prefix, without the underscore; empty for what the service itself brings.
    pub prefix: &'static str,
    /// Unique and friendly name of each solution.
    pub solutions: &'static [(&'static str, &'static str)],
    /// The solutions are managed.
    pub managed: bool,
    /// Of a hundred tables so many are this publisher's.
    pub share: u32,
}

/// The publishers of a tenant that has been in use for years.
pub const PUBLISHERS: [Publisher; 8] = [
    Publisher { prefix: "", solutions: &[("System", "System")], managed: true, share: 14 },
    Publisher {
        prefix: "msdyn",
        solutions: &[
            ("FieldService", "Dynamics 365 Field Service"),
            ("ProjectOperations", "Dynamics 365 Project Operations"),
            ("msdyn_OmnichannelPrime", "Omnichannel for Customer Service"),
        ],
        managed: true,
        share: 34,
    },
    Publisher {
        prefix: "msdynmkt",
        solutions: &[("msdynmkt_RealtimeMarketing", "Customer Insights – Journeys")],
        managed: true,
        share: 12,
    },
    Publisher { prefix: "adx", solutions: &[("PortalBase", "Power Pages Core")], managed: true, share: 10 },
    Publisher {
        prefix: "ctso",
        solutions: &[("ContosoCore", "Contoso Core"), ("ContosoService", "Contoso Service Desk")],
        managed: false,
        share: 16,
    },
    Publisher {
        prefix: "fab",
        solutions: &[("FabrikamEventPlanner", "Fabrikam Event Planner (ISV)")],
        managed: true,
        share: 6,
    },
    Publisher {
        prefix: "cr5f2",
        solutions: &[("Cr5f2DefaultSolution", "Common Data Services Default Solution")],
        managed: false,
        share: 6,
    },
    Publisher { prefix: "hr365", solutions: &[("HumanResources", "HR 365")], managed: true, share: 2 },
];

/// First words of table names.
pub(super) const SUBJECTS: [&str; 40] = [
    "Work Order",
    "Booking",
    "Agreement",
    "Customer Asset",
    "Inventory",
    "Purchase Order",
    "Requirement",
    "Resource",
    "Territory",
    "Warehouse",
    "Project",
    "Expense",
    "Time Entry",
    "Quote",
    "Invoice",
    "Contract",
    "Journey",
    "Segment",
    "Consent",
    "Event",
    "Session",
    "Speaker",
    "Web Page",
    "Forum",
    "Blog",
    "Poll",
    "Survey",
    "Case",
    "Knowledge",
    "Entitlement",
    "Vehicle",
    "Shipment",
    "Supplier",
    "Claim",
    "Policy",
    "Employee",
    "Position",
    "Payroll",
    "Course",
    "Certificate",
];

/// Second words of table names.
pub(super) const ASPECTS: [&str; 30] = [
    "",
    "Line",
    "Type",
    "Status History",
    "Setting",
    "Template",
    "Approval",
    "Document",
    "Comment",
    "Product",
    "Service",
    "Task",
    "Incident",
    "Rule",
    "Schedule",
    "Price List",
    "Characteristic",
    "Group",
    "Assignment",
    "Log",
    "Category",
    "Note",
    "Request",
    "Adjustment",
    "Transfer",
    "Receipt",
    "Feedback",
    "Participant",
    "Measure",
    "Configuration",
];

/// What columns are about.
pub(super) const PROPERTIES: [&str; 64] = [
    "Account Number",
    "Actual Start",
    "Actual End",
    "Address",
    "Amount",
    "Approval Date",
    "Approved",
    "Assigned Group",
    "Average Rating",
    "Barcode",
    "Billing Type",
    "Budget",
    "Category",
    "City",
    "Closed On",
    "Code",
    "Comments",
    "Completion",
    "Confirmed",
    "Contract Reference",
    "Cost",
    "Country",
    "Currency Code",
    "Delivery Date",
    "Department",
    "Discount",
    "Distance",
    "Due Date",
    "Duration",
    "E-mail",
    "Effort",
    "Estimated Value",
    "Exempt",
    "External Id",
    "Fax",
    "Grade",
    "Height",
    "Instructions",
    "Internal Flags",
    "Is Primary",
    "Last Contact",
    "Latitude",
    "Longitude",
    "Margin",
    "Method",
    "Net Weight",
    "Notes",
    "Number Of Visits",
    "Phone",
    "Postal Code",
    "Priority",
    "Quantity",
    "Reason",
    "Region",
    "Reminder Sent",
    "Risk",
    "Score",
    "Serial Number",
    "Size",
    "Source System",
    "Stage",
    "Summary",
    "Tax Rate",
    "Website",
];

/// Display names that no layout should break over.
pub(super) const ODD: [&str; 6] = [
    "Warehouse Inventory Adjustment Approval Status History – migrated from Contoso ERP 2014, please do not use for new records; ask the integration team (integration@contoso.example) before any change to it",
    "طلب الموافقة على المصروفات",
    "Größenänderungsübersicht für Straßenfahrzeuge",
    "注文承認履歴",
    "[OLD] <b>Do not use</b> & delete after \"go live\"",
    "Ödeme Planı Değişiklik İsteği",
];

/// Options of local and global choices.
pub(super) const CHOICES: [&[(i64, &str)]; 5] = [
    &[(100_000_000, "Low"), (100_000_001, "Medium"), (100_000_002, "High"), (100_000_003, "Critical")],
    &[
        (690_970_000, "Draft"),
        (690_970_001, "Submitted"),
        (690_970_002, "Approved"),
        (690_970_003, "Rejected"),
    ],
    &[(1, "Phone"), (2, "E-mail"), (3, "Web"), (4, "On site"), (5, ""), (6, "Chat")],
    &[(192_350_000, "Not started"), (192_350_001, "In progress"), (192_350_002, "Done")],
    &[(100_000_000, "North"), (100_000_001, "East"), (100_000_002, "South"), (100_000_003, "West")],
];

/// Letters and digits of a name in lower case, as a logical name has them.
pub(super) fn logical(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Letters and digits of a name, as a schema name has them.
pub(super) fn schema(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}
