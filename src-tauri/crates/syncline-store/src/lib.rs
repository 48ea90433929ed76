//! The encrypted store: one SQLCipher file that holds connections, pulled records with their search index, definitions, plans, runs
//! and what was sent.
//!
//! [`Store`] is cheap to clone and may be used from any thread; its calls block. No clock and no randomness inside: times are
//! arguments.

mod cache;
mod error;
mod fold;
mod forget;
mod health;
mod key;
mod log_keeper;
mod migrate;
mod plain;
mod scratch;
mod session;
mod store;
mod tables;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod two_way;
mod work;

pub use cache::changes::compare::FieldDifference;
pub use cache::changes::detail::{MarkRule, PageNotes, PullPlan};
pub use cache::changes::read::{Difference, DifferenceKind, DifferencePage, DifferenceQuery, PullDetail};
pub use cache::dataset::{CacheColumn, CachedEntity};
pub use cache::facets::{Facet, Facets};
pub use cache::grid::{GridPage, GridQuery, GridRow};
pub use cache::index::IndexState;
pub use cache::marks::{Mark, MarkBack, MarkPlace};
pub use cache::portion::Portion;
pub use cache::pull::{Pull, PullCounts, PullEnd, PullKind, PullStart, PullStatus};
pub use cache::query::{Asker, AskerFacts, FetchAsk, FetchedRows};
pub use cache::search::{SearchHit, SearchHits, SearchQuery};
pub use cache::spool::{SpooledEnd, SpooledPart, SpooledPartRef};
pub use cache::sql::{SqlAsk, SqlCancel, SqlColumn, SqlEntity, SqlPart, SqlResult};
pub use cache::write::PageCounts;
pub use error::StoreError;
pub use forget::{Forgotten, KeptFate};
pub use health::{Health, TableHealth};
pub use key::{StoreKey, StoreKeyError};
pub use plain::{PlainCell, PlainTable};
pub use session::{OnlyOne, Role};
pub use store::{STORE_FILE, Store};
pub use tables::definitions::StoredDefinition;
pub use tables::kept::RecentItem;
pub use tables::queries::{QueryRun, SavedQuery};
pub use two_way::conflicts::{Conflict, ConflictBody, ConflictSide, FoundConflict, WHOLE_RECORD};
pub use two_way::find_links::{FoundLink, LinkFilter};
pub use two_way::links::{Base, BaseValue, Link, LinkChange, LinkPair, LinkSide};
pub use two_way::unpaired::{Unpaired, UnpairedGroup, UnpairedRecord};
pub use work::as_sent::AsSent;
pub use work::audit::{AuditFilter, AuditPage, AuditRow};
pub use work::beside_sent::BesideSent;
pub use work::hand_edits::{HandEdit, HandEditBody, HandEditFilter};
pub use work::ledgers::{EventKey, Sent, Stream};
pub use work::outcomes::OutcomeCount;
pub use work::plan_filter::{PlanRowFilter, PlanRowOrder};
pub use work::plan_keys::{PlanKey, PlanKeys};
pub use work::plan_pack::{PackedRows, PlanPacker, RequestText, RowDraft};
pub use work::plan_rows::{IssueCount, PlanRow};
pub use work::plan_turns::PlanStep;
pub use work::plan_window::PlanRowsPage;
pub use work::plans::{Plan, PlanStatus};
pub use work::recover::Recovered;
pub use work::retention::{Older, Pruned};
pub use work::run_requests::{FAILED_KEPT, OTHERS_KEPT, RunRequest, RunRequestsPage};
pub use work::run_rows::{RunOutcome, RunRow, RunRowFilter, RunRowsPage, SENDING};
pub use work::run_timeline::TimelinePoint;
pub use work::runs::{Resumed, Run, RunStatus};
pub use work::sign_off::{SignOff, pair_hash};
