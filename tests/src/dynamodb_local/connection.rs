//! HTTP/1.1 messages as bytes, on a connection that is kept. The proxy forwards them unchanged:
//! parsing every header twice takes more processor time in a debug build than all the rest of the
//! harness.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};

/// Largest message, bytes: DynamoDB answers with at most 1 MB of items, and a transaction has at
/// most 4 MB.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of one read.
const READ_BYTES: usize = 16 * 1024;
const LINE_END: &[u8] = b"\r\n";

/// A connection of a client or to a server.
pub struct Connection {
    stream: TcpStream,
    /// What was read and belongs to the next message.
    buffer: Vec<u8>,
}

/// One request or answer.
pub struct Message {
    /// Head and body, as they were read.
    pub bytes: Vec<u8>,
    /// The length of the head, with the empty line.
    head: usize,
}

impl Message {
    /// The first line.
    pub fn first_line(&self) -> &str {
        head(&self.bytes[..self.head])
            .lines()
            .next()
            .unwrap_or_default()
    }

    /// A header by its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.bytes[..self.head], name)
    }

    /// The body, without chunks.
    pub fn body(&self) -> Vec<u8> {
        let mut rest = &self.bytes[self.head..];
        if self.header("transfer-encoding").is_none() {
            return rest.to_vec();
        }
        let mut body = Vec::new();
        while let Some((size, begin)) = chunk(rest) {
            // The sender may stop anywhere: `receive` has checked that it did not.
            let (bytes, next) = rest[begin..].split_at(size);
            body.extend_from_slice(bytes);
            rest = next.get(LINE_END.len()..).unwrap_or_default();
        }
        body
    }
}

impl Connection {
    /// A connection that sends small messages at once (`TCP_NODELAY`).
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Connects to a server.
    pub async fn to(address: impl ToSocketAddrs) -> io::Result<Self> {
        Self::new(TcpStream::connect(address).await?)
    }

    /// Sends a message.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next message; `None` at the end of the connection.
    pub async fn receive(&mut self) -> io::Result<Option<Message>> {
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if self.buffer.is_empty() {
                if self.read().await? == 0 {
                    return Ok(None);
                }
            } else {
                self.read_more().await?;
            }
        };
        let end = match header(&self.buffer[..head], "content-length") {
            Some(length) => head + length.parse::<usize>().map_err(io::Error::other)?,
            None if header(&self.buffer[..head], "transfer-encoding").is_some() => {
                self.end_of_chunks(head).await?
            }
            None => head,
        };
        self.read_until(end).await?;
        let rest = self.buffer.split_off(end);
        Ok(Some(Message {
            bytes: std::mem::replace(&mut self.buffer, rest),
            head,
        }))
    }

    /// The end of a chunked body without trailers.
    async fn end_of_chunks(&mut self, mut at: usize) -> io::Result<usize> {
        loop {
            let (size, begin) = loop {
                match chunk(&self.buffer[at..]) {
                    Some(chunk) => break chunk,
                    None => self.read_more().await?,
                }
            };
            at += begin + size + LINE_END.len();
            self.read_until(at).await?;
            if size == 0 {
                return Ok(at);
            }
        }
    }

    async fn read_until(&mut self, end: usize) -> io::Result<()> {
        while self.buffer.len() < end {
            self.read_more().await?;
        }
        Ok(())
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.buffer.len() > MESSAGE_BYTES_MAX {
            return Err(io::Error::other("the message is too long"));
        }
        match self.read().await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ_BYTES);
        self.stream.read_buf(&mut self.buffer).await
    }
}

/// The size of the chunk at the beginning, and where its bytes begin; `None` without a whole line.
fn chunk(bytes: &[u8]) -> Option<(usize, usize)> {
    let line = find(bytes, LINE_END)?;
    let size = head(&bytes[..line]).split(';').next()?.trim();
    let size = usize::from_str_radix(size, 16).ok()?;
    Some((size, line + LINE_END.len()))
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

fn head(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn header<'a>(bytes: &'a [u8], name: &str) -> Option<&'a str> {
    let fields = head(bytes).lines().filter_map(|line| line.split_once(':'));
    fields
        .into_iter()
        .find(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// The messages read from a connection that sends these bytes one by one.
    async fn received(bytes: &'static [u8]) -> Vec<io::Result<Message>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sender = tokio::spawn(async move {
            let mut sender = Connection::to(address).await.unwrap();
            for byte in bytes {
                sender.send(&[*byte]).await.unwrap();
            }
        });
        let mut connection = Connection::new(listener.accept().await.unwrap().0).unwrap();
        let mut messages = Vec::new();
        while let Some(message) = connection.receive().await.transpose() {
            let is_error = message.is_err();
            messages.push(message);
            if is_error {
                break;
            }
        }
        sender.await.unwrap();
        messages
    }

    #[tokio::test]
    async fn messages_end_where_they_say() {
        let messages = received(
            b"POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.Query\r\nContent-Length: 2\r\n\r\n{}\
              HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\r\n\r\n1;x=y\r\n}\r\n0\r\n\r\n\
              HTTP/1.1 204 No Content\r\n\r\n",
        )
        .await;
        let messages: Vec<Message> = messages.into_iter().map(Result::unwrap).collect();
        let bodies: Vec<Vec<u8>> = messages.iter().map(Message::body).collect();
        assert_eq!(bodies, [b"{}".as_slice(), b"{\r\n}", b""]);
        let target = messages[0].header("x-amz-target");
        assert_eq!(target, Some("DynamoDB_20120810.Query"));
        assert_eq!(messages[2].first_line(), "HTTP/1.1 204 No Content");
    }

    #[tokio::test]
    async fn cut_message_is_an_error() {
        let mut messages = received(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}").await;
        let error = messages.pop().unwrap().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
