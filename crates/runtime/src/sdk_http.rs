//! The HTTP client under AWS's SDK: [`http_client`], which the other requests use as well. The SDK's
//! own would add a second client with HTTP/2 to every function and to every build.

use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_client::{Limits, NetworkClient, Request, WebClient, WebError, WebErrorKind};

/// Timeout of one exchange. Longer than those of the SDK's configurations, which decide.
const EXCHANGE_TIME_LIMIT: Duration = Duration::from_secs(60);

/// Bytes of the longest answer: twice the 16 MB of items that DynamoDB returns at most, because JSON
/// escapes some of them.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The client, which is made with the first request.
#[derive(Debug, Clone, Default)]
pub struct SdkHttp(std::sync::Arc<OnceLock<NetworkClient>>);

impl SdkHttp {
    /// A client that no other shares its connections with.
    pub fn new() -> Self {
        Self::default()
    }

    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = outgoing(request)?;
        let limits = Limits::new(EXCHANGE_TIME_LIMIT, ANSWER_BYTES_MAX);
        let sent = self.client()?.send(request, limits).await;
        let answer = sent.map_err(failure)?.map(SdkBody::from);
        HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(Box::new(error), None))
    }

    fn client(&self) -> Result<&NetworkClient, ConnectorError> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let client =
            NetworkClient::new().map_err(|error| ConnectorError::other(Box::new(error), None))?;
        Ok(self.0.get_or_init(|| client))
    }
}

/// The request as our client sends it. The SDK's are in memory as a whole.
fn outgoing(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(Box::new(error)))?;
    let (parts, body) = request.into_parts();
    let body = body
        .bytes()
        .ok_or_else(|| ConnectorError::user("the body is a stream".into()))?;
    Ok(Request::from_parts(parts, body.to_vec()))
}

/// The SDK retries all of these but a malformed request.
fn failure(error: WebError) -> ConnectorError {
    match error.kind {
        WebErrorKind::Request => ConnectorError::user(Box::new(error)),
        WebErrorKind::HostName
        | WebErrorKind::Tls
        | WebErrorKind::Connection
        | WebErrorKind::Exchange => ConnectorError::io(Box::new(error)),
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange(request))
    }
}

impl HttpClient for SdkHttp {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn request(uri: &str, body: &'static str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").unwrap();
        request.set_uri(uri).unwrap();
        request
            .headers_mut()
            .insert("x-amz-target", "Some.Operation");
        request
    }

    /// Sends a request to a server that answers 400; the request's text, and the answer.
    async fn exchanged(body: &'static str) -> (String, HttpResponse) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 2_000];
            let bytes = stream.read(&mut read).await.unwrap();
            let answer =
                b"HTTP/1.1 400 Bad Request\r\nx-amzn-requestid: r1\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(answer).await.unwrap();
            String::from_utf8_lossy(&read[..bytes]).into_owned()
        };
        let client = SdkHttp::new();
        let (read, answer) = tokio::join!(server, client.call(request(&uri, body)));
        (read, answer.unwrap())
    }

    #[tokio::test]
    async fn request_and_answer_pass_unchanged() {
        let (request, answer) = exchanged(r#"{"a":1}"#).await;
        assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
        assert!(
            request.contains("x-amz-target: Some.Operation\r\n"),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
        assert_eq!(answer.status().as_u16(), 400);
        assert_eq!(answer.headers().get("x-amzn-requestid"), Some("r1"));
        assert_eq!(answer.body().bytes(), Some(&b"{}"[..]));
    }

    #[tokio::test]
    async fn refused_connection_may_be_retried() {
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", unused.local_addr().unwrap());
        drop(unused);
        let error = SdkHttp::new().call(request(&uri, "")).await.unwrap_err();
        assert!(error.is_io(), "{error:?}");
        let error = SdkHttp::new()
            .call(request("/relative", ""))
            .await
            .unwrap_err();
        assert!(error.is_user(), "{error:?}");
    }
}
