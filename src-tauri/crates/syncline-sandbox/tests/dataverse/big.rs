//! A big tenant's metadata, solutions and privileges.
use crate::support::{Service, serve, serve_as};
use reqwest::Method;
use serde_json::Value as Json;
use std::collections::HashSet;
use std::time::Instant;

async fn big() -> Service {
    serve_as(20, 0, |config| config.big = true).await
}

fn names(answer: &Json, member: &str) -> Vec<String> {
    answer["value"].as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn it_has_a_thousand_tables_with_forty_thousand_columns() {
    let service = big().await;
    let begun = Instant::now();
    let list =
        service.get("EntityDefinitions?$select=LogicalName,EntitySetName,DisplayName,IsIntersect").await;
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    let all = names(&list, "LogicalName");
    assert_eq!(all.len(), 1000);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 1000);
    assert_eq!(names(&list, "EntitySetName").iter().collect::<HashSet<_>>().len(), 1000);
    let deep = service
        .get("EntityDefinitions?$select=LogicalName&$expand=Attributes($select=LogicalName,AttributeOf)")
        .await;
    let columns = deep["value"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|entity| entity["Attributes"].as_array().unwrap())
        .filter(|attribute| attribute["AttributeOf"].is_null())
        .count();
    assert_eq!(columns, 40_000);
    // Without the option nothing of it is there.
    let small = serve(20).await.get("EntityDefinitions?$select=LogicalName").await;
    assert_eq!(small["value"].as_array().unwrap().len(), 25);
}

#[tokio::test]
async fn one_table_is_described_in_all_its_parts() {
    let service = big().await;
    let list = service.get("EntityDefinitions?$select=LogicalName,EntitySetName,TableType,IsIntersect").await;
    let entity = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["LogicalName"].as_str().unwrap().starts_with("ctso_") && e["IsIntersect"] == false)
        .unwrap();
    let logical = entity["LogicalName"].as_str().unwrap();
    let root = format!("EntityDefinitions(LogicalName='{logical}')");
    let one = service
        .get(&format!(
            "{root}?$select=LogicalName,PrimaryIdAttribute,Privileges&$expand=Keys,ManyToOneRelationships($select=SchemaName,ReferencedEntity),Attributes($select=LogicalName)"
        ))
        .await;
    assert_eq!(one["PrimaryIdAttribute"], format!("{logical}id"));
    assert!(
        one["ManyToOneRelationships"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["ReferencedEntity"] == "systemuser")
    );
    let names: Vec<&str> =
        one["Privileges"].as_array().unwrap().iter().map(|p| p["Name"].as_str().unwrap()).collect();
    assert!(names.iter().any(|name| name.starts_with("prvReadctso_")), "{names:?}");
    for cast in ["Picklist", "Lookup", "String", "Boolean"] {
        let part = service
            .get(&format!(
                "{root}/Attributes/Microsoft.Dynamics.CRM.{cast}AttributeMetadata?$select=LogicalName"
            ))
            .await;
        assert!(part["value"].is_array());
    }
    let set = entity["EntitySetName"].as_str().unwrap();
    let rows = service.get(&format!("{set}?$select={logical}id&$count=true")).await;
    assert_eq!((rows["value"].as_array().unwrap().len(), &rows["@odata.count"]), (0, &0.into()));
    assert_eq!(service.error(Method::GET, &format!("{set}?$select=nothing"), None).await.0, 400);
}

#[tokio::test]
async fn accounts_have_more_than_a_hundred_neighbours() {
    let service = big().await;
    let path = "EntityDefinitions(LogicalName='account')/OneToManyRelationships?$select=ReferencingEntity";
    let children = service.get(path).await;
    let distinct: HashSet<String> = names(&children, "ReferencingEntity").into_iter().collect();
    assert!(distinct.len() > 100, "{}", distinct.len());
}

#[tokio::test]
async fn solutions_hold_tables() {
    let service = big().await;
    let solutions = service
        .get("solutions?$select=uniquename,friendlyname,version,ismanaged&$filter=isvisible eq true")
        .await;
    let found = names(&solutions, "uniquename");
    assert!(found.contains(&"Default".to_owned()) && !found.contains(&"System".to_owned()), "{found:?}");
    for (unique, least) in [("Default", 1000), ("ContosoCore", 20)] {
        let solution =
            solutions["value"].as_array().unwrap().iter().find(|one| one["uniquename"] == unique).unwrap();
        let id = solution["solutionid"].as_str().unwrap();
        let parts = service
            .get(&format!(
                "solutioncomponents?$select=objectid&$filter=_solutionid_value eq {id} and componenttype eq 1"
            ))
            .await;
        let ids = names(&parts, "objectid");
        assert!(ids.len() >= least, "{unique}: {}", ids.len());
        let one =
            service.get(&format!("EntityDefinitions({})?$select=LogicalName", ids[ids.len() - 1])).await;
        assert!(one["LogicalName"].is_string());
    }
}

#[tokio::test]
async fn a_user_of_limited_rights_is_told_which_privilege_is_missing() {
    let service = serve_as(20, 1, |config| config.big = true).await;
    service.environment.rights().hide(["list".to_owned()]);
    let answer = service.request(Method::GET, "lists").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: Json = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "0x80040220");
    assert!(body["error"]["message"].as_str().unwrap().contains("prvReadList privilege"), "{body}");
    let user = service.get("WhoAmI").await["UserId"].as_str().unwrap().to_owned();
    let all =
        service.get(&format!("systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges")).await;
    let held: HashSet<&str> = all["RolePrivileges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["PrivilegeName"].as_str().unwrap())
        .collect();
    assert!(held.contains("prvReadContact") && held.contains("prvReadLead") && !held.contains("prvReadList"));
    // What the function says and what a read is answered with agree for every table.
    let list = service.get("EntityDefinitions?$select=LogicalName,EntitySetName,Privileges").await;
    let mut refused = 0;
    for entity in list["value"].as_array().unwrap().iter().step_by(7) {
        let read = entity["Privileges"].as_array().unwrap().iter().find(|p| p["PrivilegeType"] == "Read");
        let Some(name) = read.and_then(|p| p["Name"].as_str()) else { continue };
        let set = entity["EntitySetName"].as_str().unwrap();
        let status = service.request(Method::GET, &format!("{set}?$top=1")).send().await.unwrap().status();
        assert_eq!(status == 200, held.contains(name), "{set}: {status}");
        refused += u32::from(status == 403);
    }
    assert!(refused > 3, "{refused}");
}

#[tokio::test]
async fn a_tenant_grows_and_shrinks_while_it_runs() {
    let service = serve(20).await;
    for (big, tables) in [(true, 1000), (false, 25)] {
        service.environment.set_big(big);
        let list = service.get("EntityDefinitions?$select=LogicalName").await;
        assert_eq!(list["value"].as_array().unwrap().len(), tables);
    }
}
