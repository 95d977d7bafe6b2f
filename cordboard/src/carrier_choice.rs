//! The carrier: the simulated telephone network, or a real one that the environment names.

use carrier::TWILIO_API;
use runtime::{Env, EnvError};

use crate::exposure::PublicUrl;

/// The carrier that places and moves calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierChoice {
    /// The simulated telephone network.
    Simulated,
    /// A real carrier.
    Real {
        /// The base URL of the carrier's API.
        api_url: String,
    },
}

impl CarrierChoice {
    /// `CARRIER=twilio` selects Twilio and requires `ACCOUNT_SID`, `AUTH_TOKEN`, and the public URL
    /// at which Twilio reaches this machine. `CARRIER=simulated`, or no value, selects the simulated
    /// network.
    pub fn from_env(env: &Env<'_>, public_url: Option<&PublicUrl>) -> Result<Self, EnvError> {
        let expected = "simulated or twilio";
        let name: Option<String> = env.optional("CARRIER", expected)?;
        match name.as_deref() {
            None | Some("simulated") => Ok(Self::Simulated),
            Some("twilio") => {
                let _present: String =
                    env.required("ACCOUNT_SID", "the account SID at the carrier")?;
                let _present: String =
                    env.required("AUTH_TOKEN", "the auth token at the carrier")?;
                if public_url.is_none() {
                    return Err(EnvError::Missing {
                        name: "PUBLIC_URL",
                        expected: "the https:// address at which the carrier reaches this machine, unless --public-url names it",
                    });
                }
                let api_url: Option<String> =
                    env.optional("CARRIER_URL", "the base URL of the carrier's API")?;
                let api_url = api_url.unwrap_or_else(|| TWILIO_API.to_owned());
                Ok(Self::Real { api_url })
            }
            Some(_other) => Err(EnvError::Malformed {
                name: "CARRIER",
                expected,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(variables: &[(&str, &str)]) -> Result<CarrierChoice, EnvError> {
        let find = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let public_url = find("PUBLIC_URL").map(|url| url.parse().unwrap());
        CarrierChoice::from_env(&Env::new(find), public_url.as_ref())
    }

    #[test]
    fn real_carrier_needs_credentials_and_url() {
        assert_eq!(choice(&[]), Ok(CarrierChoice::Simulated));
        assert!(choice(&[("CARRIER", "twilio")]).is_err());
        assert!(choice(&[("CARRIER", "pigeon")]).is_err());
        let set = [
            ("CARRIER", "twilio"),
            ("ACCOUNT_SID", "AC00000000000000000000000000000001"),
            ("AUTH_TOKEN", "token"),
            ("PUBLIC_URL", "https://centre.example/"),
        ];
        assert!(choice(&set[..3]).is_err());
        assert_eq!(
            choice(&set),
            Ok(CarrierChoice::Real {
                api_url: TWILIO_API.to_owned(),
            })
        );
    }
}
