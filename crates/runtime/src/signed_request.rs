//! Requests to services of AWS for which there is no client here. They are signed with `aws-sigv4`,
//! a dependency of the SDK: a client for one operation would add a minute to every build.

use std::error::Error;
use std::time::SystemTime;

use ::http::Request;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;

use crate::aws::Access;

/// The service of a request: its name in the signature, and how it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Parameter Store.
    Ssm,
    /// Lambda.
    Lambda,
    /// S3, which signs the digest of the body as a header, and the path as it is.
    S3,
}

impl Service {
    /// The name in the signature and in the service's address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ssm => "ssm",
            Self::Lambda => "lambda",
            Self::S3 => "s3",
        }
    }

    fn settings(self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        match self {
            Self::Ssm | Self::Lambda => {}
            Self::S3 => {
                settings.percent_encoding_mode = PercentEncodingMode::Single;
                settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
                settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            }
        }
        settings
    }
}

/// Signs a request for a service.
///
/// # Errors
/// The request or the credentials are malformed.
pub fn signed(
    access: &Access,
    service: Service,
    mut request: Request<Vec<u8>>,
) -> Result<Request<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    let identity = access.credentials.clone().into();
    let signing = v4::SigningParams::builder()
        .identity(&identity)
        .region(access.region.as_ref())
        .name(service.name())
        .time(SystemTime::now())
        .settings(service.settings())
        .build()?;
    let headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let uri = request.uri().to_string();
    let signable = SignableRequest::new(
        request.method().as_str(),
        &uri,
        headers.into_iter(),
        SignableBody::Bytes(request.body()),
    )?;
    let (instructions, _signature) = sign(signable, &signing.into())?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}
