//! The client against a scripted transport: retry, pause, renewal, redirects, cancelling. Time is tokio's paused clock.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use async_trait::async_trait;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use syncline_http::{
    AccessToken, Bytes, FaultKind, FixedToken, Gate, HttpClient, HttpConfig, HttpService, RetryConfig,
    StatusCode, SystemClock, TokenCache, TokenProvider, TransportFault, WireRequest, WireResponse,
};
use syncline_model::{ErrorCode, Secret, SynclineError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

enum Step {
    Answer(u16, &'static [(&'static str, &'static str)]),
    Fault(FaultKind),
    Hang,
}
use Step::{Answer, Fault, Hang};

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<(Instant, WireRequest)>>,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into_iter().collect()), seen: Mutex::default() })
    }
    fn client(self: &Arc<Self>) -> HttpClient {
        HttpClient::builder(&HttpConfig::default())
            .service(Arc::clone(self) as Arc<dyn HttpService>)
            .rng(StdRng::seed_from_u64(7))
            .build()
            .unwrap()
    }
    fn sent(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
    fn header(&self, at: usize, name: &str) -> Option<String> {
        Some(self.seen.lock().unwrap()[at].1.headers.get(name)?.to_str().unwrap().to_owned())
    }
}

#[async_trait]
impl HttpService for Script {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault> {
        self.seen.lock().unwrap().push((Instant::now(), request));
        let step = self.steps.lock().unwrap().pop_front().expect("a step for each request");
        match step {
            Answer(status, headers) => Ok(WireResponse {
                status: StatusCode::from_u16(status).unwrap(),
                headers: headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect(),
                body: Bytes::from_static(b"{}"),
                sunk: false,
            }),
            Fault(kind) => Err(TransportFault::new(kind, "scripted")),
            Hang => std::future::pending().await,
        }
    }
}

const URL: &str = "https://contoso.example/api/x?code=s3cr3t";

