//! Fuzzes forms: decoded or refused, signed or not. A decoded form is read into every webhook's
//! struct or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::webhook::{
    Assignment, Checks, EnqueueCall, IncomingCall, MAX_PARAMETERS, Method, Parameters, QueueExit,
    Request, WaitMusic, WorkerCall, WorkerCallStatus, admit,
};

fn request(body: &[u8], signature: Option<&str>) -> Request {
    Request {
        method: Method::Post,
        url: format!(
            "https://example.com/enqueue-call?{}",
            String::from_utf8_lossy(body)
        ),
        content_type: Some("application/x-www-form-urlencoded".to_owned()),
        signature: signature.map(str::to_owned),
        body: body.to_vec(),
    }
}

fn read_everything(parameters: &Parameters) {
    let _ = Assignment::parse(parameters);
    let _ = EnqueueCall::parse(parameters);
    let _ = IncomingCall::parse(parameters);
    let _ = QueueExit::parse(parameters);
    let _ = WaitMusic::parse(parameters);
    let _ = WorkerCall::parse(parameters);
    let _ = WorkerCallStatus::parse(parameters);
}

fuzz_target!(|body: &[u8]| {
    let unverified = Checks {
        verify_signatures: false,
        twiml_preview: false,
    };
    if let Ok(admitted) = admit(&request(body, None), "token", unverified) {
        assert!(
            body.split(|byte| *byte == b'&')
                .filter(|pair| !pair.is_empty())
                .count()
                <= MAX_PARAMETERS
        );
        read_everything(&admitted.parameters);
    }
    let verified = Checks {
        verify_signatures: true,
        ..unverified
    };
    assert!(admit(&request(body, Some("AAAA")), "token", verified).is_err());
    assert!(admit(&request(body, None), "token", verified).is_err());
});
