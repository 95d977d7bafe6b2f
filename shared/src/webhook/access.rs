//! Who is asking: the carrier, a developer with a browser, or somebody else.

use super::form::decode;
use super::signature::{Signed, verify};
use super::{
    Error, FormError, MAX_BODY_BYTES, MAX_PARAMETERS, Method, Parameters, Request, samples,
};

/// What a deployment asks of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// Whether the carrier has to sign; on unless switched off (`VERIFY_SIGNATURES`).
    pub verify_signatures: bool,
    /// Whether a browser may look at the TwiML (`TWIML_PREVIEW`).
    pub twiml_preview: bool,
}

/// Who is asking, and so whether anything may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The carrier: a POST or a GET with a good signature, or any request while signatures are not verified.
    Signed,
    /// A browser: an unsigned GET. It is shown the TwiML; nothing may be written or sent because of it.
    Preview,
}

/// A request that is served.
#[derive(Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Who is asking.
    pub access: Access,
    /// With which parameters. For a preview, samples stand in for what only the carrier knows.
    pub parameters: Parameters,
}

/// Decodes `request` once and says who is asking.
///
/// A signed GET acts like a POST, as a phone number may be configured for either; its body, if any, is not looked at.
///
/// # Errors
/// [`Error::Form`] for a body over the limit or parameters that cannot be decoded, [`Error::Unsigned`] and
/// [`Error::Signature`] for a request that is not the carrier's.
pub fn admit(request: &Request, auth_token: &str, checks: Checks) -> Result<Admitted, Error> {
    if request.body.len() > MAX_BODY_BYTES {
        return Err(FormError::BodyTooLarge {
            bytes: request.body.len(),
        }
        .into());
    }
    let form = match request.method {
        Method::Post if request.has_form() => decode(&request.body)?,
        Method::Post | Method::Get => Vec::new(),
    };
    let access = access(request, &form, auth_token, checks)?;

    let mut pairs = decode(request.query().as_bytes())?;
    pairs.extend(form);
    if pairs.len() > MAX_PARAMETERS {
        return Err(FormError::TooManyParameters.into());
    }
    let mut parameters = Parameters::new(pairs);
    if access == Access::Preview {
        parameters.extend(samples::pairs());
    }
    Ok(Admitted { access, parameters })
}

fn access(
    request: &Request,
    form: &[(String, String)],
    auth_token: &str,
    checks: Checks,
) -> Result<Access, Error> {
    let Some(signature) = request.signature.as_deref() else {
        return match request.method {
            Method::Get if checks.twiml_preview => Ok(Access::Preview),
            Method::Get | Method::Post if checks.verify_signatures => Err(Error::Unsigned),
            Method::Get | Method::Post => Ok(Access::Signed),
        };
    };
    if checks.verify_signatures {
        let content = match request.method {
            Method::Post if !request.has_form() => Signed::Raw(&request.body),
            Method::Post | Method::Get => Signed::Form(form),
        };
        verify(auth_token, &request.url, content, signature)?;
    }
    Ok(Access::Signed)
}

#[cfg(test)]
mod tests {
    use super::super::signature::{sign, sign_json};
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    const URL: &str = "https://example.com/enqueue-call?attempt=2";
    const FORM: &str = "application/x-www-form-urlencoded";
    const ON: bool = true;
    const OFF: bool = false;

    /// A request with a signature that is `good`, bad, or not there.
    fn request(method: Method, good: Option<bool>) -> Request {
        let (body, params) = match method {
            Method::Get => ("", vec![]),
            Method::Post => ("Digits=1", vec![("Digits".to_owned(), "1".to_owned())]),
        };
        let signature = good.map(|good| sign(if good { TOKEN } else { "another" }, URL, &params));
        Request {
            method,
            url: URL.into(),
            content_type: Some(FORM.into()),
            signature,
            body: body.into(),
        }
    }

