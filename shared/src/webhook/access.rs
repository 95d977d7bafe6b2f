//! Authenticates a webhook: the carrier (signed), a developer's browser (preview), or neither.

use super::form::decode;
use super::signature::{Signed, verify};
use super::{
    Error, FormError, MAX_BODY_BYTES, MAX_PARAMETERS, Method, Parameters, Request, samples,
};

/// How strictly a deployment authenticates webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// Whether an unsigned request is refused. On by default (`VERIFY_SIGNATURES`).
    pub verify_signatures: bool,
    /// Whether an unsigned GET is shown the TwiML (`TWIML_PREVIEW`).
    pub twiml_preview: bool,
}

/// The authenticated sender, which decides whether the function may write or send anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The carrier: a request with a valid signature, or any request while signatures are not
    /// verified.
    Signed,
    /// A browser: an unsigned GET. The function renders the TwiML and must not write or send
    /// anything.
    Preview,
}

/// A request that passed [`admit`].
#[derive(Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The sender.
    pub access: Access,
    /// The decoded parameters. In a preview, samples replace the values that only the carrier
    /// knows.
    pub parameters: Parameters,
}

/// Checks the limits and the signature of `request`, and decodes its parameters once.
///
/// A signed GET has the same rights as a POST, because a phone number may be configured for either.
/// The body of a GET is ignored.
///
/// ```
/// use shared::webhook::signature::sign;
/// use shared::webhook::{Access, Checks, IncomingCall, Method, Request, admit};
///
/// let token = "0123456789abcdef0123456789abcdef";
/// let url = "https://example.com/incoming-call";
/// let fields = [
///     ("CallSid", "CA0123456789abcdef0123456789abcdef"),
///     ("AccountSid", "AC0123456789abcdef0123456789abcdef"),
///     ("From", "+17075550111"),
///     ("To", "+17075550183"),
///     ("CallStatus", "ringing"),
/// ];
/// let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
/// let request = Request {
///     method: Method::Post,
///     url: url.to_owned(),
///     content_type: Some("application/x-www-form-urlencoded".to_owned()),
///     signature: Some(sign(token, url, &fields.map(|(name, value)| (name.into(), value.into())))),
///     body: body.into_bytes(),
/// };
///
/// let checks = Checks { verify_signatures: true, twiml_preview: false };
/// let admitted = admit(&request, token, checks)?;
/// assert_eq!(admitted.access, Access::Signed);
///
/// let incoming = IncomingCall::parse(&admitted.parameters)?;
/// assert_eq!(incoming.call.from.as_str(), "+17075550111");
/// assert_eq!(incoming.attempt, 1);
///
/// let forged = Request { signature: Some("AAAA".to_owned()), ..request };
/// assert_eq!(admit(&forged, token, checks).map(|_| ()).unwrap_err().status(), 403);
/// # Ok::<(), shared::webhook::Error>(())
/// ```
///
/// # Errors
/// [`Error::Form`] for a body over the limit or parameters that cannot be decoded;
/// [`Error::Unsigned`] and [`Error::Signature`] for a request that the carrier did not sign.
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

    /// A request whose signature is valid (`Some(true)`), invalid (`Some(false)`) or absent
    /// (`None`).
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
    fn access_follows_signature_and_checks() {
        use Access::{Preview, Signed};
        use Method::{Get, Post};
        for (method, good, verify_signatures, twiml_preview, expected) in [
            // The carrier, by either method, with or without the preview.
            (Post, Some(true), true, false, Ok(Signed)),
            (Post, Some(true), true, true, Ok(Signed)),
            (Get, Some(true), true, false, Ok(Signed)),
            (Get, Some(true), true, true, Ok(Signed)),
            // A forged request: an invalid signature is never treated as a browser's preview.
            (Post, Some(false), true, true, Err(403)),
            (Get, Some(false), true, true, Err(403)),
            (Post, None, true, true, Err(403)),
            (Post, None, true, false, Err(403)),
            (Get, None, true, false, Err(403)),
            // A browser.
            (Get, None, true, true, Ok(Preview)),
            (Get, None, false, true, Ok(Preview)),
            // Signatures are not verified.
            (Post, None, false, false, Ok(Signed)),
            (Post, Some(false), false, true, Ok(Signed)),
            (Get, None, false, false, Ok(Signed)),
            (Get, Some(false), false, true, Ok(Signed)),
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
    fn url_parameters_precede_form_parameters() {
        let parameters = admit(&request(Method::Post, Some(true)), TOKEN, STRICT)
            .unwrap()
            .parameters;
        assert_eq!(
            (parameters.get("attempt"), parameters.get("Digits")),
            (Some("2"), Some("1"))
        );
    }

    #[test]
    fn signed_get_ignores_its_body() {
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
    fn preview_fills_in_samples() {
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
    fn json_body_needs_signed_hash() {
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
    fn refusals_have_their_own_status() {
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
