//! A relay on loopback that keeps every byte a client sends, so that a test can compare it with what was previewed.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The relay.
pub(crate) struct Recorder {
    /// Its origin.
    pub(crate) url: String,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    /// A relay to this origin.
    pub(crate) async fn start(origin: &str) -> Self {
        let target = Url::parse(origin).unwrap().port().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&sent);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let service = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
                tokio::spawn(relay(client, service, Arc::clone(&kept)));
            }
        });
        Self { url, sent }
    }

    /// Everything that was sent so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.sent.lock().unwrap().clone()).unwrap()
    }
}

async fn relay(client: TcpStream, service: TcpStream, kept: Arc<Mutex<Vec<u8>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_service, mut to_service) = service.into_split();
    let back = tokio::spawn(async move {
        // Either side may end first.
        let _ = tokio::io::copy(&mut from_service, &mut to_client).await;
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        kept.lock().unwrap().extend_from_slice(&buffer[..read]);
        if to_service.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    back.abort();
}
