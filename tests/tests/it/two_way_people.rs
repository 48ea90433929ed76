//! People on both sides of a two-way sync, and edits of them at random: what was ever written is remembered, so that it can be told in the end
//! whether something was lost or invented.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use syncline_api::wire::JobView;
use syncline_api::{App, AppConfig};
use syncline_sandbox::Sandbox;
use syncline_secrets::MemoryVault;
use syncline_tests::chance::Chance;
use tokio::runtime::Runtime;

use crate::two_way_world::Database;

/// The application as a process that can be killed.
pub(crate) struct Process {
    pub(crate) app: Arc<App>,
    pub(crate) runtime: Runtime,
}

impl Process {
    pub(crate) fn rpc(&self, name: &str, request: Value) -> Value {
        let told = request.to_string();
        let answer = self.runtime.block_on(self.app.rpc(name, request));
        answer.unwrap_or_else(|error| panic!("{name} {told}: {error:?}"))
    }
    pub(crate) fn start(&self, name: &str, request: Value) -> String {
        self.rpc(name, request)["job"].as_str().unwrap().to_owned()
    }
    pub(crate) fn ended(&self, job: &str) -> JobView {
        let waited =
            async { tokio::time::timeout(Duration::from_secs(120), self.app.jobs().wait(job)).await };
        self.runtime.block_on(waited).expect("a job ends").unwrap()
    }
    pub(crate) fn kill(self) {
        let Self { app, runtime } = self;
        drop(app);
        runtime.shutdown_timeout(Duration::from_secs(10));
    }
    /// A write by hand. False: it may have happened and may not.
    fn write(&self, operation: &str, id: Option<&str>, data: Value) -> bool {
        let ask = json!({ "connection": "contoso", "entity": "contact", "operation": operation, "id": id, "data": data });
        self.runtime.block_on(self.app.rpc("records.write", ask)).is_ok()
    }
}

pub(crate) struct World<'d> {
    pub(crate) _outside: Runtime,
    pub(crate) sandbox: Sandbox,
    pub(crate) home: tempfile::TempDir,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) database: &'d Database,
    pub(crate) seed: u64,
}

/// A person as one side holds it: first name, last name, telephone, active.
pub(crate) type Held = [String; 4];
/// People of one side by their addresses, with their ids; several under one address are told apart by a number.
pub(crate) type People = BTreeMap<String, (String, Held)>;
const LEFT: [&str; 3] = ["firstname", "lastname", "telephone1"];
pub(crate) const RIGHT: [&str; 3] = ["FirstName", "LastName", "PhoneNumber"];

/// What was ever written of a person's field, and by whom last.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) values: [BTreeSet<String>; 3],
    /// Sides that edited the field: 1 the source, 2 the destination; with the last value. Of an edit that nobody knows of both count.
    pub(crate) edited: [(u8, String); 3],
    /// Deleted by one side, or never surely made.
    pub(crate) deleted: bool,
}

impl Story {
    pub(crate) fn of(held: [&str; 3]) -> Self {
        let mut story = Self::default();
        for (field, value) in held.into_iter().enumerate() {
            story.values[field].insert(value.to_owned());
            story.edited[field] = (0, value.to_owned());
        }
        story
    }
}

pub(crate) type Stories = BTreeMap<String, Story>;

impl World<'_> {
    pub(crate) fn open(&self) -> Process {
        let runtime = Runtime::new().unwrap();
        let config = AppConfig::with_vault(self.home.path().to_owned(), self.vault.clone());
        let app = runtime.block_on(App::open(config)).unwrap();
        Process { app, runtime }
    }

    pub(crate) fn left(&self, process: &Process) -> People {
        let mut found = BTreeMap::new();
        let mut cursor = Value::Null;
        loop {
            let ask = json!({ "connection": "contoso", "entity": "contact", "mode": "live", "limit": 1000,
                "columns": ["emailaddress1", "firstname", "lastname", "telephone1", "statecode"], "cursor": cursor });
            let page = process.rpc("records.query", ask);
            for row in page["rows"].as_array().unwrap() {
                let raw = &row["raw"];
                let text = |name: &str| raw[name].as_str().unwrap_or_default().to_owned();
                let active = if raw["statecode"] == 0 { "yes" } else { "no" };
                let held = [text(LEFT[0]), text(LEFT[1]), text(LEFT[2]), active.to_owned()];
                put(
                    &mut found,
                    text("emailaddress1").to_lowercase(),
                    row["id"].as_str().unwrap().to_owned(),
                    held,
                );
            }
            cursor = page["cursor"].clone();
            if cursor.is_null() {
                return found;
            }
        }
    }

    pub(crate) fn right(&self) -> People {
        let mut found = BTreeMap::new();
        for [email, id, first, last, phone, active] in self.database.rows(
            r#"SELECT coalesce("Email", ''), "Id", coalesce("FirstName", ''), coalesce("LastName", ''), coalesce("PhoneNumber", ''),
               CASE WHEN "IsActive" THEN 'yes' ELSE 'no' END FROM "Users" ORDER BY "Id""#,
        ) {
            put(&mut found, email.to_lowercase(), id, [first, last, phone, active]);
        }
        found
    }
}

fn put(found: &mut People, email: String, id: String, held: Held) {
    let mut key = email.clone();
    let mut number = 1;
    while found.contains_key(&key) {
        number += 1;
        key = format!("{email}#{number}");
    }
    found.insert(key, (id, held));
}

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) syncs: u32,
    pub(crate) kills: u32,
    pub(crate) broke_off: u32,
    pub(crate) edits: u32,
    /// Edits of any kind while both sides were looked at, between preview and run, and while it wrote.
    pub(crate) meanwhile: [u32; 3],
    pub(crate) made: u32,
    pub(crate) twins: u32,
    pub(crate) deleted: u32,
    pub(crate) unsure: u32,
    pub(crate) decided: u64,
}