#[tokio::test(start_paused = true)]
async fn a_read_is_retried_with_growing_waits() {
    let script =
        Script::new([Answer(503, &[]), Fault(FaultKind::Reset), Fault(FaultKind::Dns), Answer(200, &[])]);
    let response = script.client().get(URL).send().await.unwrap();
    assert_eq!((response.status.as_u16(), response.tries), (200, 4));
    let seen = script.seen.lock().unwrap();
    let waits: Vec<Duration> = seen.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    for (n, wait) in waits.iter().enumerate() {
        let full = Duration::from_millis(500) * 2u32.pow(n as u32);
        assert!(*wait >= full / 2 && *wait <= full + Duration::from_millis(2), "wait {n} was {wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_end() {
    let script = Script::new((0..4).map(|_| Fault(FaultKind::Timeout)));
    let error = script.client().get(URL).send().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert_eq!(script.sent(), 4);
    let all = format!("{error:?}");
    assert!(all.contains("contoso.example/api/x") && all.contains("4 tries"), "{all}");
    assert!(!all.contains("s3cr3t"), "{all}");
    assert!(error.hint.is_some());

    let script = Script::new((0..4).map(|_| Answer(502, &[])));
    let response = script.client().get(URL).send().await.unwrap();
    assert_eq!(response.status.as_u16(), 502);
    assert_eq!(response.ensure_success().unwrap_err().code, ErrorCode::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_only_if_it_was_not_sent() {
    let script = Script::new([Fault(FaultKind::Refused), Fault(FaultKind::Timeout)]);
    let error = script.client().post(URL).body("x").try_send().await.unwrap_err();
    assert_eq!(script.sent(), 2);
    assert!(error.maybe_sent);

    let script = Script::new((0..4).map(|_| Fault(FaultKind::Refused)));
    let error = script.client().post(URL).body("x").try_send().await.unwrap_err();
    assert!(!error.maybe_sent, "nothing was sent");

    let mut steps = vec![Answer(429, &[("retry-after", "1")])];
    steps.extend((0..4).map(|_| Fault(FaultKind::Refused)));
    let error = Script::new(steps).client().post(URL).body("x").try_send().await.unwrap_err();
    assert!(!error.maybe_sent, "a throttled request was not acted on");

    let script = Script::new([Fault(FaultKind::Reset), Answer(204, &[])]);
    assert!(script.client().patch(URL).idempotent().send().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_throttled_answer_pauses_everybody() {
    let script = Script::new([
        Answer(429, &[("retry-after", "20"), ("x-ms-ratelimit-burst-remaining-xrm-requests", "0")]),
        Answer(200, &[("x-ms-ratelimit-burst-remaining-xrm-requests", "5999")]),
        Answer(200, &[("x-ms-ratelimit-time-remaining-xrm-requests", "1,199.50")]),
        Answer(200, &[]),
    ]);
    let gate = Arc::new(Gate::new(1));
    let client = script.client().with_gate(Arc::clone(&gate));
    let start = Instant::now();
    let requests = (0..3).map(|_| client.post(URL).send());
    let answers = futures::future::join_all(requests).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().status == 200));
    let seen = script.seen.lock().unwrap();
    assert_eq!(seen.len(), 4);
    assert!(
        seen[1..].iter().all(|(at, _)| *at - start >= Duration::from_secs(20)),
        "nothing is sent inside a pause"
    );
    let state = gate.state();
    assert_eq!((state.requests_sent, state.pauses, state.in_flight), (4, 1, 0));
    assert_eq!((state.remaining_requests, state.remaining_time_ms), (Some(5999), Some(1_199_500)));
    assert_eq!(state.paused_until, None);
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_limit_is_the_callers_to_decide() {
    let script = Script::new([Answer(429, &[("retry-after", "7200")])]);
    let response = script.client().get(URL).send().await.unwrap();
    assert_eq!(response.to_error().code, ErrorCode::Throttled);

    let script = Script::new([Answer(429, &[]), Answer(429, &[])]);
    let retry = RetryConfig { throttle_retries: 1, ..RetryConfig::default() };
    let response = script.client().with_retry(retry).get(URL).send().await.unwrap();
    assert_eq!((response.status.as_u16(), script.sent()), (429, 2));
}

#[tokio::test(start_paused = true)]
async fn the_gate_limits_what_is_under_way() {
    struct Slow(AtomicU32, AtomicU32);
    #[async_trait]
    impl HttpService for Slow {
        async fn call(&self, _: WireRequest) -> Result<WireResponse, TransportFault> {
            let now = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            self.1.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.0.fetch_sub(1, Ordering::SeqCst);
            Ok(WireResponse::default())
        }
    }
    let slow = Arc::new(Slow(AtomicU32::new(0), AtomicU32::new(0)));
    let service: Arc<dyn HttpService> = slow.clone();
    let client = HttpClient::builder(&HttpConfig::default()).service(service).build().unwrap();
    let client = client.with_gate(Arc::new(Gate::new(4)));
    futures::future::join_all((0..20).map(|_| client.get(URL).send())).await;
    assert_eq!(slow.1.load(Ordering::SeqCst), 4);
}

fn cache(tokens: &'static [(&'static str, i64)]) -> (TokenCache, Arc<AtomicU32>) {
    let fetches = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&fetches);
    let fetch = move || {
        let n = count.fetch_add(1, Ordering::SeqCst) as usize;
        let token = tokens.get(n).copied();
        let fetched: futures::future::BoxFuture<'static, Result<AccessToken, SynclineError>> =
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let (text, life) =
                    token.ok_or_else(|| SynclineError::new(ErrorCode::SignInRefused, "no more"))?;
                let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(life);
                Ok(AccessToken { secret: Secret::new(text), expires_at: Some(end) })
            });
        fetched
    };
    (TokenCache::new(Arc::new(SystemClock), Box::new(fetch)), fetches)
}

