//! Signed requests in stories (voice-webhooks.md section 2).

use std::collections::BTreeMap;

use shared::webhook::signature::{SIGNATURE_HEADER, Signed, sign, sign_json, verify};

use super::Stage;
use super::expectation::SignatureExpectation;

/// The auth token of the reference's test vectors.
const TOKEN: &str = "12345";

/// A request and its signature.
#[derive(Debug, Clone)]
pub(super) struct SignedRequest {
    url: String,
    form: Vec<(String, String)>,
    /// The body, where it is no form.
    body: Option<Vec<u8>>,
    signature: String,
}

impl SignedRequest {
    pub(super) fn new(url: String, form: Vec<(String, String)>, body: &str) -> Self {
        let body = body.trim_end();
        if body.is_empty() {
            let signature = sign(TOKEN, &url, &form);
            return Self {
                url,
                form,
                body: None,
                signature,
            };
        }
        let (url, signature) = sign_json(TOKEN, &url, body.as_bytes());
        Self {
            url,
            form,
            body: Some(body.as_bytes().to_vec()),
            signature,
        }
    }

    /// Replaces the last byte of the body, the closing brace, with a blank.
    pub(super) fn forge(&mut self) {
        let last = self.body.as_mut().and_then(|body| body.last_mut());
        *last.unwrap_or_else(|| panic!("there is no body to change")) = b' ';
    }

    fn is_genuine(&self) -> bool {
        let content = self
            .body
            .as_deref()
            .map_or(Signed::Form(&self.form), Signed::Raw);
        verify(TOKEN, &self.url, content, &self.signature).is_ok()
    }
}

impl Stage {
    pub(super) fn check_signature(&self, expectation: &SignatureExpectation) -> Result<(), String> {
        let signed = self
            .signed
            .as_ref()
            .unwrap_or_else(|| panic!("nothing has been signed"));
        let holds = match expectation {
            SignatureExpectation::Is(expected) => signed.signature == *expected,
            SignatureExpectation::Url(part) => signed.url.contains(part.as_str()),
            SignatureExpectation::Genuine(genuine) => signed.is_genuine() == *genuine,
        };
        if holds {
            Ok(())
        } else {
            Err(format!("seen: {signed:?}\n"))
        }
    }

    /// Whether every request for `path` was signed for the address that was requested, as the
    /// customer's server sees it.
    pub(super) fn check_signatures(&self, path: &str) -> Result<(), String> {
        let token = &self.test_centre.account.auth_token;
        let requests = self.customer.requests(path);
        let signature = |headers: &BTreeMap<String, String>| {
            headers.get(&SIGNATURE_HEADER.to_lowercase()).cloned()
        };
        let genuine = |request: &crate::customer::RecordedRequest| {
            let url = format!("{}{}", self.customer.base, request.path);
            let signature = signature(&request.headers).unwrap_or_default();
            verify(token, &url, Signed::Form(&request.form), &signature).is_ok()
        };
        if !requests.is_empty() && requests.iter().all(genuine) {
            Ok(())
        } else {
            Err(format!("seen: {requests:#?}\n"))
        }
    }
}