    #[test]
    fn who_is_asking_depends_on_method_signature_and_what_is_switched_on() {
        use Access::{Preview, Signed};
        use Method::{Get, Post};
        for (method, good, verify_signatures, twiml_preview, expected) in [
            // The carrier, by either method, with or without the preview.
            (Post, Some(true), ON, OFF, Ok(Signed)),
            (Post, Some(true), ON, ON, Ok(Signed)),
            (Get, Some(true), ON, OFF, Ok(Signed)),
            (Get, Some(true), ON, ON, Ok(Signed)),
            // Somebody else: a bad signature is never taken for a browser.
            (Post, Some(false), ON, ON, Err(403)),
            (Get, Some(false), ON, ON, Err(403)),
            (Post, None, ON, ON, Err(403)),
            (Post, None, ON, OFF, Err(403)),
            (Get, None, ON, OFF, Err(403)),
            // A browser.
            (Get, None, ON, ON, Ok(Preview)),
            (Get, None, OFF, ON, Ok(Preview)),
            // Signatures are not verified.
            (Post, None, OFF, OFF, Ok(Signed)),
            (Post, Some(false), OFF, ON, Ok(Signed)),
            (Get, None, OFF, OFF, Ok(Signed)),
            (Get, Some(false), OFF, ON, Ok(Signed)),
        ] {
            let admitted = admit(
                &request(method, good),
                TOKEN,
                Checks {
                    verify_signatures,
                    twiml_preview,
                },
            );
            let got = admitted
                .map(|admitted| admitted.access)
                .map_err(|error| error.status());
            assert_eq!(
                got, expected,
                "{method:?} {good:?} verify {verify_signatures} preview {twiml_preview}"
            );
        }
    }

    const STRICT: Checks = Checks {
        verify_signatures: true,
        twiml_preview: false,
    };

    #[test]
    fn parameters_of_the_url_come_before_those_of_the_form() {
        let parameters = admit(&request(Method::Post, Some(true)), TOKEN, STRICT)
            .unwrap()
            .parameters;
        assert_eq!(
            (parameters.get("attempt"), parameters.get("Digits")),
            (Some("2"), Some("1"))
        );
    }

    #[test]
    fn a_body_that_rides_on_the_signature_of_a_get_brings_no_parameters() {
        let request = Request {
            body: "Digits=9".into(),
            ..request(Method::Get, Some(true))
        };
        assert_eq!(
            admit(&request, TOKEN, STRICT)
                .unwrap()
                .parameters
                .get("Digits"),
            None
        );
        let request = Request {
            method: Method::Post,
            ..request
        };
        assert_eq!(
            admit(&request, TOKEN, STRICT)
                .map(|_| ())
                .map_err(|error| error.status()),
            Err(403)
        );
    }

    #[test]
    fn a_preview_has_samples_where_the_browser_says_nothing() {
        let checks = Checks {
            verify_signatures: true,
            twiml_preview: true,
        };
        let parameters = admit(&request(Method::Get, None), TOKEN, checks)
            .unwrap()
            .parameters;
        assert_eq!(parameters.get("attempt"), Some("2"));
        assert!(parameters.get("CallSid").is_some());
    }

    #[test]
    fn a_body_that_is_no_form_needs_its_hash_signed() {
        let (url, signature) = sign_json(TOKEN, "https://example.com/assignment", b"{}");
        let json = |url: &str, body: &str| Request {
            method: Method::Post,
            url: url.into(),
            content_type: Some("application/json".into()),
            signature: Some(signature.clone()),
            body: body.into(),
        };
        let status = |request| {
            admit(&request, TOKEN, STRICT)
                .map(|_| ())
                .map_err(|error| error.status())
        };
        assert_eq!(status(json(&url, "{}")), Ok(()));
        assert_eq!(status(json(&url, "[]")), Err(403));
        assert_eq!(
            status(json("https://example.com/assignment", "{}")),
            Err(403)
        );
    }

    #[test]
    fn what_is_too_large_undecodable_or_unverifiable_is_refused_with_its_own_status() {
        let good = request(Method::Post, Some(true));
        for (request, token, expected) in [
            (
                Request {
                    body: vec![b'a'; MAX_BODY_BYTES + 1],
                    ..good.clone()
                },
                TOKEN,
                413,
            ),
            (
                Request {
                    body: "Digits=%".into(),
                    ..good.clone()
                },
                TOKEN,
                400,
            ),
            (
                Request {
                    body: "a=1&".repeat(MAX_PARAMETERS + 1).into(),
                    ..good.clone()
                },
                TOKEN,
                400,
            ),
            (good, "", 500),
        ] {
            let reply = admit(&request, token, STRICT)
                .map(|_| ())
                .unwrap_err()
                .reply();
            assert_eq!(reply.status, expected, "{request:?}");
            assert_eq!(reply.content_type, "text/plain; charset=utf-8");
        }
    }
}
