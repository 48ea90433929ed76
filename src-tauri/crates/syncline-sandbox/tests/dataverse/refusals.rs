//! What the service refuses: 400 with 0x80060888 where OData is read, with 0x80041103 where a query asks for a column that is not there.
use crate::support::{Service, serve};
use reqwest::Method;
use serde_json::json;

async fn refused(s: &Service, path: &str) {
    assert_eq!(s.error(Method::GET, path, None).await, (400, "0x80060888".into()), "{path}");
}

async fn no_column(s: &Service, path: &str) {
    assert_eq!(s.error(Method::GET, path, None).await, (400, "0x80041103".into()), "{path}");
}

#[tokio::test]
async fn metadata_is_asked_for_by_its_types() {
    let s = serve(5).await;
    let contact = "EntityDefinitions(LogicalName='contact')";
    let cast = |name: &str| format!("{contact}/Attributes/Microsoft.Dynamics.CRM.{name}AttributeMetadata");
    for bad in [
        "EntityDefinitions?$filter=Nonsense eq 'x'".to_owned(),
        "EntityDefinitions?$filter=OwnershipType eq 'UserOwned'".to_owned(),
        "EntityDefinitions?$select=Nonsense&$filter=LogicalName eq 'nothing'".to_owned(),
        "EntityDefinitions?$expand=Nonsense&$filter=LogicalName eq 'nothing'".to_owned(),
        format!("{contact}?$expand=Attributes($select=Nonsense)"),
        format!("{contact}?$expand=Attributes($select=MaxLength)"),
        format!("{contact}?$expand=Attributes($nonsense=1)"),
        format!("{contact}?$expand=Keys($filter=Nonsense eq 'x')"),
        format!("{contact}/Attributes?$filter=AttributeType eq 'String'"),
        format!("{contact}/Attributes?$filter=MaxLength eq 100"),
        format!("{contact}/Attributes?$select=Targets"),
        format!("{contact}/Attributes?$expand=OptionSet"),
        format!("{contact}/Keys?$select=Nonsense"),
        format!("{contact}/Keys?$filter=EntityKeyIndexStatus eq 'Active'"),
        format!("{contact}/ManyToOneRelationships?$filter=ReferencedEntity eq account"),
        format!("{}?$expand=OptionSet", cast("String")),
        format!("{}?$expand=OptionSet($select=Nonsense)", cast("Picklist")),
        format!("{}?$expand=OptionSet($select=Options)", cast("Boolean")),
        format!("{}?$expand=Nonsense", cast("Picklist")),
        format!("{contact}/Attributes(LogicalName='gendercode')?$select=DefaultFormValue"),
    ] {
        refused(&s, &bad).await;
    }
    let count = async |path: String| s.get(&path).await["value"].as_array().unwrap().len();
    let either = "LogicalName eq 'x or y' or LogicalName eq 'contact'";
    assert_eq!(count(format!("EntityDefinitions?$select=LogicalName&$filter={either}")).await, 1);
    let texts = format!(
        "{contact}/Attributes?$select=LogicalName&$filter=AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'String'"
    );
    assert_eq!(count(texts).await, count(format!("{}?$select=LogicalName", cast("String"))).await);
    assert_eq!(
        count(format!("{}?$filter=MaxLength eq 100&$select=MaxLength,Format", cast("String"))).await,
        count(format!("{}?$filter=not (MaxLength ne 100)", cast("String"))).await
    );
}

