//! `X-Twilio-Signature`: proves that a request comes from the carrier (voice-webhooks.md section
//! 2).
//!
//! The signature is the Base64 form of HMAC-SHA1, keyed with the account's auth token, over the
//! requested URL followed by the sorted form parameters. For a body that is not a form, the URL
//! contains its SHA-256 as `bodySHA256`.
//!
//! ```
//! use shared::webhook::signature::{Signed, sign, verify};
//!
//! // The example of the carrier's documentation.
//! let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
//! let params = [
//!     ("CallSid", "CA1234567890ABCDE"),
//!     ("Caller", "+14158675309"),
//!     ("Digits", "1234"),
//!     ("From", "+14158675309"),
//!     ("To", "+18005551212"),
//! ]
//! .map(|(name, value)| (name.to_owned(), value.to_owned()));
//!
//! let signature = sign("12345", url, &params);
//! assert_eq!(signature, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
//! assert_eq!(verify("12345", url, Signed::Form(&params), &signature), Ok(()));
//! assert!(verify("another token", url, Signed::Form(&params), &signature).is_err());
//! ```

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Header that carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Twilio-Signature";

/// Query parameter that carries the SHA-256 of a body that is not a form, in lower-case hexadecimal
/// digits.
pub const BODY_HASH_PARAMETER: &str = "bodySHA256";

/// Length of an HMAC-SHA1 in bytes.
const SIGNATURE_BYTES: usize = 20;

/// The content that a signature covers in addition to the URL.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// The decoded parameters of a form, in any order; none for a GET.
    Form(&'a [(String, String)]),
    /// The raw bytes of any other body; the URL contains their hash.
    Raw(&'a [u8]),
}

/// Why a signature is refused. The messages are safe to return: they contain no part of a token or
/// signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no key to verify with. An empty key would let every sender sign.
    #[error("no auth token is configured: set AUTH_TOKEN to the account's primary auth token")]
    NoAuthToken,
    /// The signature belongs to another URL, other parameters or another token.
    #[error(
        "{SIGNATURE_HEADER} does not match: check that AUTH_TOKEN is the account's primary auth token and that the \
         public URL is the one the carrier requests"
    )]
    Mismatch,
    /// The body is not a form, and the URL contains no hash of it.
    #[error("the body is not form-encoded and the URL has no {BODY_HASH_PARAMETER}")]
    NoBodyHash,
    /// The body has another hash than the URL contains.
    #[error("the body does not match {BODY_HASH_PARAMETER} in the URL")]
    BodyHashMismatch,
}

/// Signs a request to `url` with these form parameters; no parameters for a GET.
///
/// `url` is the requested URL, query included and not decoded. The fragment and `user:password@`
/// are not signed. The port is signed as written; the carrier omits the standard port of https.
pub fn sign(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    BASE64.encode(digest(
        auth_token,
        &Url::split(url).as_written(),
        &in_order(params),
    ))
}

/// Adds the hash of `body` to the query of `url`, and signs a request to that URL. For a body that
/// is not a form.
pub fn sign_json(auth_token: &str, url: &str, body: &[u8]) -> (String, String) {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}{BODY_HASH_PARAMETER}={}", body_hash(body));
    let signature = sign(auth_token, &url, &[]);
    (url, signature)
}