#[tokio::test(start_paused = true)]
async fn a_burst_makes_one_fetch_and_shares_its_error() {
    let (tokens, fetches) = cache(&[("one", 3600)]);
    let burst = futures::future::join_all((0..50).map(|_| tokens.token())).await;
    assert!(burst.iter().all(|token| token.as_ref().unwrap().secret.expose() == "one"));
    assert_eq!(fetches.load(Ordering::SeqCst), 1);

    let old = tokens.token().await.unwrap();
    let burst = futures::future::join_all((0..50).map(|_| tokens.renew(&old))).await;
    assert!(burst.iter().all(|token| token.as_ref().unwrap_err().code == ErrorCode::SignInRefused));
    assert_eq!(fetches.load(Ordering::SeqCst), 2, "one failed renewal for all");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_early() {
    let (tokens, fetches) = cache(&[("short", 0), ("next", 3600)]);
    assert_eq!(tokens.token().await.unwrap().secret.expose(), "short");
    assert_eq!(tokens.token().await.unwrap().secret.expose(), "next");
    assert_eq!(tokens.token().await.unwrap().secret.expose(), "next");
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_401_renews_once() {
    let (tokens, fetches) = cache(&[("one", 3600), ("two", 3600), ("three", 3600)]);
    let script = Script::new([Answer(401, &[]), Answer(204, &[])]);
    let response = script.client().post(URL).bearer(Arc::new(tokens.clone())).send().await.unwrap();
    assert_eq!(response.status.as_u16(), 204);
    assert_eq!(script.header(0, "authorization").as_deref(), Some("Bearer one"));
    assert_eq!(script.header(1, "authorization").as_deref(), Some("Bearer two"));

    let script = Script::new([Answer(401, &[]), Answer(401, &[("req_id", "r-7")])]);
    let error = script.client().get(URL).bearer(Arc::new(tokens)).send().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SignInNeeded);
    assert_eq!(error.request_id.as_deref(), Some("r-7"));
    assert_eq!(fetches.load(Ordering::SeqCst), 3);
    assert!(!format!("{error:?}").contains("two"));

    let fixed = FixedToken(AccessToken { secret: Secret::new("pasted"), expires_at: None });
    let script = Script::new([Answer(401, &[])]);
    let error = script.client().get(URL).bearer(Arc::new(fixed)).send().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SignInNeeded);
    assert!(error.hint.unwrap().contains("paste"));
}

#[tokio::test(start_paused = true)]
async fn a_redirect_never_takes_the_token_elsewhere() {
    let fixed = Arc::new(FixedToken(AccessToken { secret: Secret::new("pasted"), expires_at: None }));
    let script = Script::new([Answer(302, &[("location", "https://evil.example/x")])]);
    let response = script.client().get(URL).bearer(fixed.clone()).send().await.unwrap();
    assert_eq!(script.sent(), 1);
    let error = response.ensure_success().unwrap_err();
    assert_eq!(error.code, ErrorCode::UnexpectedReply);
    assert!(error.message.contains("evil.example"));

    let script = Script::new([Answer(307, &[("location", "/y")]), Answer(200, &[])]);
    script.client().get(URL).bearer(fixed.clone()).send().await.unwrap();
    assert_eq!(script.seen.lock().unwrap()[1].1.url.as_str(), "https://contoso.example/y");

    let script = Script::new([Answer(307, &[("location", "/y")])]);
    assert_eq!(script.client().post(URL).bearer(fixed).send().await.unwrap().status.as_u16(), 307);
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_every_wait() {
    for steps in [vec![Hang], vec![Answer(429, &[("retry-after", "500")])], vec![Fault(FaultKind::Refused)]] {
        let script = Script::new(steps);
        let cancel = CancellationToken::new();
        let client = script.client().with_gate(Arc::new(Gate::new(1)));
        let request = client.get(URL).cancel(&cancel).send();
        let stop = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            cancel.cancel();
        };
        let (result, ()) = tokio::join!(request, stop);
        assert_eq!(result.unwrap_err().code, ErrorCode::Cancelled);
    }
}