#[tokio::test]
async fn query_functions_are_those_of_the_reference() {
    let s = serve(60).await;
    let named = |call: &str| format!("contacts?$select=contactid&$filter=Microsoft.Dynamics.CRM.{call}");
    let me = s.environment.users[0].user_id;
    for bad in [
        "EqUserid(PropertyName='ownerid')",
        "NeUserid(PropertyName='ownerid')",
        "EqualUserid(PropertyName='ownerid')",
        "BeginsWith(PropertyName='lastname',PropertyValue='a')",
        "Like(PropertyName='lastname',PropertyValue='a')",
        "Null(PropertyName='lastname')",
        "Eq(PropertyName='lastname',PropertyValue='a')",
        "NotContainValues(PropertyName='new_interests',PropertyValues=['9'])",
        "LastSevenDays(PropertyName='createdon')",
        "EqualUserId(PropertyName='ownerid',PropertyValue='x')",
        "EqualUserId()",
        "LastXDays(PropertyName='createdon',PropertyValue='7')",
        "LastXDays(PropertyName='createdon',PropertyValue=7.5)",
        "LastXDays(PropertyName='createdon')",
        "LastXDays(PropertyName='createdon',PropertyValues=['7'])",
        "OnOrAfter(PropertyName='createdon',PropertyValue=2020-01-01)",
        "In(PropertyName='gendercode',PropertyValues=[1,2])",
        "In(PropertyName='gendercode',PropertyValue='1')",
        "In(PropertyName='gendercode',PropertyValues=['1' '2'])",
        "Between(PropertyName='gendercode',PropertyValues=['1'])",
        "InFiscalPeriodAndYear(PropertyName='createdon',PropertyValue1='1',PropertyValue2='2025')",
    ] {
        refused(&s, &named(bad)).await;
    }
    for property in ["_ownerid_value", "nonsense", "parentcustomerid_account/ownerid"] {
        no_column(&s, &named(&format!("EqualUserId(PropertyName='{property}')"))).await;
    }
    for not in ["not F", "not (F)", "not ((F))", "statecode eq 0 and not F"] {
        let not = not.replace('F', "Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')");
        refused(&s, &format!("contacts?$filter={not}")).await;
    }
    let count = async |call: &str| s.get(&named(call)).await["value"].as_array().unwrap().len();
    let whole = 60;
    for (one, other) in [
        ("EqualUserId(PropertyName='ownerid')", "NotEqualUserId(PropertyName='ownerid')"),
        (
            "EqualBusinessId(PropertyName='owningbusinessunit')",
            "NotEqualBusinessId(PropertyName='owningbusinessunit')",
        ),
        (
            "ContainValues(PropertyName='new_interests',PropertyValues=['9'])",
            "DoesNotContainValues(PropertyName='new_interests',PropertyValues=['9'])",
        ),
        (
            "In(PropertyName='gendercode',PropertyValues=['1'])",
            "NotIn(PropertyName='gendercode',PropertyValues=['1'])",
        ),
    ] {
        assert_eq!(count(one).await + count(other).await, whole, "{one}");
    }
    for runs in [
        "EqualUserTeams(PropertyName='ownerid')",
        "EqualUserOrUserTeams(PropertyName='ownerid')",
        "EqualUserOrUserHierarchy(PropertyName='ownerid')",
        "EqualUserOrUserHierarchyAndTeams(PropertyName='ownerid')",
        "EqualUserLanguage(PropertyName='new_loyaltypoints')",
        "Contains(PropertyName='lastname',PropertyValue='a')",
        "Last7Days(PropertyName='createdon')",
        "OlderThanXMinutes(PropertyName='createdon',PropertyValue=5)",
        "OnOrAfter(PropertyName='createdon',PropertyValue='2020-01-01')",
        "InFiscalPeriodAndYear(PropertyName='createdon',PropertyValue1=1,PropertyValue2=2025)",
        "LastXDays(PropertyName=@p1,PropertyValue=@p2)&@p1='createdon'&@p2=7",
    ] {
        count(runs).await;
    }
    for hierarchical in ["Above", "AboveOrEqual", "Under", "UnderOrEqual", "NotUnder"] {
        let call = format!(
            "systemusers?$select=fullname&$filter=Microsoft.Dynamics.CRM.{hierarchical}(PropertyName='systemuserid',PropertyValue='{me}')"
        );
        s.get(&call).await;
    }
    assert_eq!(
        count("Contains(PropertyName='lastname',PropertyValue='a')").await,
        s.get("contacts?$select=contactid&$filter=contains(lastname,'a')").await["value"]
            .as_array()
            .unwrap()
            .len()
    );
}

#[tokio::test]
async fn keys_and_orders_are_written_in_one_way() {
    let s = serve(10).await;
    s.request(Method::POST, "accounts")
        .json(&json!({ "name": "Keyed", "accountnumber": "4711" }))
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let account = s.get("accounts(accountnumber='4711')?$select=name").await;
    let id = account["accountid"].as_str().unwrap().to_owned();
    for bad in [
        "accounts(accountnumber=4711)".to_owned(),
        "accounts(accountnumber='4'711')".to_owned(),
        "accounts(accountnumber=\"4711\")".to_owned(),
        format!("accounts(accountid='{id}')"),
        format!("accounts('{id}')"),
        format!("accounts({{{id}}})"),
        format!("accounts({})", id.replace('-', "")),
        "contacts?$orderby=lastname asc desc".to_owned(),
        "contacts?$orderby=lastname desc firstname".to_owned(),
    ] {
        refused(&s, &bad).await;
    }
    let bound = |key: &str| json!({ "lastname": "Bound", "parentcustomerid_account@odata.bind": format!("/accounts({key})") });
    let unquoted = s.error(Method::POST, "contacts", Some(bound("accountnumber=4711"))).await;
    assert_eq!(unquoted, (400, "0x80060888".into()));
    assert_eq!(s.error(Method::POST, "contacts", Some(bound("accountnumber='4711'"))).await.0, 204);
}

