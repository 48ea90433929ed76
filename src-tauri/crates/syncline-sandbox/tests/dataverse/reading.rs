//! Functions, metadata, OData queries.
use crate::support::{serve, serve_as};
use reqwest::Method;
use std::collections::HashSet;
use syncline_sandbox::dataverse::Limits;
use uuid::Uuid;

#[tokio::test]
async fn who_am_i_and_functions() {
    let s = serve(50).await;
    let me = s.get("WhoAmI").await;
    assert_eq!(me["UserId"], s.environment.users[0].user_id.to_string());
    let other = Uuid::from_u128(77);
    s.environment.set_organization_id(other);
    assert_eq!(s.get("WhoAmI()").await["OrganizationId"], other.to_string());
    assert!(s.get("RetrieveVersion()").await["Version"].as_str().unwrap().starts_with("9.2"));
    let counts = s.get("RetrieveTotalRecordCount(EntityNames=['contact','account'])").await;
    assert_eq!(counts["EntityRecordCountCollection"]["Values"], serde_json::json!([50, 10]));
    assert!(s.get("").await["value"].as_array().unwrap().iter().any(|e| e["name"] == "contacts"));
    let answer = s.request(Method::GET, "WhoAmI").send().await.unwrap();
    assert!(
        answer.headers().contains_key("x-ms-service-request-id") && answer.headers().contains_key("req_id")
    );
    assert_eq!(answer.headers()["x-ms-ratelimit-burst-remaining-xrm-requests"], "5994");
}

