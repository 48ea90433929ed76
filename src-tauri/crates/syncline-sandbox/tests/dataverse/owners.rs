//! Owners: users and teams, described, bound and shown as the table reference and the Web API reference (`principal`) have it.
use crate::support::serve;
use reqwest::Method;
use serde_json::{Value as Json, json};

fn rows(answer: &Json) -> &Vec<Json> {
    answer["value"].as_array().unwrap()
}

#[tokio::test]
async fn an_owner_is_related_to_the_table_of_all_owners() {
    let s = serve(20).await;
    for (entity, relationship, navigation) in
        [("contact", "owner_contacts", "ownerid"), ("task", "owner_tasks", "ownerid_task")]
    {
        let root = format!("EntityDefinitions(LogicalName='{entity}')");
        let cast = "Microsoft.Dynamics.CRM.LookupAttributeMetadata";
        let lookups = s.get(&format!("{root}/Attributes/{cast}?$select=LogicalName,Targets")).await;
        let owner = rows(&lookups).iter().find(|one| one["LogicalName"] == "ownerid").unwrap();
        assert_eq!(owner["Targets"], json!(["systemuser", "team"]));
        let related = s.get(&format!("{root}/ManyToOneRelationships")).await;
        let of = |column: &str| -> Vec<&Json> {
            rows(&related).iter().filter(|one| one["ReferencingAttribute"] == column).collect()
        };
        let [owner] = of("ownerid")[..] else { panic!("{related}") };
        assert_eq!(
            (&owner["SchemaName"], &owner["ReferencedEntity"], &owner["ReferencedAttribute"]),
            (&json!(relationship), &json!("owner"), &json!("ownerid"))
        );
        assert_eq!(owner["ReferencingEntityNavigationPropertyName"], navigation);
        assert_eq!(of("owninguser")[0]["ReferencedEntity"], "systemuser");
        assert_eq!(of("owningteam")[0]["ReferencedEntity"], "team");
    }
    let users = s.get("EntityDefinitions(LogicalName='systemuser')/OneToManyRelationships").await;
    let names = |wanted: &str| rows(&users).iter().any(|one| one["SchemaName"] == wanted);
    assert!(names("user_contact") && !names("owner_contacts"));
}

#[tokio::test]
async fn users_and_teams_are_bound_by_the_navigation_property_of_the_table() {
    let s = serve(20).await;
    let team = rows(&s.get("teams?$select=name&$top=1").await)[0]["teamid"].as_str().unwrap().to_owned();
    let user = s.environment.users[1].user_id;
    for (set, id, navigation) in
        [("contacts", "contactid", "ownerid"), ("tasks", "activityid", "ownerid_task")]
    {
        let row = rows(&s.get(&format!("{set}?$top=1")).await)[0][id].as_str().unwrap().to_owned();
        let path = format!("{set}({row})");
        let bind = async |to: String| {
            let body = json!({ format!("{navigation}@odata.bind"): to });
            let status = s.error(Method::PATCH, &path, Some(body)).await.0;
            let row = s.get(&path).await;
            (
                status,
                row["_ownerid_value"].clone(),
                row["_owninguser_value"].clone(),
                row["_owningteam_value"].clone(),
            )
        };
        assert_eq!(bind(format!("/teams({team})")).await, (204, json!(team), Json::Null, json!(team)));
        assert_eq!(bind(format!("/systemusers({user})")).await, (204, json!(user), json!(user), Json::Null));
        assert_eq!(bind(format!("/businessunits({user})")).await.0, 404);
    }
    let task = rows(&s.get("tasks?$top=1").await)[0]["activityid"].as_str().unwrap().to_owned();
    let other = json!({ "ownerid@odata.bind": format!("/teams({team})") });
    let refused = s.error(Method::PATCH, &format!("tasks({task})"), Some(other)).await;
    assert_eq!(refused, (400, "0x80048d19".into()), "activities have a name of their own for it");
}

#[tokio::test]
async fn nothing_of_an_owner_is_shown_but_its_key() {
    let s = serve(20).await;
    let shown = s.get("contacts?$select=fullname&$top=1&$expand=ownerid($select=ownerid)").await;
    let owner = &rows(&shown)[0]["ownerid"];
    assert_eq!(owner["@odata.type"], "#Microsoft.Dynamics.CRM.systemuser");
    let id = owner["ownerid"].as_str().unwrap();
    let mine = s.get(&format!("contacts?$select=fullname&$filter=ownerid/ownerid eq {id}")).await;
    let same = s.get(&format!("contacts?$select=fullname&$filter=_ownerid_value eq {id}")).await;
    assert!(!rows(&mine).is_empty());
    assert_eq!(mine["value"], same["value"]);
    for refused in [
        "contacts?$expand=ownerid($select=fullname)",
        "contacts?$filter=ownerid/fullname eq 'x'",
        "contacts?$orderby=ownerid/fullname",
    ] {
        assert_eq!(s.error(Method::GET, refused, None).await, (400, "0x80060888".into()), "{refused}");
    }
    s.get("contacts?$expand=owninguser($select=fullname)&$filter=owninguser/fullname ne null").await;
}
