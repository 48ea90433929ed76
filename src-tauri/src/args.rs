//! What the window takes on its command line.

use std::path::PathBuf;

use clap::Parser;
use syncline_api::{AppConfig, VaultChoice};

/// The sync console for Microsoft Dynamics 365.
#[derive(Debug, Clone, Parser)]
#[command(name = "syncline-app", version, about)]
pub(crate) struct Args {
    /// Folder with the store; the platform's folder for application data without it.
    #[arg(long, env = "SYNCLINE_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Where secrets live: the system's keychain, or this process's memory (nothing outlives the window then).
    #[arg(long, default_value = "keychain", env = "SYNCLINE_VAULT", value_name = "VAULT")]
    pub(crate) vault: VaultChoice,
    /// Open on the sample tenant, with the tour.
    #[arg(long)]
    pub(crate) sample: bool,
    /// A link to a query, as the operating system hands it over.
    #[arg(value_name = "LINK", value_parser = link)]
    pub(crate) link: Option<String>,
}

/// A link of ours; anything else is a mistake on the command line.
fn link(text: &str) -> Result<String, String> {
    if crate::links::is_link(text) {
        Ok(text.to_owned())
    } else {
        Err("not a link of Syncline; those begin with syncline://".to_owned())
    }
}

impl Args {
    /// What the application beneath is opened with.
    pub(crate) fn config(&self) -> AppConfig {
        AppConfig::new(self.home.clone(), self.vault).with_schedules()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_option() {
        let args = Args::parse_from(["syncline-app", "--home", "here", "--vault", "memory", "--sample"]);
        assert_eq!(args.home, Some(PathBuf::from("here")));
        assert!(matches!(args.vault, VaultChoice::Memory));
        assert!(args.sample);
    }

    #[test]
    fn a_link_is_taken_and_another_word_is_not() {
        let args = Args::parse_from(["syncline-app", "syncline://query?v=1"]);
        assert_eq!(args.link.as_deref(), Some("syncline://query?v=1"));
        let error = Args::try_parse_from(["syncline-app", "file:///x"]).unwrap_err().to_string();
        assert!(error.contains("syncline://"), "{error}");
    }

    #[test]
    fn an_unknown_vault_is_refused_with_the_known_ones() {
        let error = Args::try_parse_from(["syncline-app", "--vault", "paper"]).unwrap_err().to_string();
        assert!(error.contains("paper") && error.contains("memory"), "{error}");
    }
}
