//! Signed requests in stories (voice-webhooks.md section 2).

use std::collections::BTreeMap;

use shared::webhook::signature::{SIGNATURE_HEADER, Signed, sign, sign_json, verify};

use super::Stage;
use super::expectation::SignatureExpectation;

/// The token of the vectors.
const TOKEN: &str = "12345";

/// A request and its signature.
#[derive(Debug, Clone)]
pub(super) struct SignedRequest {
    url: String,
    form: Vec<(String, String)>,
    /// A body that is no form.
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

    /// The last byte of its body, the closing brace, becomes a blank.
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
        let so = match expectation {
            SignatureExpectation::Is(expected) => signed.signature == *expected,
            SignatureExpectation::Url(part) => signed.url.contains(part.as_str()),
            SignatureExpectation::Genuine(genuine) => signed.is_genuine() == *genuine,
        };
        if so {
            Ok(())
        } else {
            Err(format!("seen: {signed:?}\n"))
        }
    }

    /// Every request for `path` was signed for the address that was asked, as the customer's server saw it.
    pub(super) fn check_asked_genuinely(&self, path: &str) -> Result<(), String> {
        let token = &self.test_centre.account.auth_token;
        let asked = self.customer.asked(path);
        let signature = |headers: &BTreeMap<String, String>| {
            headers.get(&SIGNATURE_HEADER.to_lowercase()).cloned()
        };
        let genuine = |asked: &crate::customer::Asked| {
            let url = format!("{}{}", self.customer.base, asked.path);
            let signature = signature(&asked.headers).unwrap_or_default();
            verify(token, &url, Signed::Form(&asked.form), &signature).is_ok()
        };
        if !asked.is_empty() && asked.iter().all(genuine) {
            Ok(())
        } else {
            Err(format!("seen: {asked:#?}\n"))
        }
    }
}