/// One round of edits: who was there when it began, and what it made since.
pub(crate) struct Round<'w> {
    world: &'w World<'w>,
    number: u64,
    left: People,
    right: People,
    people: Vec<String>,
    /// Made at the source in this round.
    made_left: Vec<String>,
    step: u64,
}

impl<'w> Round<'w> {
    /// Looks who is there.
    pub(crate) fn begin(world: &'w World<'w>, process: &Process, stories: &Stories, number: u64) -> Self {
        let (left, right) = (world.left(process), world.right());
        let people = stories
            .keys()
            .filter(|email| left.contains_key(*email) && right.contains_key(*email))
            .cloned()
            .collect();
        Self { world, number, left, right, people, made_left: Vec::new(), step: 0 }
    }

    /// Edits before anybody looks.
    pub(crate) fn before(
        &mut self,
        process: &Process,
        chance: &mut Chance,
        stories: &mut Stories,
        tally: &mut Tally,
    ) {
        for _ in 0..(3 + chance.below(8)) {
            self.change(process, chance, stories, tally);
        }
        for _ in 0..chance.below(3) {
            self.make(process, chance, stories, tally);
        }
        if chance.below(2) == 0 {
            self.delete(process, chance, stories, tally);
        }
    }

    /// One edit of any kind.
    pub(crate) fn any(
        &mut self,
        process: &Process,
        chance: &mut Chance,
        stories: &mut Stories,
        tally: &mut Tally,
    ) {
        match chance.below(10) {
            0 => self.make(process, chance, stories, tally),
            1 => self.twin(chance, stories, tally),
            2 => self.delete(process, chance, stories, tally),
            _ => self.change(process, chance, stories, tally),
        }
    }

    fn one_of(&self, chance: &mut Chance) -> String {
        self.people[chance.below(self.people.len() as u64) as usize].clone()
    }

    /// Changes a field, on one side or on both; each value is written once only.
    fn change(&mut self, process: &Process, chance: &mut Chance, stories: &mut Stories, tally: &mut Tally) {
        self.step += 1;
        let email = self.one_of(chance);
        let Some(story) = stories.get_mut(&email).filter(|story| !story.deleted) else { return };
        let field = chance.below(3) as usize;
        let value = format!("s{:x}r{}n{}", self.world.seed, self.number, self.step);
        let sides = 1 + chance.below(5).min(2);
        let sides = if sides == 3 { 3 } else { 1 + chance.below(2) };
        for side in [1_u64, 2].into_iter().filter(|side| sides & side > 0) {
            let value = if sides == 3 { format!("{value}s{side}") } else { value.clone() };
            story.values[field].insert(value.clone());
            story.edited[field].0 |= side as u8;
            story.edited[field].1.clone_from(&value);
            tally.edits += 1;
            if side == 1 {
                if !process.write("update", Some(&self.left[&email].0), json!({ LEFT[field]: value })) {
                    story.edited[field].0 = 3;
                    tally.unsure += 1;
                }
            } else {
                let minutes = chance.below(10) as i64 - 5;
                let set = format!(r#""{}" = '{value}'"#, RIGHT[field]);
                self.world.database.user(&self.right[&email].0, &set, minutes);
            }
        }
    }

    fn insert(&self, number: u64, email: &str) {
        let id = uuid::Uuid::from_u128((u128::from(self.world.seed) << 64) | u128::from(number) | (4 << 76));
        self.world.database.tell(&format!(
            r#"INSERT INTO "Users"("Id", "Email", "FirstName", "LastName") VALUES('{id}', '{email}', 'Ann', 'New') ON CONFLICT DO NOTHING"#
        ));
    }

    /// A new person on one side.
    fn make(&mut self, process: &Process, chance: &mut Chance, stories: &mut Stories, tally: &mut Tally) {
        self.step += 1;
        let email = format!("new.{:x}.{}.{}@example.com", self.world.seed, self.number, self.step);
        let mut story = Story::of(["Ann", "New", ""]);
        if chance.below(2) == 0 {
            let data = json!({ "firstname": "Ann", "lastname": "New", "emailaddress1": email });
            if process.write("create", None, data) {
                self.made_left.push(email.clone());
            } else {
                story.deleted = true;
                tally.unsure += 1;
            }
        } else {
            self.insert(self.number * 1000 + self.step, &email);
        }
        stories.insert(email, story);
        tally.made += 1;
    }

    /// Who was just made at the source is made at the destination too, by another hand. Until they are a pair nobody knows which side changed
    /// what: where they differ then, the rule decides.
    fn twin(&mut self, chance: &mut Chance, stories: &mut Stories, tally: &mut Tally) {
        self.step += 1;
        if self.made_left.is_empty() {
            return;
        }
        let email = &self.made_left[chance.below(self.made_left.len() as u64) as usize];
        self.insert(self.number * 1000 + self.step, email);
        if let Some(story) = stories.get_mut(email) {
            story.edited.iter_mut().for_each(|field| field.0 = 3);
        }
        tally.twins += 1;
    }

    fn delete(&mut self, process: &Process, chance: &mut Chance, stories: &mut Stories, tally: &mut Tally) {
        let email = self.one_of(chance);
        let Some(story) = stories.get_mut(&email).filter(|story| !story.deleted) else { return };
        story.deleted = true;
        tally.deleted += 1;
        if chance.below(2) == 0 {
            tally.unsure += u32::from(!process.write("delete", Some(&self.left[&email].0), Value::Null));
        } else {
            let id = &self.right[&email].0;
            self.world.database.tell(&format!(r#"DELETE FROM "Users" WHERE "Id" = '{id}'"#));
        }
    }
}
