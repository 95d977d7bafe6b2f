//! The server of a customer, over real HTTP: it gives scripted answers and records every request. And
//! a network that simulates slow answers without waiting: a request whose scripted delay exceeds its
//! timeout fails at once.

use std::net::Ipv4Addr;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use http_client::{Destinations, web_client};
use http_client::{Limits, NetworkClient, Sending, WebClient};
use stories::customer::{Customer as Servers, without_query};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use stories::customer::{RecordedRequest, Scripted};

/// The server, running until it is dropped.
pub struct Customer {
    servers: Servers,
    served: JoinHandle<()>,
}

impl Deref for Customer {
    type Target = Servers;

    fn deref(&self) -> &Servers {
        &self.servers
    }
}

impl Customer {
    /// A server that answers everything with `{}`.
    pub async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let servers = Servers::new(base);
        let router = Router::new().fallback(answer).with_state(servers.clone());
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { servers, served }
    }

    /// An HTTP client for this server, and any other, that never waits for a slow answer.
    pub fn network(&self) -> Arc<dyn WebClient> {
        let client = web_client(Destinations::Anywhere).unwrap();
        Arc::new(ImpatientNetwork {
            servers: self.servers.clone(),
            client,
        })
    }
}

impl Drop for Customer {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn answer(
    State(servers): State<Servers>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // As the sender has signed it.
    let url = format!("{}{uri}", servers.base());
    let mut request = http_client::http::Request::builder()
        .method(method)
        .uri(url)
        .body(body.to_vec())
        .unwrap();
    *request.headers_mut() = headers;
    servers.answer(&request).map(Body::from)
}

/// Requests are really sent; those whose scripted delay exceeds the timeout then fail.
struct ImpatientNetwork {
    servers: Servers,
    client: NetworkClient,
}

impl WebClient for ImpatientNetwork {
    fn send(&self, request: http_client::Request, limits: Limits) -> Sending<'_> {
        let url = without_query(&request);
        Box::pin(async move {
            let answer = self.client.send(request, limits).await?;
            self.servers.in_time(&url, limits)?;
            Ok(answer)
        })
    }
}
