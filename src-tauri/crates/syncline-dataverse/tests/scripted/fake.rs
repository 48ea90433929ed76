//! A service that answers metadata by itself and everything else from a queue.

use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use syncline_dataverse::{DataverseBuilder, DataverseConnector, DataverseSettings};
use syncline_http::{
    AccessToken, Bytes, FaultKind, FixedToken, Gate, HttpClient, HttpConfig, HttpService, StatusCode,
    TransportFault, WireRequest, WireResponse,
};
use syncline_model::Secret;

pub(crate) enum Answer {
    Json(&'static str),
    Status(u16, &'static str),
    /// Multipart parts: status and body; whether the closing boundary comes.
    Batch(Vec<(u16, String)>, bool),
    Fault(FaultKind),
}

/// The table has the bulk messages named here; others have none.
const OFFERED: &str = r#"{"value":[{"sdkmessageid":{"name":"CreateMultiple"}},{"sdkmessageid":{"name":"UpdateMultiple"}},
    {"sdkmessageid":{"name":"UpsertMultiple"}}]}"#;

/// What the service is asked about itself, not about records.
fn metadata_is_asked(path: &str) -> bool {
    path.contains("EntityDefinitions") || path.contains("sdkmessagefilters")
}

#[derive(Default)]
pub(crate) struct Fake {
    /// The table has bulk messages.
    pub(crate) bulk: AtomicBool,
    answers: Mutex<VecDeque<Answer>>,
    pub(crate) seen: Mutex<Vec<WireRequest>>,
}

impl Fake {
    pub(crate) fn connector(answers: impl IntoIterator<Item = Answer>) -> (Arc<Self>, DataverseConnector) {
        let fake = Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() });
        let service: Arc<dyn HttpService> = fake.clone();
        let client = HttpClient::builder(&HttpConfig::default()).service(service).build().unwrap();
        let tokens = FixedToken(AccessToken { secret: Secret::new("tok-en"), expires_at: None });
        let settings = DataverseSettings {
            url: "https://contoso.crm4.dynamics.com/main.aspx".to_owned(),
            timeout: Duration::from_secs(5),
            ..DataverseSettings::default()
        };
        let builder = DataverseBuilder::new(settings, client, Arc::new(Gate::new(8)), Arc::new(tokens));
        (fake, builder.build().unwrap())
    }

    /// Path and query of the requests that were no metadata.
    pub(crate) fn asked(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .map(|request| request.url.as_str().to_owned())
            .filter(|url| !metadata_is_asked(url))
            .collect()
    }

    pub(crate) fn body(&self, at: usize) -> String {
        let seen = self.seen.lock().unwrap();
        let request = seen.iter().filter(|request| !metadata_is_asked(request.url.path())).nth(at).unwrap();
        String::from_utf8(request.body.to_vec()).unwrap()
    }
}