/// Checks that `signature` belongs to a request to `url` with this content.
///
/// The URL is tried as written, without a port, and with its explicit or implied port. Each
/// comparison takes constant time.
///
/// # Errors
/// [`SignatureError`] that names the mismatch.
pub fn verify(
    auth_token: &str,
    url: &str,
    content: Signed<'_>,
    signature: &str,
) -> Result<(), SignatureError> {
    if auth_token.is_empty() {
        return Err(SignatureError::NoAuthToken);
    }
    let url = Url::split(url);
    let params = match content {
        Signed::Form(params) => params,
        Signed::Raw(body) => {
            check_body_hash(&url, body)?;
            &[]
        }
    };
    let given: [u8; SIGNATURE_BYTES] = BASE64
        .decode(signature.trim())
        .ok()
        .and_then(|given| given.try_into().ok())
        .ok_or(SignatureError::Mismatch)?;
    let params = in_order(params);
    // Which form of the URL was signed is no secret, so the others are not tried after it.
    let forms = [Url::as_written, Url::without_port, Url::with_port];
    let matches = forms.into_iter().any(|form| {
        let computed = digest(auth_token, &form(&url), &params);
        bool::from(computed.ct_eq(&given[..]))
    });
    if matches {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

fn check_body_hash(url: &Url<'_>, body: &[u8]) -> Result<(), SignatureError> {
    let query = url.rest.split_once('?').map_or("", |(_, query)| query);
    let (_, given) = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == BODY_HASH_PARAMETER)
        .ok_or(SignatureError::NoBodyHash)?;
    let same = body_hash(body).as_bytes().ct_eq(given.as_bytes());
    if bool::from(same) {
        Ok(())
    } else {
        Err(SignatureError::BodyHashMismatch)
    }
}

fn body_hash(body: &[u8]) -> String {
    Sha256::digest(body)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// The parameters as they are signed: each once, sorted by code point, which is the order of UTF-8
/// bytes.
fn in_order(params: &[(String, String)]) -> Vec<&(String, String)> {
    let mut sorted: Vec<&(String, String)> = params.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// The HMAC of a URL and of parameters [`in_order`].
fn digest(auth_token: &str, url: &str, sorted: &[&(String, String)]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()) else {
        // Unreachable: HMAC accepts a key of any length. An empty digest equals no signature.
        return Vec::new();
    };
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

/// The parts of a URL that a signature treats differently, each exactly as written.
struct Url<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    /// Path and query, without the fragment.
    rest: &'a str,
}

impl<'a> Url<'a> {
    fn split(url: &'a str) -> Self {
        let url = url.split_once('#').map_or(url, |(before, _)| before);
        let (scheme, after) = url.split_once("://").unwrap_or(("", url));
        let (authority, rest) = after
            .find(['/', '?'])
            .map_or((after, ""), |at| after.split_at(at));
        let host_and_port = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port))
                if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                (host, Some(port))
            }
            Some(_) | None => (host_and_port, None),
        };
        Self {
            scheme,
            host,
            port,
            rest,
        }
    }

    fn as_written(&self) -> String {
        self.with(self.port)
    }

    fn without_port(&self) -> String {
        self.with(None)
    }

    fn with_port(&self) -> String {
        let implied = if self.scheme.eq_ignore_ascii_case("https") {
            "443"
        } else {
            "80"
        };
        self.with(Some(self.port.unwrap_or(implied)))
    }

    fn with(&self, port: Option<&str>) -> String {
        let Self {
            scheme, host, rest, ..
        } = self;
        match port {
            Some(port) => format!("{scheme}://{host}:{port}{rest}"),
            None => format!("{scheme}://{host}{rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "12345";

    fn pairs(params: &[(&str, &str)]) -> Vec<(String, String)> {
        params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn call(from: &str) -> Vec<(String, String)> {
        pairs(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", from),
            ("Digits", "1234"),
            ("From", from),
            ("To", "+18005551212"),
        ])
    }

    #[test]
    fn documented_examples_verify() {
        let p = call("+14158675309");
        let repeated = pairs(&[
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ]);
        for (url, params, signature) in [
            (
                "https://example.com/myapp.php?foo=1&bar=2",
                &call("+14158675310"),
                "L/OH5YylLD5NRKLltdqwSvS0BnU=",
            ),
            (
                "https://mycompany.com/myapp.php?foo=1&bar=2",
                &p,
                "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            ),
            (
                "https://mycompany.com:443/myapp.php?foo=1&bar=2",
                &p,
                "kvajT1Ptam85bY51eRf/AJRuM3w=",
            ),
            (
                "https://mycompany.com:1234/myapp.php?foo=1&bar=2",
                &p,
                "CYn1h0gLBdNxDGkKJg6hYohgeD8=",
            ),
            (
                "http://mycompany.com/myapp.php?foo=1&bar=2",
                &p,
                "OyGYPqTF6ztdbRNCvuQO/oPvqQ4=",
            ),
            (
                "http://mycompany.com:80/myapp.php?foo=1&bar=2",
                &p,
                "0ZXoZLH/DfblKGATFgpif+LLRf4=",
            ),
            (
                "http://mycompany.com:1234/myapp.php?foo=1&bar=2",
                &p,
                "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
            ),
            (
                "https://mycompany.com/myapp.php?foo=1&bar=2",
                &repeated,
                "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            ),
        ] {
            assert_eq!(sign(TOKEN, url, params), signature, "{url}");
            assert_eq!(
                verify(TOKEN, url, Signed::Form(params), signature),
                Ok(()),
                "{url}"
            );
        }
    }

    #[test]
    fn json_body_is_signed_by_its_hash() {
        let body = br#"{"property": "value", "boolean": true}"#;
        let (url, signature) = sign_json(
            TOKEN,
            "https://mycompany.com/myapp.php?foo=1&bar=2#rc=2",
            body,
        );
        assert_eq!(
            url,
            "https://mycompany.com/myapp.php?foo=1&bar=2\
             &bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
        );
        assert_eq!(signature, "a9nBmqA0ju/hNViExpshrM61xv4=");
        assert_eq!(verify(TOKEN, &url, Signed::Raw(body), &signature), Ok(()));
        assert_eq!(
            verify(TOKEN, &url, Signed::Raw(b"{}"), &signature),
            Err(SignatureError::BodyHashMismatch)
        );
    }

    #[test]
    fn json_body_without_hash_is_refused() {
        let url = "https://example.com/assignment";
        assert_eq!(
            verify(TOKEN, url, Signed::Raw(b"{}"), &sign(TOKEN, url, &[])),
            Err(SignatureError::NoBodyHash)
        );
    }

    #[test]
    fn both_forms_of_the_port_verify() {
        let params = call("+14158675309");
        for (requested, signed) in [
            ("https://example.com/a", "https://example.com:443/a"),
            ("https://example.com:443/a", "https://example.com/a"),
            ("http://example.com/a", "http://example.com:80/a"),
            ("http://example.com:5000/a", "http://example.com/a"),
            ("http://[::1]:9000/a?b", "http://[::1]/a?b"),
            (
                "https://example.com?a=b:80",
                "https://example.com:443?a=b:80",
            ),
        ] {
            let signature = sign(TOKEN, signed, &params);
            assert_eq!(
                verify(TOKEN, requested, Signed::Form(&params), &signature),
                Ok(()),
                "{requested}"
            );
        }
        let signature = sign(TOKEN, "https://example.com:444/a", &params);
        let refused = verify(
            TOKEN,
            "https://example.com/a",
            Signed::Form(&params),
            &signature,
        );
        assert_eq!(refused, Err(SignatureError::Mismatch));
    }

    #[test]
    fn fragment_and_credentials_are_not_signed() {
        let plain = sign(TOKEN, "https://example.com:8443/a?b=c@d", &[]);
        assert_eq!(
            sign(
                TOKEN,
                "https://user:pass@example.com:8443/a?b=c@d#rc=2&rp=5xx",
                &[]
            ),
            plain
        );
    }

    #[test]
    fn missing_token_or_odd_signature_is_refused() {
        let url = "https://example.com/a";
        assert_eq!(
            verify("", url, Signed::Form(&[]), &sign("", url, &[])),
            Err(SignatureError::NoAuthToken)
        );
        for signature in ["", "=", "é", "AAAA", "not base64 at all"] {
            for url in [url, "", "://", "é://ü:1", "https://@:", "#", "?bodySHA256"] {
                assert_eq!(
                    verify(TOKEN, url, Signed::Form(&[]), signature),
                    Err(SignatureError::Mismatch),
                    "{url}"
                );
            }
        }
    }

    #[derive(serde::Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        id: String,
        algorithm: String,
        auth_token: String,
        url: String,
        params: Vec<(String, String)>,
        content_type: Option<String>,
        body: String,
        signature: String,
        valid: bool,
        sign_exact: bool,
    }

    #[test]
    fn official_library_vectors_agree() {
        let file = include_str!("../../../tests/data/signature_vectors.json");
        let vectors = serde_json::from_str::<Vectors>(file).unwrap().vectors;
        assert_eq!(vectors.len(), 20);
        for Vector {
            id,
            algorithm,
            auth_token,
            url,
            params,
            content_type,
            body,
            signature,
            valid,
            sign_exact,
        } in vectors
        {
            assert_eq!(algorithm, "HMAC_SHA1", "{id}");
            let content = match content_type.as_deref() {
                Some("application/json") => Signed::Raw(body.as_bytes()),
                Some(_) | None => Signed::Form(&params),
            };
            assert_eq!(
                verify(&auth_token, &url, content, &signature).is_ok(),
                valid,
                "{id}"
            );
            if !valid {
                continue;
            }
            assert_eq!(
                sign(&auth_token, &url, &params) == signature,
                sign_exact,
                "{id}"
            );
        }
    }
}