#[tokio::test]
async fn bodies_say_that_they_are_json() {
    let s = serve(5).await;
    let send = async |kind: Option<&str>| {
        let mut request = s.request(Method::POST, "accounts").body("{\"name\":\"Typed\"}");
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(None).await, 415);
    assert_eq!(send(Some("text/plain")).await, 415);
    assert_eq!(send(Some("application/json; charset=utf-8")).await, 204);
    assert_eq!(
        s.get("accounts?$select=name&$filter=name eq 'Typed'").await["value"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn parts_of_a_batch_have_their_headers_and_line_ends() {
    let s = serve(5).await;
    let good = "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET /api/data/v9.2/WhoAmI HTTP/1.1\r\n\r\n\r\n--b--\r\n";
    let send = async |body: String| {
        let request = s.request(Method::POST, "$batch").header("content-type", "multipart/mixed; boundary=b");
        request.body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(good.to_owned()).await, 200);
    for bad in [
        good.replace("\r\n", "\n"),
        good.replace("HTTP/1.1\r\n", "HTTP/1.1\n"),
        good.replace("--b--\r\n", "--b--\n"),
        good.replace("Content-Type: application/http\r\n", ""),
        good.replace("Content-Type: application/http", "Content-Type: application/json"),
        good.replace("Content-Transfer-Encoding: binary\r\n", ""),
        good.replace("binary", "base64"),
    ] {
        assert_eq!(send(bad.clone()).await, 400, "{bad}");
    }
}

#[tokio::test]
async fn functions_and_messages_are_addressed_by_their_names() {
    let s = serve(5).await;
    let me = s.environment.users[0].user_id;
    for missing in [
        "WhoAmI(x=1)".to_owned(),
        "WhoAmI/UserId".to_owned(),
        "RetrieveVersion(1)".to_owned(),
        format!("systemusers({me})/xxRetrieveUserPrivileges"),
        format!("systemusers({me})/RetrieveUserPrivileges"),
        format!("systemusers({me})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges(x=1)"),
    ] {
        assert_eq!(s.error(Method::GET, &missing, None).await, (404, "0x8006088a".into()), "{missing}");
    }
    s.get(&format!("systemusers({me})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges")).await;
    s.get(&format!("systemusers({me})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()")).await;
    for bad in [
        "sdkmessagefilters?$select=nonsense",
        "sdkmessagefilters?$expand=nonsense",
        "sdkmessagefilters?$expand=sdkmessageid($select=nonsense)",
        "sdkmessagefilters?$expand=xsdkmessageid",
        "sdkmessagefilters?$filter=nonsense eq 'x'",
    ] {
        refused(&s, bad).await;
    }
    let rows = s.get("sdkmessagefilters?$select=primaryobjecttypecode&$expand=sdkmessageid($select=name)&$filter=sdkmessageid/name eq 'CreateMultiple' and primaryobjecttypecode eq 'account'").await;
    let row = rows["value"][0].as_object().unwrap();
    assert_eq!(
        row.keys().collect::<Vec<_>>(),
        ["sdkmessagefilterid", "primaryobjecttypecode", "sdkmessageid"]
    );
    assert_eq!(row["sdkmessageid"]["name"], "CreateMultiple");
}

#[tokio::test]
async fn fetchxml_keeps_to_its_schema() {
    let s = serve(5).await;
    for bad in [
        "<fetch aggregate='true'><entity name='contact'><attribute name='gendercode' alias='g' groupby='true'/><order attribute='gendercode'/></entity></fetch>",
        "<fetch><entity name='contact'><filter><condition attribute='gendercode' operator='in' value='1'/></filter></entity></fetch>",
        "<fetch><entity name='contact'><attribute name='lastname' colour='red'/></entity></fetch>",
        "<fetch limit='5'><entity name='contact'><attribute name='lastname'/></entity></fetch>",
    ] {
        let text: String = url::form_urlencoded::byte_serialize(bad.as_bytes()).collect();
        let answer = s.error(Method::GET, &format!("contacts?fetchXml={text}"), None).await;
        assert_eq!(answer, (400, "0x80040303".into()), "{bad}");
    }
}

#[tokio::test]
async fn dates_in_filters_are_of_their_columns_types() {
    let s = serve(30).await;
    let count = async |filter: &str| {
        let answer = s.get(&format!("contacts?$select=contactid&$filter={filter}")).await;
        answer["value"].as_array().unwrap().len()
    };
    for bad in [
        "createdon ge 2020-01-01T00:00:00",
        "createdon ge 2020-01-01%2000:00:00Z",
        "createdon ge 2020",
        "createdon ge '2020-01-01T00:00:00Z'",
        "birthdate ge 1980-01-01T00:00:00Z",
    ] {
        refused(&s, &format!("contacts?$filter={bad}")).await;
    }
    assert_eq!(count("createdon ge 2000-01-01T00:00:00Z").await, 30);
    assert_eq!(count("createdon ge 2000-01-01T00:00:00%2B02:00").await, 30);
    let at = "createdon ge 2026-01-01";
    assert_eq!(count(at).await, count(&format!("{at}T00:00:00Z")).await, "a day is its midnight in UTC");
    assert_eq!(count("birthdate ge 1900-01-01").await, count("birthdate ne null").await);
}

#[tokio::test]
async fn tables_of_a_big_tenant_are_filtered_and_ordered_by_their_own_columns() {
    let s = crate::support::serve_as(20, 0, |config| config.big = true).await;
    let list =
        s.get("EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryNameAttribute,OwnershipType").await;
    let table = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| {
            e["LogicalName"].as_str().unwrap().starts_with("ctso_") && e["OwnershipType"] == "UserOwned"
        })
        .unwrap();
    let (set, name) =
        (table["EntitySetName"].as_str().unwrap(), table["PrimaryNameAttribute"].as_str().unwrap());
    for good in [
        format!(
            "$filter={name} eq 'O''Neil' and (statecode eq 0 or createdon ge 2026-01-01T00:00:00Z)&$orderby={name} desc"
        ),
        format!("$filter=not contains({name},'x') and _ownerid_value ne null"),
        "$filter=Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=7)".to_owned(),
    ] {
        assert_eq!(s.get(&format!("{set}?$select={name}&{good}")).await["value"], json!([]));
    }
    for bad in [
        "$filter=nonsense eq 1".to_owned(),
        "$filter=ownerid eq null".to_owned(),
        format!("$filter={name} like 'x'"),
        format!("$filter={name} eq x"),
        "$filter=statecode eq '0'".to_owned(),
        "$filter=statecode eq 0 and".to_owned(),
        "$filter=(statecode eq 0".to_owned(),
        "$filter=createdon ge 2026-01-01T00:00:00".to_owned(),
        format!("$filter=matches({name},'x')"),
        "$filter=Microsoft.Dynamics.CRM.Yesteryear(PropertyName='createdon')".to_owned(),
        "$filter=not Microsoft.Dynamics.CRM.Today(PropertyName='createdon')".to_owned(),
        "$orderby=nonsense".to_owned(),
        "$orderby=statecode downwards".to_owned(),
    ] {
        refused(&s, &format!("{set}?{bad}")).await;
    }
    let fetch = |inside: &str| {
        format!(
            "{set}?fetchXml=<fetch><entity name='{}'>{inside}</entity></fetch>",
            table["LogicalName"].as_str().unwrap()
        )
    };
    s.get(&fetch("<order attribute='createdon'/>")).await;
    no_column(&s, &format!("{set}?$filter=Microsoft.Dynamics.CRM.Today(PropertyName='_ownerid_value')"))
        .await;
    no_column(&s, &fetch("<filter><condition attribute='nonsense' operator='null'/></filter>")).await;
}

#[tokio::test]
async fn global_choices_take_the_options_that_they_have() {
    let s = serve(5).await;
    let named = "GlobalOptionSetDefinitions(Name='new_projectphase')";
    let all = s.get("GlobalOptionSetDefinitions?$select=Name").await;
    assert!(
        all["value"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["Name"].is_string() && one.get("Options").is_none())
    );
    let one = s.get(&format!("{named}?$select=Options")).await;
    assert!(one["Options"].is_array() && one.get("Name").is_none(), "{one}");
    for bad in ["?$filter=Name eq 'new_projectphase'", "?$select=Nothing", "?$select=Options", "?$top=1"] {
        refused(&s, &format!("GlobalOptionSetDefinitions{bad}")).await;
    }
    refused(&s, &format!("{named}?$select=Nothing")).await;
}
