//! `plans.sign_off`: a plan as a document to hand over, and the promise that it runs as it was signed.

mod content;
mod html;
mod json;
mod masked;
mod sheet;

use rand::RngCore;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use syncline_mapping::definition_hash;
use syncline_model::{ErrorCode, SyncDefinition};
use syncline_store::{Plan, PlanStatus, SignOff, Store, StoreError, pair_hash};
use syncline_sync::PlanDetail;
use uuid::Uuid;

use super::export::{file_fault, part, target};
use super::{plans, syncs, two_way};
use crate::app::App;
use crate::jobs::JobHandle;
use crate::wire::{ApiError, JobKind, JobStarted, SignOffReport, SignOffStart, SignedView, Tag};
use content::Content;

/// Where the key of all pseudonyms is kept: in the encrypted store, never in a document.
const MASK_KEY: &str = "mask/key";

/// The forms of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Sheet,
    Json,
}

fn form(path: &Path) -> Result<Form, ApiError> {
    match path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase).as_deref() {
        Some("html" | "htm") => Ok(Form::Html),
        Some("xlsx") => Ok(Form::Sheet),
        Some("json") => Ok(Form::Json),
        Some(_) | None => {
            Err(ApiError::new(ErrorCode::Usage, format!("{}: not a known ending", path.display()))
                .hint("use .html, .xlsx or .json"))
        }
    }
}

pub(crate) async fn start(app: &Arc<App>, request: SignOffStart) -> Result<JobStarted, ApiError> {
    let path = target(&request.path)?;
    let form = form(&path)?;
    let plan = plans::find(app, &request.plan).await?;
    whole(&plan)?;
    let root = Arc::clone(app);
    let title = format!("signing off {}", plan.definition);
    let job = app.jobs().start(JobKind::Export, title, None, vec![Tag::Plans], move |handle| async move {
        let report = write(&root, plan, &request, &path, form, &handle).await?;
        serde_json::to_value(report).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    });
    Ok(JobStarted { job })
}

fn whole(plan: &Plan) -> Result<(), ApiError> {
    match plan.status {
        PlanStatus::Ready | PlanStatus::Run => Ok(()),
        PlanStatus::Planning | PlanStatus::Incomplete => {
            Err(ApiError::new(ErrorCode::GuardRefused, "this preview is not whole; it can't be signed off")
                .hint("make the preview again and let it end"))
        }
    }
}

async fn write(
    app: &Arc<App>,
    plan: Plan,
    request: &SignOffStart,
    path: &Path,
    form: Form,
    handle: &JobHandle,
) -> Result<SignOffReport, ApiError> {
    handle.progress("reading the plan", 0, None);
    let by = match request.by.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => signer(app, &plan).await?,
    };
    let masked = request.masked.unwrap_or(false);
    let id = plan.id;
    let plans = match two_way::part(&plan) {
        Some(_) => {
            let (to, back) = two_way::both(app, plan).await?;
            whole(&to).and(whole(&back))?;
            vec![to, back]
        }
        None => vec![plan],
    };
    let read = |plan: &Plan| {
        serde_json::from_value::<PlanDetail>(plan.detail.clone()).unwrap_or_default().counts.looked_at()
    };
    let records = plans.iter().map(read).sum();
    let ids: Vec<Uuid> = plans.iter().map(|plan| plan.id).collect();
    let signed = app
        .with_store(move |store| {
            let hashes = ids.iter().map(|id| store.plan_content_hash(*id)).collect::<Result<Vec<_>, _>>()?;
            let pair = match hashes.as_slice() {
                [to, back] => Some(pair_hash(to, back)),
                _ => None,
            };
            let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let sign =
                |hash| SignOff { hash, by: by.clone(), at: at.clone(), changed: false, pair: pair.clone() };
            Ok(hashes.into_iter().map(sign).collect::<Vec<_>>())
        })
        .await?;
    let names = app.connection_names().await?;
    let key = if masked { Some(mask_key(&app.store).await?) } else { None };
    let (store, half, told, kept) = (app.store.clone(), part(path), handle.clone(), signed.clone());
    let written = crate::app::run_blocking(move || {
        let ways = plans
            .iter()
            .zip(kept)
            .map(|(plan, signed)| Content::read(&store, plan, &names, signed, key.as_deref()))
            .collect::<Result<Vec<_>, _>>()?;
        told.progress("writing the document", 0, None);
        let result = match form {
            Form::Html => html::write(&ways, &half),
            Form::Sheet => sheet::write(&store, &ways, &half),
            Form::Json => json::write(&store, &ways, &half),
        };
        if result.is_err() {
            // The half-written part is of no use.
            let _ = std::fs::remove_file(&half);
        }
        let masked: BTreeSet<String> = ways.iter().flat_map(Content::masked_fields).collect();
        result.map(|()| (masked.into_iter().collect(), plans))
    })
    .await?;
    let (masked_fields, plans): (Vec<String>, Vec<Plan>) = written;
    let half = part(path);
    let bytes = std::fs::metadata(&half).map(|meta| meta.len()).unwrap_or_default();
    std::fs::rename(&half, path).map_err(|error| file_fault(path, &error))?;
    // A plan that was run is shown as it was run; its signature stays what it was.
    for (plan, kept) in plans.iter().zip(signed.clone()) {
        let id = plan.id;
        if plan_is_open(app, id).await? {
            app.with_store(move |store| store.sign_plan(id, &kept)).await?;
        }
    }
    let Some(signed) = signed.first() else {
        return Err(ApiError::new(ErrorCode::Internal, "no plan was signed"));
    };
    Ok(SignOffReport {
        path: path.display().to_string(),
        bytes,
        records,
        plan_id: id.to_string(),
        signed: view(signed),
        masked,
        masked_fields,
    })
}