#[tokio::test]
async fn metadata() {
    let s = serve(10).await;
    let all =
        s.get("EntityDefinitions?$select=LogicalName,EntitySetName&$filter=IsCustomEntity eq true").await;
    let names: Vec<_> =
        all["value"].as_array().unwrap().iter().map(|e| e["LogicalName"].as_str().unwrap()).collect();
    assert_eq!(names, ["new_project", "new_projectmember"]);
    let owned = s.get("EntityDefinitions?$select=LogicalName&$filter=OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'").await;
    assert!(owned["value"].as_array().unwrap().len() > 4);
    let contact =
        s.get("EntityDefinitions(LogicalName='contact')?$expand=Attributes($select=LogicalName)").await;
    assert_eq!(contact["DisplayName"]["UserLocalizedLabel"]["Label"], "Contact");
    assert!(contact["Attributes"].as_array().unwrap().len() > 60);
    let id = contact["MetadataId"].as_str().unwrap();
    assert_eq!(s.get(&format!("EntityDefinitions({id})?$select=SchemaName")).await["SchemaName"], "Contact");
    let attributes = s.get("EntityDefinitions(LogicalName='contact')/Attributes").await;
    let companion = attributes["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["LogicalName"] == "gendercodename")
        .unwrap();
    assert_eq!(companion["AttributeOf"], "gendercode");
    let picks = s
        .get("EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)")
        .await;
    let segment =
        picks["value"].as_array().unwrap().iter().find(|a| a["LogicalName"] == "new_segment").unwrap();
    assert_eq!(segment["OptionSet"]["Options"][2]["Label"]["UserLocalizedLabel"], serde_json::Value::Null);
    assert_eq!(segment["OptionSet"]["Options"][1]["Label"]["LocalizedLabels"][0]["Label"], "Silver & Gold");
    let dates = s
        .get("EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior,Format")
        .await;
    let behaviors: HashSet<_> = dates["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["DateTimeBehavior"]["Value"].as_str().unwrap())
        .collect();
    assert_eq!(behaviors.len(), 3);
    let keys = s.get("EntityDefinitions(LogicalName='new_project')/Keys").await;
    assert_eq!(keys["value"][0]["KeyAttributes"][0], "new_projectcode");
    let many = s.get("EntityDefinitions(LogicalName='contact')/ManyToOneRelationships?$filter=ReferencingAttribute eq 'parentcustomerid'").await;
    assert_eq!(many["value"].as_array().unwrap().len(), 2);
    assert!(
        !s.get("EntityDefinitions(LogicalName='systemuser')/ManyToManyRelationships").await["value"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        s.get("GlobalOptionSetDefinitions(Name='new_projectphase')").await["Options"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let enums =
        "EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM.EnumAttributeMetadata";
    assert_eq!(s.error(Method::GET, enums, None).await.0, 400);
}

#[tokio::test]
async fn paging_visits_every_row_once_in_any_order() {
    let s = serve(137).await;
    for query in ["contacts?$select=fullname", "contacts?$select=fullname&$orderby=lastname desc,contactid"] {
        let (mut seen, mut pages, mut next) = (HashSet::new(), 0, Some(query.to_owned()));
        while let Some(url) = next {
            let page = s.get_with(&url, "odata.maxpagesize=20").await;
            for row in page["value"].as_array().unwrap() {
                assert!(seen.insert(row["contactid"].as_str().unwrap().to_owned()));
            }
            pages += 1;
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        assert_eq!((seen.len(), pages), (137, 7), "{query}");
    }
}

#[tokio::test]
async fn filters_orders_counts_and_refusals() {
    let s = serve(400).await;
    let count = async |filter: &str| {
        s.get(&format!("contacts?$select=contactid&$filter={filter}")).await["value"]
            .as_array()
            .unwrap()
            .len()
    };
    let active = count("statecode eq 0").await;
    assert_eq!(active + count("statecode eq 1").await, 400);
    assert_eq!(count("not (statecode eq 0)").await, 400 - active);
    assert_eq!(count("gendercode eq null").await + count("gendercode ne null").await, 400);
    assert!(count("lastname eq 'O''BRIEN'").await > 0);
    assert!(count("contains(lastname,'brien') or startswith(firstname,'zo')").await > 0);
    assert_eq!(
        count("Microsoft.Dynamics.CRM.In(PropertyName='gendercode',PropertyValues=[\"1\",\"2\"])").await,
        count("gendercode eq 1 or gendercode eq 2").await
    );
    assert!(count("Microsoft.Dynamics.CRM.LastXYears(PropertyName='createdon',PropertyValue=5)").await > 0);
    assert_eq!(
        count("parentcustomerid_account/name ne null").await,
        count("parentcustomerid_account/accountid ne null").await
    );
    assert!(count("birthdate lt 1970-01-01 and createdon gt 2015-01-01T00:00:00Z").await > 0);
    let accounts =
        s.get("accounts?$filter=contact_customer_accounts/any(c:c/statecode eq 1)&$select=name").await;
    assert!(!accounts["value"].as_array().unwrap().is_empty());
    let sorted =
        s.get("contacts?$select=new_loyaltypoints&$orderby=new_loyaltypoints desc&$top=5&$count=true").await;
    assert_eq!(sorted["@odata.count"], 400);
    let points: Vec<_> = sorted["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["new_loyaltypoints"].as_i64().unwrap())
        .collect();
    assert!(points.len() == 5 && points.is_sorted_by(|a, b| a >= b));
    assert_eq!(
        s.request(Method::GET, "contacts/$count")
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .trim_start_matches('\u{feff}'),
        "400"
    );
    for bad in [
        "contacts?$skip=3",
        "contacts?$select=nope",
        "contacts?$filter=nope eq 1",
        "contacts?$select=parentcustomerid",
    ] {
        assert_eq!(s.error(Method::GET, bad, None).await, (400, "0x80060888".into()), "{bad}");
    }
    assert_eq!(s.error(Method::GET, "nothings", None).await.0, 404);
}

#[tokio::test]
async fn annotations_expansion_and_etags() {
    let s = serve(60).await;
    let plain = s.get("contacts?$top=1").await;
    assert!(!plain.to_string().contains("FormattedValue"));
    assert!(plain["value"][0].as_object().unwrap().len() > 60, "nulls are present");
    let filter = "contacts?$filter=parentcustomerid_account/accountid ne null&$select=creditlimit,statecode,_parentcustomerid_value&$expand=parentcustomerid_account($select=name)&$top=1";
    let rich = s.get_with(filter, "odata.include-annotations=\"*\"").await;
    let row = &rich["value"][0];
    assert_eq!(row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account");
    assert_eq!(
        row["_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"],
        "parentcustomerid_account"
    );
    assert_eq!(
        row["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"],
        row["parentcustomerid_account"]["name"]
    );
    assert!(row.get("_transactioncurrencyid_value").is_some());
    let id = row["contactid"].as_str().unwrap();
    let one = s.request(Method::GET, &format!("contacts({id})?$select=fullname")).send().await.unwrap();
    let etag = one.headers()["etag"].to_str().unwrap().to_owned();
    let again = s
        .request(Method::GET, &format!("contacts({id})?$select=fullname"))
        .header("if-none-match", etag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    let account = row["parentcustomerid_account"]["accountid"].as_str().unwrap();
    let children = s
        .get(&format!(
            "accounts({account})?$select=name&$expand=contact_customer_accounts($select=fullname;$top=50)"
        ))
        .await;
    assert!(children["contact_customer_accounts"].as_array().unwrap().iter().any(|c| c["contactid"] == id));
    let path = s.get(&format!("accounts({account})/contact_customer_accounts?$select=fullname")).await;
    assert_eq!(
        path["value"].as_array().unwrap().len(),
        children["contact_customer_accounts"].as_array().unwrap().len()
    );
    let me = s.environment.users[0].user_id;
    let user = s
        .get(&format!("systemusers({me})?$select=fullname&$expand=systemuserroles_association($select=name)"))
        .await;
    assert_eq!(user["systemuserroles_association"][0]["name"], "System Administrator");
    let list = s.get("lists?$filter=type eq false&$select=listname&$top=1").await;
    let list = list["value"][0]["listid"].as_str().unwrap().to_owned();
    assert_eq!(
        s.get(&format!("lists({list})/listcontact_association?$select=fullname")).await["value"]
            .as_array()
            .unwrap()
            .len(),
        40
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_untidy_rows() {
    let (a, b) = (serve(3000).await, serve(3000).await);
    let (a, b) = (
        a.get("contacts?$orderby=contactid").await["value"].clone(),
        b.get("contacts?$orderby=contactid").await["value"].clone(),
    );
    assert_eq!(a, b);
    let rows = a.as_array().unwrap();
    let mail: Vec<&str> = rows.iter().filter_map(|r| r["emailaddress1"].as_str()).collect();
    let unique: HashSet<_> = mail
        .iter()
        .filter(|m| {
            m.matches('@').count() == 1
                && !m.contains([' ', ',', ';', '"'])
                && !m.starts_with('@')
                && !m.ends_with('@')
                && !m.contains("..")
        })
        .collect();
    assert!((0.65..0.80).contains(&(unique.len() as f64 / rows.len() as f64)), "{}", unique.len());
    assert!(mail.len() > unique.len());
    assert!(rows.iter().any(|r| r["description"].as_str().is_some_and(|d| d.len() > 80_000)));
    assert!(rows.iter().any(|r| r["birthdate"].as_str().is_some_and(|d| d < "1970-01-01" && d.len() == 10)));
}

#[tokio::test]
async fn service_protection_and_missing_privilege() {
    let limits = Limits {
        requests: 3,
        window: std::time::Duration::from_secs(60),
        parallelism_hint: 2,
        ..Limits::default()
    };
    let s = serve_as(20, 1, |c| c.limits = Some(limits)).await;
    let answer = s.request(Method::GET, "leads").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-ms-dop-hint"]), (403, &"2".parse().unwrap()));
    let text = answer.text().await.unwrap();
    assert!(text.contains("0x80040220") && text.contains("prvReadLead"), "{text}");
    let expanded = "contacts?$top=1&$expand=originatingleadid($select=subject)";
    assert_eq!(s.error(Method::GET, expanded, None).await, (403, "0x80040220".into()));
    s.get("contacts?$top=1").await;
    let refused = s.request(Method::GET, "contacts?$top=1").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 60);
    assert!(refused.text().await.unwrap().contains("0x80072322"));
}
