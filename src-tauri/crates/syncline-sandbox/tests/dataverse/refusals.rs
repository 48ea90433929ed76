//! What the service refuses: 400 with 0x80060888 and nothing else.
use crate::support::{Service, serve};
use reqwest::Method;
use serde_json::json;

async fn refused(s: &Service, path: &str) {
    assert_eq!(s.error(Method::GET, path, None).await, (400, "0x80060888".into()), "{path}");
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
        "EqualUserId(PropertyName='_ownerid_value')",
        "EqualUserId(PropertyName='nonsense')",
        "EqualUserId(PropertyName='parentcustomerid_account/ownerid')",
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
