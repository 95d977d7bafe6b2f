//! The carrier: the simulated telephone network, or a real one that the environment names.

use carrier::TWILIO_API;
use runtime::{Env, EnvError};

/// The carrier that places and moves calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierChoice {
    /// The simulated telephone network.
    Simulated,
    /// A real carrier.
    Real {
        /// The base URL of the carrier's API.
        api_url: String,
        /// The address at which the carrier reaches this contact centre, `https://…`.
        public_url: String,
    },
}

impl CarrierChoice {
    /// `CARRIER=twilio` selects Twilio and requires `ACCOUNT_SID`, `AUTH_TOKEN`, and the
    /// `PUBLIC_URL` at which Twilio reaches this machine. `CARRIER=simulated`, or no value, selects
    /// the simulated network.
    pub fn from_env(env: &Env<'_>) -> Result<Self, EnvError> {
        let expected = "simulated or twilio";
        let name: Option<String> = env.optional("CARRIER", expected)?;
        match name.as_deref() {
            None | Some("simulated") => Ok(Self::Simulated),
            Some("twilio") => {
                let _present: String =
                    env.required("ACCOUNT_SID", "the account SID at the carrier")?;
                let _present: String =
                    env.required("AUTH_TOKEN", "the auth token at the carrier")?;
                let public_url: String = env.required(
                    "PUBLIC_URL",
                    "the https:// address at which the carrier reaches this machine",
                )?;
                let api_url: Option<String> =
                    env.optional("CARRIER_URL", "the base URL of the carrier's API")?;
                let api_url = api_url.unwrap_or_else(|| TWILIO_API.to_owned());
                Ok(Self::Real {
                    api_url,
                    public_url: public_url.trim_end_matches('/').to_owned(),
                })
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
        CarrierChoice::from_env(&Env::new(find))
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
        let public_url = "https://centre.example".to_owned();
        assert_eq!(
            choice(&set),
            Ok(CarrierChoice::Real {
                api_url: TWILIO_API.to_owned(),
                public_url
            })
        );
    }
}
