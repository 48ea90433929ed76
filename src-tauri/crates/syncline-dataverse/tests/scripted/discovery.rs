//! Global discovery.

use async_trait::async_trait;
use std::sync::Arc;
use syncline_dataverse::{GLOBAL_DISCOVERY, environments};
use syncline_http::{
    AccessToken, Bytes, FixedToken, HttpClient, HttpConfig, HttpService, StatusCode, TransportFault,
    WireRequest, WireResponse,
};
use syncline_model::{ErrorCode, Secret};
use tokio_util::sync::CancellationToken;

struct Discovery(u16, &'static str);

#[async_trait]
impl HttpService for Discovery {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault> {
        assert_eq!(request.url.as_str(), "https://globaldisco.crm.dynamics.com/api/discovery/v2.0/Instances");
        assert_eq!(request.headers["authorization"], "Bearer tok-en");
        let status = StatusCode::from_u16(self.0).unwrap();
        Ok(WireResponse { status, body: Bytes::from_static(self.1.as_bytes()), ..WireResponse::default() })
    }
}

async fn ask(status: u16, body: &'static str) -> Result<Vec<syncline_dataverse::Environment>, ErrorCode> {
    let service: Arc<dyn HttpService> = Arc::new(Discovery(status, body));
    let client = HttpClient::builder(&HttpConfig::default()).service(service).build().unwrap();
    let tokens = Arc::new(FixedToken(AccessToken { secret: Secret::new("tok-en"), expires_at: None }));
    environments(&client, GLOBAL_DISCOVERY, tokens, &CancellationToken::new())
        .await
        .map_err(|error| error.code)
}

#[tokio::test]
async fn environments_come_by_name() {
    let body = r#"{"value":[
        {"Id":"AA000000-0000-0000-0000-000000000001","UniqueName":"unq2","FriendlyName":"northwind","Url":"https://northwind.crm4.dynamics.com/","State":1},
        {"Id":"AA000000-0000-0000-0000-000000000002","UniqueName":"unq1","FriendlyName":"Contoso","Url":"https://contoso.crm4.dynamics.com",
         "ApiUrl":"https://contoso.api.crm4.dynamics.com","TenantId":"T","OrganizationType":0,"Version":"9.2.1","Region":"EMEA","State":0,"Else":{}},
        {"UniqueName":"no address"}]}"#;
    let found = ask(200, body).await.unwrap();
    let names: Vec<&str> = found.iter().map(|environment| environment.friendly_name.as_str()).collect();
    assert_eq!(names, ["Contoso", "northwind"]);
    assert!(found[0].enabled && !found[1].enabled);
    assert_eq!(found[1].url, "https://northwind.crm4.dynamics.com");
    assert_eq!(found[1].organization_id, "aa000000-0000-0000-0000-000000000001");
    assert_eq!(found[0].region.as_deref(), Some("EMEA"));
}

#[tokio::test]
async fn nothing_and_refusals() {
    assert_eq!(ask(200, r#"{"value":[]}"#).await, Ok(vec![]));
    assert_eq!(ask(401, "").await, Err(ErrorCode::SignInNeeded));
    assert_eq!(ask(200, "<html>").await, Err(ErrorCode::UnexpectedReply));
}