#[async_trait]
impl HttpService for Fake {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault> {
        assert_eq!(request.headers["authorization"], "Bearer tok-en");
        assert_eq!(request.headers["odata-version"], "4.0");
        let url = request.url.to_string();
        self.seen.lock().unwrap().push(request);
        if url.contains("/sdkmessagefilters") {
            let body = if self.bulk.load(Ordering::Relaxed) { OFFERED } else { r#"{"value":[]}"# };
            return Ok(reply(200, "application/json", body.to_owned()));
        }
        if let Some(rest) = url.split_once("/EntityDefinitions").map(|(_, rest)| rest) {
            if rest.contains("nothing") {
                let body = r#"{"error":{"code":"0x80040217","message":"Could not find an entity"}}"#;
                return Ok(reply(404, "application/json", body.to_owned()));
            }
            return Ok(reply(200, "application/json", metadata(rest).to_owned()));
        }
        match self.answers.lock().unwrap().pop_front().expect("an answer for each request") {
            Answer::Json(body) => Ok(reply(200, "application/json", body.to_owned())),
            Answer::Status(status, body) => Ok(reply(status, "application/json", body.to_owned())),
            Answer::Batch(parts, whole) => {
                let mut body = String::new();
                for (status, text) in parts {
                    body.push_str(&format!(
                        "--r_1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} X\r\n"
                    ));
                    body.push_str(if status == 429 {
                        "Retry-After: 1\r\n\r\n"
                    } else {
                        "REQ_ID: req-9\r\nPreference-Applied: odata.include-annotations=\"*\"\r\n\r\n"
                    });
                    body.push_str(&format!("{text}\r\n"));
                }
                if whole {
                    body.push_str("--r_1--\r\n");
                }
                Ok(reply(200, "multipart/mixed; boundary=r_1", body))
            }
            Answer::Fault(kind) => Err(TransportFault::new(kind, "scripted")),
        }
    }
}

fn reply(status: u16, kind: &str, body: String) -> WireResponse {
    let mut response = WireResponse {
        status: StatusCode::from_u16(status).unwrap(),
        body: Bytes::from(body),
        ..WireResponse::default()
    };
    response.headers.insert("content-type", kind.parse().unwrap());
    response.headers.insert("odata-version", "4.0".parse().unwrap());
    response.headers.insert("preference-applied", "odata.include-annotations=\"*\"".parse().unwrap());
    response
}

pub(crate) fn metadata(rest: &str) -> &'static str {
    let of = |part: &str| rest.contains(part);
    if rest.starts_with("?") {
        return r#"{"value":[
            {"LogicalName":"contact","EntitySetName":"contacts","PrimaryIdAttribute":"contactid","PrimaryNameAttribute":"fullname",
             "DisplayName":{"LocalizedLabels":[{"Label":"Contact"}],"UserLocalizedLabel":{"Label":"Kontakt"}},"IsCustomEntity":false,"ChangeTrackingEnabled":true},
            {"LogicalName":"account","EntitySetName":"accounts","PrimaryIdAttribute":"accountid","PrimaryNameAttribute":"name",
             "DisplayName":{"LocalizedLabels":[{"Label":"Account"}],"UserLocalizedLabel":null}},
            {"LogicalName":"list","EntitySetName":"lists","PrimaryIdAttribute":"listid"},
            {"LogicalName":"hidden","EntitySetName":"hiddens","PrimaryIdAttribute":"id","IsPrivate":true},
            {"LogicalName":"noset","EntitySetName":null,"PrimaryIdAttribute":"id"}]}"#;
    }
    if rest.contains(")?") {
        return match of("contact") && !of("account") {
            true => {
                r#"{"LogicalName":"contact","EntitySetName":"contacts","PrimaryIdAttribute":"contactid","PrimaryNameAttribute":"fullname",
             "DisplayName":{"LocalizedLabels":[{"Label":"Contact"}],"UserLocalizedLabel":{"Label":"Kontakt"}},"IsCustomEntity":false,"ChangeTrackingEnabled":true}"#
            }
            false => r#"{"LogicalName":"list","EntitySetName":"lists","PrimaryIdAttribute":"listid"}"#,
        };
    }
    if of("StringAttributeMetadata") {
        return r#"{"value":[{"LogicalName":"emailaddress1","MaxLength":20}]}"#;
    }
    if of("LookupAttributeMetadata") {
        return r#"{"value":[{"LogicalName":"parentcustomerid","Targets":["account","contact"]},{"LogicalName":"preferredid","Targets":["account"]}]}"#;
    }
    if of(".PicklistAttributeMetadata") {
        return r#"{"value":[{"LogicalName":"gendercode","OptionSet":{"Options":[]},"GlobalOptionSet":{"Options":[{"Value":1,"Label":{"UserLocalizedLabel":{"Label":"Male"}}},{"Value":2,"Label":null}]}}]}"#;
    }
    if of("BooleanAttributeMetadata") {
        return r#"{"value":[{"LogicalName":"donotphone","OptionSet":{"TrueOption":{"Value":1,"Label":{"UserLocalizedLabel":{"Label":"Do not"}}},"FalseOption":{"Value":0,"Label":{"UserLocalizedLabel":{"Label":"Allow"}}}}}]}"#;
    }
    if of("StateAttributeMetadata") {
        return r#"{"value":[{"LogicalName":"statecode","OptionSet":{"Options":[{"Value":0,"Label":null},{"Value":1,"Label":null}]}}]}"#;
    }
    if of("StatusAttributeMetadata") {
        return r#"{"value":[{"LogicalName":"statuscode","OptionSet":{"Options":[{"Value":1,"State":0},{"Value":2,"State":1}]}}]}"#;
    }
    if of("AttributeMetadata") {
        return r#"{"value":[]}"#;
    }
    if of("/Attributes") {
        return r#"{"value":[
          {"LogicalName":"contactid","AttributeTypeName":{"Value":"UniqueidentifierType"},"IsValidForCreate":true,"IsValidForUpdate":false,"IsValidForRead":true},
          {"LogicalName":"fullname","AttributeTypeName":{"Value":"StringType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"emailaddress1","AttributeTypeName":{"Value":"StringType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true,"RequiredLevel":{"Value":"ApplicationRequired"}},
          {"LogicalName":"creditlimit","AttributeTypeName":{"Value":"MoneyType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"gendercode","AttributeTypeName":{"Value":"PicklistType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"gendercodename","AttributeOf":"gendercode","AttributeType":"Virtual"},
          {"LogicalName":"donotphone","AttributeTypeName":{"Value":"BooleanType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"parentcustomerid","AttributeTypeName":{"Value":"CustomerType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"preferredid","AttributeTypeName":{"Value":"LookupType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"externalid","AttributeTypeName":{"Value":"StringType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"createonly","AttributeTypeName":{"Value":"StringType"},"IsValidForCreate":true,"IsValidForUpdate":false,"IsValidForRead":true},
          {"LogicalName":"statecode","AttributeTypeName":{"Value":"StateType"},"IsValidForCreate":false,"IsValidForUpdate":true,"IsValidForRead":true},
          {"LogicalName":"statuscode","AttributeTypeName":{"Value":"StatusType"},"IsValidForCreate":true,"IsValidForUpdate":true,"IsValidForRead":true}]}"#;
    }
    if of("/Keys") {
        return r#"{"value":[{"LogicalName":"externalkey","KeyAttributes":["externalid"],"EntityKeyIndexStatus":"Active"},
                            {"LogicalName":"emailkey","KeyAttributes":["emailaddress1"],"EntityKeyIndexStatus":"Pending"}]}"#;
    }
    if of("/ManyToOneRelationships") {
        return r#"{"value":[
          {"SchemaName":"a","ReferencingEntity":"contact","ReferencingAttribute":"parentcustomerid","ReferencedEntity":"account","ReferencingEntityNavigationPropertyName":"parentcustomerid_account"},
          {"SchemaName":"b","ReferencingEntity":"contact","ReferencingAttribute":"parentcustomerid","ReferencedEntity":"contact","ReferencingEntityNavigationPropertyName":"parentcustomerid_contact"},
          {"SchemaName":"c","ReferencingEntity":"contact","ReferencingAttribute":"preferredid","ReferencedEntity":"account","ReferencingEntityNavigationPropertyName":"new_PreferredId"}]}"#;
    }
    r#"{"value":[]}"#
}
