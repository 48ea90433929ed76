//! Finds what a request addresses and hands it on.
use super::environment::Environment;
use super::error::{Outcome, ServiceError};
use super::request::{ApiRequest, ApiResponse, Preferences};
use super::server::error_answer;
use serde_json::json;

/// Answers one request. Errors become answers here.
pub(crate) fn handle(environment: &Environment, request: ApiRequest) -> ApiResponse {
    let detailed = Preferences::read(&request.headers).include_annotations.is_some();
    route(environment, &request).unwrap_or_else(|error| error_answer(&error, detailed))
}

fn route(environment: &Environment, request: &ApiRequest) -> Outcome<ApiResponse> {
    match request.path.trim_end_matches("()") {
        "WhoAmI" => Ok(ApiResponse::value(
            200,
            &json!({
                "@odata.context": format!("{}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse", request.service_root),
                "BusinessUnitId": environment.root_business_unit(),
                "UserId": request.caller.user_id,
                "OrganizationId": environment.organization_id(),
            }),
        )),
        other => Err(ServiceError::no_segment(other)),
    }
}
