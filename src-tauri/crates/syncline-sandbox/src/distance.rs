//! The way between an environment and its client: how long an answer is on it, how much the line takes, and whether answers are compressed, as
//! Dataverse compresses where a client takes it.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, header};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Shorter answers are not worth compressing.
const LEAST: usize = 1024;

/// Bytes of an answer that arrive at once.
const PIECE: usize = 64 * 1024;
/// A timer wakes up to so much later than it was asked to, which takes nothing from the line.
const LATE: Duration = Duration::from_millis(2);

/// How far away the environments are.
#[derive(Debug, Clone)]
pub(crate) struct Distance {
    pub(crate) latency: Duration,
    pub(crate) gzip: bool,
    /// The line, where it has an end.
    pub(crate) line: Option<Arc<Line>>,
}

/// A line that takes so much and no more; all answers share it. While a client does not read, the line is idle, and what it could have taken
/// is lost.
#[derive(Debug)]
pub(crate) struct Line {
    bytes_per_s: f64,
    free_at: Mutex<Instant>,
}

impl Line {
    /// A line of so many megabits a second; 0: without end.
    pub(crate) fn of(mbit_per_s: u64) -> Option<Arc<Self>> {
        let bytes_per_s = mbit_per_s as f64 * 1e6 / 8.0;
        (mbit_per_s > 0).then(|| Arc::new(Self { bytes_per_s, free_at: Mutex::new(Instant::now()) }))
    }

    /// Takes the line for so many bytes: when the last of them is through.
    fn through(&self, bytes: usize, now: Instant) -> Instant {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = (*free_at).max(now.checked_sub(LATE).unwrap_or(now));
        *free_at = begun + Duration::from_secs_f64(bytes as f64 / self.bytes_per_s);
        *free_at
    }
}

/// The answer as it comes through a line.
fn paced(line: Arc<Line>, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let pieces = body.into_data_stream().flat_map(|data| {
        stream::iter(match data {
            Ok(data) => (0..data.len())
                .step_by(PIECE)
                .map(|at| Ok(data.slice(at..(at + PIECE).min(data.len()))))
                .collect(),
            Err(error) => vec![Err(error)],
        })
    });
    let arriving = pieces.then(move |piece| {
        let line = Arc::clone(&line);
        async move {
            if let Ok(piece) = &piece {
                tokio::time::sleep_until(line.through(piece.len(), Instant::now())).await;
            }
            piece
        }
    });
    Response::from_parts(parts, Body::from_stream(arriving))
}

impl Distance {
    /// The answer as it arrives.
    pub(crate) async fn travel(&self, takes_gzip: bool, response: Response) -> Response {
        let response = if self.gzip && takes_gzip { compressed(response).await } else { response };
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        match &self.line {
            Some(line) => paced(Arc::clone(line), response),
            None => response,
        }
    }
}

/// Whether a client takes compressed answers.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| list.split(',').any(|one| one.trim().starts_with("gzip")))
}

async fn compressed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // A body of the sandbox is made whole before it is sent, so that it can't break off here.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if body.len() < LEAST {
        return Response::from_parts(parts, Body::from(body));
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 6), Compression::fast());
    let packed = encoder.write_all(&body).and_then(|()| encoder.finish());
    let Ok(packed) = packed else { return Response::from_parts(parts, Body::from(body)) };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Response::from_parts(parts, Body::from(packed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answers_share_what_the_line_takes() {
        // 80 Mbit/s are 10 MB/s: 1 MB takes a tenth of a second, two of them beside one another two tenths.
        let distance = Distance { latency: Duration::from_millis(20), gzip: false, line: Line::of(80) };
        let megabyte = vec![7_u8; 1_000_000];
        let arrives = async || {
            let response = distance.travel(false, Response::new(Body::from(megabyte.clone()))).await;
            to_bytes(response.into_body(), usize::MAX).await.unwrap()
        };
        let begun = Instant::now();
        assert_eq!(arrives().await, megabyte);
        let took = begun.elapsed().as_millis();
        assert!((118..=121).contains(&took), "{took} ms");
        let begun = Instant::now();
        assert_eq!(tokio::join!(arrives(), arrives()).1, megabyte);
        let took = begun.elapsed().as_millis();
        assert!((218..=221).contains(&took), "{took} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_breaks_off_breaks_off_behind_a_line() {
        let broken = stream::iter([Ok("half"), Err(std::io::Error::other("broken"))]);
        let response = paced(Line::of(1).unwrap(), Response::new(Body::from_stream(broken)));
        assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
        assert!(Line::of(0).is_none());
    }
}
