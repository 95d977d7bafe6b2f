//! Who moves calls: the simulated telephone network, or a real carrier when the environment names one.

use carrier::TWILIO_API;
use runtime::{Env, EnvError};

/// Who moves calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierChoice {
    /// The simulated telephone network.
    Simulated,
    /// A real carrier.
    Real {
        /// The base URL of its API.
        api_url: String,
        /// Where it reaches us, `https://…`.
        public_url: String,
    },
}

impl CarrierChoice {
    /// `CARRIER=twilio` with `ACCOUNT_SID` and `AUTH_TOKEN` set means Twilio, which has to reach us at `PUBLIC_URL`;
    /// `CARRIER=simulated`, or nothing, the simulated network.
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
    fn a_real_carrier_needs_credentials_and_an_address_to_reach_us() {
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
