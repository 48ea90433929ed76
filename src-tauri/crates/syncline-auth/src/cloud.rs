//! National clouds: which sign-in service belongs to which domain.

/// A cloud of its own, with its own sign-in service; accounts do not cross.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// The worldwide cloud, US GCC included.
    Public,
    /// US Government, GCC High.
    UsGovHigh,
    /// US Department of Defense.
    UsDod,
    /// China, operated by 21Vianet.
    China,
    /// Germany, closed.
    Germany,
    /// A test system on this machine.
    Loopback,
    /// A host of no known cloud; taken as public.
    Unknown,
}

impl Cloud {
    /// The cloud of a Dataverse or Finance & Operations host, in lower case.
    pub fn of_host(host: &str) -> Self {
        let under = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        if under("microsoftdynamics.us") {
            Self::UsGovHigh
        } else if under("appsplatform.us") {
            Self::UsDod
        } else if under("dynamics.cn") {
            Self::China
        } else if under("microsoftdynamics.de") {
            Self::Germany
        } else if under("dynamics.com") {
            Self::Public
        } else {
            Self::Unknown
        }
    }

    /// Root of its sign-in service.
    pub fn authority(self) -> &'static str {
        match self {
            Self::Public | Self::Loopback | Self::Unknown => "https://login.microsoftonline.com",
            Self::UsGovHigh | Self::UsDod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
            Self::Germany => "https://login.microsoftonline.de",
        }
    }

    /// Host of its Global Discovery Service for a region label such as `crm4`; none where there is no such service.
    pub fn discovery(self, region: Option<&str>) -> Option<&'static str> {
        match self {
            Self::Public if region == Some("crm9") => Some("https://globaldisco.crm9.dynamics.com"),
            Self::Public => Some("https://globaldisco.crm.dynamics.com"),
            Self::UsGovHigh => Some("https://globaldisco.crm.microsoftdynamics.us"),
            Self::UsDod => Some("https://globaldisco.crm.appsplatform.us"),
            Self::China => Some("https://globaldisco.crm.dynamics.cn"),
            Self::Germany | Self::Loopback | Self::Unknown => None,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Public => "worldwide cloud",
            Self::UsGovHigh => "US Government (GCC High)",
            Self::UsDod => "US Department of Defense",
            Self::China => "China (21Vianet)",
            Self::Germany => "Germany (closed)",
            Self::Loopback => "this machine",
            Self::Unknown => "unknown cloud",
        }
    }
}

/// A region of the public cloud in words, from its label (`crm4`). `None` for a label that is not known; such a label is still taken.
pub fn region_words(label: &str) -> Option<&'static str> {
    Some(match label {
        "crm" => "North America",
        "crm2" => "South America",
        "crm3" => "Canada",
        "crm4" => "Europe",
        "crm5" => "Asia Pacific",
        "crm6" => "Oceania",
        "crm7" => "Japan",
        "crm8" => "India",
        "crm9" => "US Government (GCC)",
        "crm11" => "United Kingdom",
        "crm12" => "France",
        "crm14" => "South Africa",
        "crm15" => "United Arab Emirates",
        "crm16" => "Germany",
        "crm17" => "Switzerland",
        "crm19" => "Norway",
        "crm20" => "Singapore",
        "crm21" => "Korea",
        "crm22" => "Sweden",
        _ => return None,
    })
}
