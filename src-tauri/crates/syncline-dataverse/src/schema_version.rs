//! Whether the environment's schema changed since it was read: one small request in place of describing an entity again.
//! Source: Dataverse Web API, annotation `@Microsoft.Dynamics.CRM.globalmetadataversion`, which changes with any change of the schema.

use serde::Deserialize;
use std::sync::Arc;
use syncline_model::{EntitySchema, EntitySummary, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::without_bom;

/// A list of rows that everybody may read one of: the users, of whom the caller is one.
const ANY_ROW: &str = "/systemusers?$select=systemuserid&$top=1";
const ANNOTATION: &str = "Microsoft.Dynamics.CRM.globalmetadataversion";

#[derive(Deserialize)]
struct Versioned {
    #[serde(rename = "@Microsoft.Dynamics.CRM.globalmetadataversion", default)]
    version: Option<String>,
}

impl DataverseConnector {
    /// The version of the whole schema; none where the service does not tell it.
    pub async fn schema_version(&self, cancel: &CancellationToken) -> Result<Option<String>, SynclineError> {
        let prefer = [format!("odata.include-annotations=\"{ANNOTATION}\"")];
        let read = |body: &[u8]| serde_json::from_slice::<Versioned>(without_bom(body));
        let found = self.api.read(&self.api.url(ANY_ROW), &prefer, cancel, |reply| read(&reply.body)).await?;
        Ok(found.version)
    }

    /// Takes over what was kept of an entity, and of the names of others, so that it is not asked for again.
    pub fn adopt(&self, schema: &EntitySchema, others: Vec<EntitySummary>) {
        self.remember_more(others);
        self.remember_more(vec![schema.summary.clone()]);
        self.remember_schema(&Arc::new(schema.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_where_it_is_told() {
        let read = |text: &str| serde_json::from_str::<Versioned>(text).unwrap().version;
        let told =
            r#"{"@odata.context":"x","@Microsoft.Dynamics.CRM.globalmetadataversion":"79344285","value":[]}"#;
        assert_eq!(read(told).as_deref(), Some("79344285"));
        assert_eq!(read(r#"{"value":[{"systemuserid":"1"}]}"#), None);
    }
}
