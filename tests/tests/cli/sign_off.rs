//! Signing a preview off, running what was signed, the prediction of a run, events again, schedules written out.

use serde_json::{Value, json};

use crate::program::{World, count};

fn definition() -> Value {
    json!({
        "version": 1, "name": "Contacts to marketing",
        "source": { "connection": "crm", "entity": "contact",
            "columns": ["contactid", "emailaddress1", "firstname", "lastname", "createdon"],
            "fetch": { "mode": "all", "days": 0 }, "page_size": 500 },
        "destination": { "connection": "marketing", "entity": "profile" },
        "identifiers": [{ "to": "uuid", "from": "contactid" }],
        "fields": [{ "to": "name", "from": "firstname" }, { "to": "surname", "from": "lastname" }],
        "events": { "name": { "fixed": "signed_up" }, "timestamp": { "from": "createdon" }, "parameters": [], "fixed": [] },
        "schedule": { "cron": "0 6 * * 1-5", "paused": true }
    })
}

fn text(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_signed_preview_is_what_runs() {
    let Some(world) = World::new(60) else { return };
    let home = &world.home;
    world.add_crm(&[]).with(0);
    world.add_marketing();
    let file = world.definition(&definition());
    let page = home.path("preview.html");
    let out = page.display().to_string();
    let preview = home.json(&["sync", "preview", &file, "--out", &out, "--by", "Ada Auditor"]).with(0).json();
    let signed = &preview["signed_off"]["signed"];
    let hash = signed["hash"].as_str().unwrap();
    let plan = preview["plan_id"].as_str().unwrap();
    let html = text(&page);
    assert!(html.contains(hash) && html.contains("Ada Auditor") && html.contains(plan), "{signed}");
    assert!(!html.contains("<script") && !html.contains("src="));

    // Another hash in hand, or another definition, is refused by a guard.
    home.json(&["sync", "run", "--plan", plan, "--signed", "0123456789", "--yes"]).with(5);
    let mut changed = definition();
    changed["fields"] = json!([{ "to": "name", "from": "lastname" }]);
    let other = home.path("other.sync.json");
    std::fs::write(&other, changed.to_string()).unwrap();
    home.json(&["sync", "run", &other.display().to_string(), "--plan", plan, "--yes"]).with(5);
    assert_eq!(world.sandbox.profiles().len(), 0, "nothing was sent");

    let run =
        home.json(&["sync", "run", &file, "--plan", plan, "--signed", &hash[..16], "--yes"]).with(0).json();
    assert_eq!((count(&run, "created"), count(&run, "events")), (60, 60), "{run}");
    assert_eq!(
        (&run["prediction"]["score"], count(&run["prediction"], "predicted")),
        (&json!(1.0), 60),
        "{run}"
    );
    let shown = home.run(&["runs", "show", run["run_id"].as_str().unwrap()]).with(0).out;
    assert!(shown.contains("60 of 60 as predicted"), "{shown}");

    // The events went: they are held back, and go again only on purpose, their number said.
    let held = home.json(&["sync", "preview", &file]).with(0).json();
    assert_eq!(
        (count(&held["summary"], "events"), count(&held["summary"], "events_held_back")),
        (0, 60),
        "{held}"
    );
    let again = home.json(&["sync", "run", &file, "--resend-events", "--yes"]).with(0);
    assert!(again.err.contains("60 events that were sent before go again"), "{again:?}");
    assert_eq!(count(&again.json(), "events"), 60);
}

#[test]
fn documents_of_every_form_masked_where_asked() {
    let Some(world) = World::new(40) else { return };
    let home = &world.home;
    world.add_crm(&[]).with(0);
    world.add_marketing();
    let file = world.definition(&definition());
    let clear = home.json(&["sync", "preview", &file]).with(0).json();
    let names: Vec<String> = clear["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["mapped"]["surname"].as_str())
        .filter(|name| name.chars().count() > 4)
        .map(str::to_lowercase)
        .collect();
    assert!(names.len() > 10);
    for ending in ["html", "json", "xlsx"] {
        let path = home.path(&format!("masked.{ending}"));
        let out = path.display().to_string();
        let answer = home.json(&["sync", "preview", &file, "--out", &out, "--mask"]).with(0);
        assert!(answer.json()["signed_off"]["masked"] == true, "{answer:?}");
        let told = answer.out.to_lowercase();
        assert!(names.iter().all(|name| !told.contains(name.as_str())), "the answer is masked too");
        if ending != "xlsx" {
            let written = text(&path).to_lowercase();
            let leaked: Vec<&String> = names.iter().filter(|name| written.contains(name.as_str())).collect();
            assert!(leaked.is_empty(), "{leaked:?}");
            assert!(written.contains("name-"));
        }
    }
    home.json(&["sync", "preview", &file, "--out", "preview.doc"]).with(2);
    home.json(&["sync", "preview", &file, "--mask"]).with(2);
}

#[test]
fn schedules_are_written_out() {
    let Some(world) = World::new(5) else { return };
    let home = &world.home;
    world.add_crm(&[]).with(0);
    world.add_marketing();
    let file = world.definition(&definition());
    let times = home.json(&["sync", "schedule", &file]).with(0).json();
    assert_eq!((times["next"].as_array().unwrap().len(), &times["paused"]), (5, &json!(true)), "{times}");
    for (form, part) in [
        ("--systemd", "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 06:00:00 UTC"),
        ("--cron", "0 6 * * 1-5 "),
        ("--windows", "<CalendarTrigger>"),
        ("--ci", "workflow_dispatch"),
    ] {
        let told = home.run(&["sync", "schedule", &file, form]).with(0).out;
        assert!(told.contains(part) && told.contains("--scheduled"), "{told}");
    }
    let folder = home.path("units");
    std::fs::create_dir(&folder).unwrap();
    home.json(&["sync", "schedule", &file, "--systemd", "--out", &folder.display().to_string()]).with(0);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    // What is paused does not run by its schedule.
    home.json(&["sync", "run", &file, "--scheduled"]).with(5);
    let mut on = definition();
    on["schedule"]["paused"] = json!(false);
    // Nobody is there to give the number: production needs it in the schedule, and no more than it says is written.
    home.json(&["connection", "set", "marketing", "--kind", "production"]).with(0);
    home.json(&["sync", "run", &world.definition(&on), "--scheduled"]).with(5);
    on["schedule"]["at_most"] = json!(4);
    home.json(&["sync", "run", &world.definition(&on), "--scheduled"]).with(5);
    let ids =
        home.json(&["records", "crm", "contact", "--columns", "contactid", "--top", "1"]).with(0).lines();
    let id = ids[0]["contactid"].as_str().unwrap();
    let file = world.definition(&on);
    home.json(&["sync", "one", &file, id]).with(5);
    home.json(&["sync", "one", &file, id, "--expect", "1"]).with(0);
    on["schedule"]["at_most"] = json!(5);
    let run = home.json(&["sync", "run", &world.definition(&on), "--scheduled"]).with(0).json();
    assert_eq!(count(&run, "created"), 4, "{run}");
    on.as_object_mut().unwrap().remove("schedule");
    home.json(&["sync", "schedule", &world.definition(&on)]).with(2);
}