async fn plan_is_open(app: &Arc<App>, id: Uuid) -> Result<bool, ApiError> {
    let plan = app.with_store(move |store| store.plan(id)).await?;
    Ok(plan.is_some_and(|plan| plan.status == PlanStatus::Ready))
}

/// The user of the source connection, as it was verified.
async fn signer(app: &Arc<App>, plan: &Plan) -> Result<String, ApiError> {
    let id = plan.source;
    let connection = app.with_store(move |store| store.connection(id)).await?;
    let identity = connection.and_then(|connection| connection.identity);
    Ok(identity
        .and_then(|identity| identity.user_name.or(identity.user_id))
        .unwrap_or_else(|| "unknown".to_owned()))
}

/// The key of all pseudonyms of this store; made at the first use.
pub(crate) async fn mask_key(store: &Store) -> Result<Vec<u8>, ApiError> {
    let store = store.clone();
    crate::app::run_blocking(move || {
        let known = store.kept(MASK_KEY)?;
        if let Some(key) =
            known.as_ref().and_then(|value| value.as_str()).and_then(|text| hex::decode(text).ok())
        {
            return Ok(key);
        }
        let mut key = vec![0; 32];
        rand::rng().fill_bytes(&mut key);
        store.keep(MASK_KEY, None, &serde_json::json!(hex::encode(&key)), jiff::Timestamp::now())?;
        Ok(key)
    })
    .await
}

pub(crate) fn view(signed: &SignOff) -> SignedView {
    SignedView {
        hash: signed.whole().to_owned(),
        by: signed.by.clone(),
        at: signed.at.clone(),
        changed: signed.changed,
    }
}

/// What a plan was signed with.
pub(crate) fn signed(plan: &Plan) -> Option<SignOff> {
    plan.signature.as_deref().and_then(|text| serde_json::from_str(text).ok())
}

/// What a plan was signed with, as shells see it. A two-way sync is signed as a whole: rows that changed on the other way count too.
pub(crate) fn told(store: &Store, plan: &Plan) -> Result<Option<SignedView>, StoreError> {
    let Some(own) = signed(plan) else { return Ok(None) };
    let mut shown = view(&own);
    if let Some((_, part)) = two_way::part(plan)
        && let Some(other) = store.plan(part.other)?.as_ref().and_then(signed)
    {
        shown.changed |= other.changed || other.pair != own.pair;
    }
    Ok(Some(shown))
}

/// The beginning of a hash, enough to tell two apart by eye.
fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

fn refused(message: String) -> ApiError {
    ApiError::new(ErrorCode::GuardRefused, message)
        .hint("look at the preview again and sign it off as it is now, or make a new one")
}

fn begins(now: &str, expected: &str) -> Result<(), ApiError> {
    if expected.len() >= 8 && now.starts_with(&expected.to_lowercase()) {
        return Ok(());
    }
    Err(refused(format!(
        "the plan's hash begins with {}, not with {expected} as it was signed off",
        short(now)
    )))
}

/// What keeps a two-way sync from running: both plans are not what the person who runs them holds in hand.
pub(crate) async fn guard_pair(
    app: &Arc<App>,
    (to, back): (&Plan, &Plan),
    expected: Option<&str>,
) -> Result<(), ApiError> {
    let Some(expected) = expected else { return Ok(()) };
    let (to, back) = (to.id, back.id);
    let now = app
        .with_store(move |store| {
            Ok(pair_hash(&store.plan_content_hash(to)?, &store.plan_content_hash(back)?))
        })
        .await?;
    begins(&now, expected)
}

/// What keeps a plan from running: it is no longer what was signed, or not what the person who runs it holds in hand.
pub(crate) async fn guard(app: &Arc<App>, plan: &Plan, expected: Option<&str>) -> Result<(), ApiError> {
    let signed = signed(plan);
    if signed.is_none() && expected.is_none() {
        return Ok(());
    }
    let id = plan.id;
    let now = app.with_store(move |store| store.plan_content_hash(id)).await?;
    if let Some(expected) = expected {
        begins(&now, expected)?;
    }
    let Some(signed) = signed else { return Ok(()) };
    if signed.hash != now {
        return Err(refused(format!(
            "this plan is not the one that {} signed off on {}: its hash begins with {}, the signed one with {}",
            signed.by,
            signed.at,
            short(&now),
            short(&signed.hash)
        ))
        .detail(format!("now {now}\nsigned {}", signed.hash)));
    }
    let name = plan.definition.clone();
    let saved = app.with_store(move |store| store.definition(&name)).await?;
    match saved {
        Some(saved) if !same_work(&plan.definition_json, &saved.json) => Err(refused(format!(
            "the definition \"{}\" was changed since {} signed the plan off on {}",
            plan.definition, signed.by, signed.at
        ))),
        Some(_) | None => Ok(()),
    }
}

/// True when two definitions do the same; when they run by themselves does not matter.
pub(crate) fn same_work(one: &str, other: &str) -> bool {
    let hash = |text: &str| {
        let mut definition: SyncDefinition = syncs::read(text).ok()?;
        definition.schedule = None;
        Some(definition_hash(&definition))
    };
    hash(one).is_some_and(|one| hash(other) == Some(one))
}