#[tokio::test]
async fn unsafe_addresses_and_bad_parts_are_refused() {
    let script = Script::new([]);
    for url in ["http://contoso.example/", "contoso.example", "https://", "ftp://x/"] {
        let error = script.client().get(url).send().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Usage, "{url}");
    }
    let error = script.client().get(URL).header("x", "a\nb").send().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Usage);
    assert_eq!(script.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_under_way_is_awaited() {
    struct Slow;
    #[async_trait]
    impl HttpService for Slow {
        async fn call(&self, _: WireRequest) -> Result<WireResponse, TransportFault> {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(WireResponse::default())
        }
    }
    let client = HttpClient::builder(&HttpConfig::default()).service(Arc::new(Slow)).build().unwrap();
    let cancel = CancellationToken::new();
    let request = client.post(URL).cancel_unsent(&cancel).send();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(request, stop);
    assert_eq!(result.unwrap().status.as_u16(), 200);

    let script = Script::new([Answer(429, &[("retry-after", "500")])]);
    let client = script.client().with_gate(Arc::new(Gate::new(1)));
    let cancel = CancellationToken::new();
    let start = Instant::now();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(client.post(URL).cancel_unsent(&cancel).send(), stop);
    assert_eq!(result.unwrap_err().code, ErrorCode::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn who_waits_hears_at_once_that_nobody_answers() {
    for kind in [FaultKind::Dns, FaultKind::Refused, FaultKind::Connect, FaultKind::ConnectTimeout] {
        let script = Script::new([Fault(kind)]);
        let client = script.client();
        let client = client.with_retry(client.retry().impatient());
        let begun = Instant::now();
        let error = client.get("https://x.example/").send().await.unwrap_err();
        assert_eq!((error.code, script.sent()), (ErrorCode::Unreachable, 1), "{kind:?}");
        assert!(begun.elapsed().is_zero() && error.hint.is_some(), "{kind:?}");
    }
    // What was sent and got lost is still tried again.
    let script = Script::new([Fault(FaultKind::Reset), Answer(503, &[]), Answer(200, &[])]);
    let client = script.client();
    let client = client.with_retry(client.retry().impatient());
    assert_eq!(client.get("https://x.example/").send().await.unwrap().tries, 3);
    // Long work is patient.
    let script = Script::new([Fault(FaultKind::Refused), Fault(FaultKind::Dns), Answer(200, &[])]);
    assert_eq!(script.client().post("https://x.example/").send().await.unwrap().tries, 3);
}

/// A sign-in service that can't be reached so many times.
struct Away(AtomicU32);

#[async_trait]
impl TokenProvider for Away {
    async fn token(&self) -> Result<AccessToken, SynclineError> {
        let left = self.0.load(Ordering::SeqCst);
        if left == 0 {
            return Ok(AccessToken { secret: Secret::new("here"), expires_at: None });
        }
        self.0.store(left - 1, Ordering::SeqCst);
        Err(SynclineError::new(ErrorCode::Unreachable, "no address found for login.example")
            .hint("go online"))
    }
    async fn renew(&self, _: &AccessToken) -> Result<AccessToken, SynclineError> {
        self.token().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_can_not_be_had_now_is_waited_for_by_long_work_only() {
    let script = Script::new([Answer(200, &[])]);
    let request = |client: HttpClient, away| {
        client.get("https://x.example/").bearer(Arc::new(Away(AtomicU32::new(away)))).send()
    };
    assert_eq!(request(script.client(), 2).await.unwrap().status, StatusCode::OK);
    assert_eq!(script.header(0, "authorization").as_deref(), Some("Bearer here"));
    let script = Script::new([]);
    let impatient = script.client().with_retry(RetryConfig::default().impatient());
    assert_eq!(request(impatient, 1).await.unwrap_err().code, ErrorCode::Unreachable);
    assert_eq!(request(script.client(), 9).await.unwrap_err().code, ErrorCode::Unreachable);
    assert_eq!(script.sent(), 0);
}
