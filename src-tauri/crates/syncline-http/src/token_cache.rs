//! A token kept until shortly before its end, fetched once however many ask at the same time.

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use syncline_model::{ErrorCode, SynclineError};
use tokio::sync::Mutex;

use crate::{AccessToken, Clock, TokenProvider};

/// Fetches a new token from the sign-in service.
pub type TokenFetch = Box<dyn Fn() -> BoxFuture<'static, Result<AccessToken, SynclineError>> + Send + Sync>;

/// A token is renewed so long before its end …
const EARLY: SignedDuration = SignedDuration::from_mins(5);
/// … or, if its life is short, when only this part of it is left.
const EARLY_PART: i32 = 5;
/// After a failed early renewal the old token is used so long before the next attempt.
const EARLY_BACKOFF: SignedDuration = SignedDuration::from_secs(30);

/// A [`TokenProvider`] over a function that fetches.
///
/// - Early renewal: five minutes before the end, or when a fifth of a shorter life is left. If that fails for a passing reason while
///   the old token still has time, the old one is used.
/// - Single flight: a burst makes one fetch, and if it fails all of the burst get its error.
/// - A fetch that began is carried through even when whoever asked is cancelled: a rotated refresh token must not be lost.
#[derive(Clone)]
pub struct TokenCache {
    shared: Arc<Shared>,
}

struct Shared {
    fetch: TokenFetch,
    clock: Arc<dyn Clock>,
    kept: StdMutex<Kept>,
    flight: Mutex<()>,
}

#[derive(Default)]
struct Kept {
    token: Option<AccessToken>,
    fetched_at: Option<Timestamp>,
    /// Counts finished fetches, so that one who waited knows that another's fetch ended meanwhile.
    generation: u64,
    last_error: Option<(Timestamp, SynclineError)>,
}

/// What is wanted of a token.
#[derive(Clone)]
enum Want {
    Fresh,
    Other(AccessToken),
}

impl TokenCache {
    /// A cache over `fetch`, empty.
    pub fn new(clock: Arc<dyn Clock>, fetch: TokenFetch) -> Self {
        Self { shared: Arc::new(Shared { fetch, clock, kept: StdMutex::default(), flight: Mutex::new(()) }) }
    }

    /// Begins with a token that is known already, such as the one a sign-in just gave.
    pub fn with_token(self, token: AccessToken) -> Self {
        {
            let mut kept = self.shared.lock();
            kept.fetched_at = Some(self.shared.clock.now());
            kept.token = Some(token);
        }
        self
    }

    /// Forgets the token.
    pub fn clear(&self) {
        let mut kept = self.shared.lock();
        kept.token = None;
        kept.fetched_at = None;
        kept.last_error = None;
    }

    async fn obtain(&self, want: Want) -> Result<AccessToken, SynclineError> {
        let generation = {
            let kept = self.shared.lock();
            if let Some(token) = self.shared.usable(&kept, &want) {
                return Ok(token);
            }
            kept.generation
        };
        let shared = Arc::clone(&self.shared);
        let task = tokio::spawn(async move { shared.fetch_once(want, generation).await });
        task.await.unwrap_or_else(|_| {
            Err(SynclineError::new(ErrorCode::Internal, "the renewal of the access token was aborted"))
        })
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usable(&self, kept: &Kept, want: &Want) -> Option<AccessToken> {
        let token = kept.token.as_ref()?;
        if let Want::Other(rejected) = want
            && token.is_same(rejected)
        {
            return None;
        }
        let Some(end) = token.expires_at else { return Some(token.clone()) };
        let now = self.clock.now();
        let margin = match kept.fetched_at {
            Some(start) => EARLY.min(end.duration_since(start).max(SignedDuration::ZERO) / EARLY_PART),
            None => EARLY,
        };
        let left = end.duration_since(now);
        let backing_off = kept
            .last_error
            .as_ref()
            .is_some_and(|(at, error)| passing(error) && now.duration_since(*at) < EARLY_BACKOFF);
        (left > margin || (left > SignedDuration::ZERO && backing_off)).then(|| token.clone())
    }

    async fn fetch_once(&self, want: Want, generation: u64) -> Result<AccessToken, SynclineError> {
        let _flight = self.flight.lock().await;
        {
            let kept = self.lock();
            if let Some(token) = self.usable(&kept, &want) {
                return Ok(token);
            }
            if kept.generation != generation
                && let Some((_, error)) = &kept.last_error
            {
                return Err(error.clone());
            }
        }
        let result = (self.fetch)().await;
        let now = self.clock.now();
        let mut kept = self.lock();
        kept.generation += 1;
        match result {
            Ok(token) => {
                kept.token = Some(token.clone());
                kept.fetched_at = Some(now);
                kept.last_error = None;
                Ok(token)
            }
            Err(error) => {
                kept.last_error = Some((now, error.clone()));
                self.usable(&kept, &want).ok_or(error)
            }
        }
    }
}

fn passing(error: &SynclineError) -> bool {
    matches!(error.code, ErrorCode::Unreachable | ErrorCode::Throttled | ErrorCode::UnexpectedReply)
}

#[async_trait]
impl TokenProvider for TokenCache {
    async fn token(&self) -> Result<AccessToken, SynclineError> {
        self.obtain(Want::Fresh).await
    }
    async fn renew(&self, rejected: &AccessToken) -> Result<AccessToken, SynclineError> {
        self.obtain(Want::Other(rejected.clone())).await
    }
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept = self.shared.lock();
        f.debug_struct("TokenCache")
            .field("expires_at", &kept.token.as_ref().and_then(|token| token.expires_at))
            .finish_non_exhaustive()
    }
}
