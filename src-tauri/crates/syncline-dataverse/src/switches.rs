//! The switches of a write as headers. Source: Dataverse, bypass custom business logic; detect duplicate data using the Web API.

use syncline_connect::WriteOptions;

/// Headers of every row, or of a whole bulk call; none unless a switch is on.
pub(crate) fn headers(options: &WriteOptions) -> Vec<(&'static str, &'static str)> {
    let mut headers = Vec::new();
    if options.bypass_plugins {
        // Needs prvBypassCustomPlugins.
        headers.push(("MSCRM.BypassCustomPluginExecution", "true"));
    }
    if options.bypass_logic || options.skip_hook {
        // Needs prvBypassCustomBusinessLogic.
        headers.push(("MSCRM.BypassBusinessLogicExecution", "CustomSync,CustomAsync"));
    }
    if options.suppress_flows || options.skip_hook {
        headers.push(("MSCRM.SuppressCallbackRegistrationExpanderJob", "true"));
    }
    if options.detect_duplicates {
        // The Web API looks for duplicates only when told so.
        headers.push(("MSCRM.SuppressDuplicateDetection", "false"));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_off_by_default() {
        assert_eq!(headers(&WriteOptions::default()), []);
        let hook = WriteOptions { skip_hook: true, bypass_logic: true, ..WriteOptions::default() };
        assert_eq!(headers(&hook).len(), 2, "a header is sent once");
    }
}
