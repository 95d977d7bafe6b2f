//! Signed requests in stories (voice-webhooks.md section 2).

use std::collections::BTreeMap;

use shared::webhook::signature::{SIGNATURE_HEADER, Signed, sign, sign_json, verify};

use super::{Centre, Stage};
use crate::customer::RecordedRequest;
use crate::expectation::SignatureExpectation;

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
    pub(super) fn forge(&mut self) -> Result<(), String> {
        let last = self.body.as_mut().and_then(|body| body.last_mut());
        *last.ok_or("there is no body to change")? = b' ';
        Ok(())
    }

    fn is_genuine(&self) -> bool {
        let content = self
            .body
            .as_deref()
            .map_or(Signed::Form(&self.form), Signed::Raw);
        verify(TOKEN, &self.url, content, &self.signature).is_ok()
    }
}

impl<C: Centre> Stage<'_, C> {
    pub(super) fn check_signature(&self, expectation: &SignatureExpectation) -> Result<(), String> {
        let signed = self.signed.as_ref().ok_or("nothing has been signed")?;
        let holds = match expectation {
            SignatureExpectation::Is(expected) => signed.signature == *expected,
            SignatureExpectation::Url(part) => signed.url.contains(part.as_str()),
            SignatureExpectation::Genuine(genuine) => signed.is_genuine() == *genuine,
        };
        if holds {
            Ok(())
        } else {
            Err(format!("seen: {signed:?}"))
        }
    }

    /// Whether every request for a URL was signed for the address that was requested, as its server
    /// sees it.
    pub(super) fn check_signatures(&self, requests: &[RecordedRequest]) -> Result<(), String> {
        let token = self.centre.auth_token();
        let signature = |headers: &BTreeMap<String, String>| {
            headers.get(&SIGNATURE_HEADER.to_lowercase()).cloned()
        };
        let genuine = |request: &RecordedRequest| {
            let signature = signature(&request.headers).unwrap_or_default();
            let signed = Signed::Form(&request.form);
            verify(token, &request.whole_url, signed, &signature).is_ok()
        };
        if !requests.is_empty() && requests.iter().all(genuine) {
            Ok(())
        } else {
            Err(format!("seen: {requests:#?}"))
        }
    }
}
