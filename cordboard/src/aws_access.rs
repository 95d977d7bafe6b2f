//! Region and credentials of the commands that reach a deployed stack.
//!
//! Credentials in the environment are used as they are. Otherwise the AWS CLI is asked for those that
//! it uses itself: of a profile, of single sign-on, of a process, of a container or machine. The
//! official chain as a library would add four crates of AWS's SDK to every build, and the guide needs
//! the AWS CLI before the first of these commands anyway.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use runtime::aws::Access;
use runtime::{Env, EnvError};
use serde::Deserialize;

/// The AWS CLI, found by `PATH`.
pub const AWS_CLI: &str = "aws";

/// Why a command has no region or credentials.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// A variable is malformed.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// There are no credentials in the environment, and no AWS CLI.
    #[error(
        "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or install the AWS CLI (version 2), whose profile or single sign-on is then used: {0}"
    )]
    NoCli(#[source] io::Error),
    /// The AWS CLI has no credentials either.
    #[error("the AWS CLI has no credentials: {0}")]
    Refused(String),
    /// The AWS CLI printed no credentials.
    #[error("the AWS CLI printed no credentials")]
    Form(#[from] serde_json::Error),
    /// There is no region.
    #[error("no region: set AWS_REGION, for example to eu-west-1, or `aws configure set region`")]
    NoRegion,
}

/// What `aws configure export-credentials --format process` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

/// Finds region and credentials as `sam` does. `cli` is the AWS CLI, which reads `AWS_PROFILE` and its
/// own files.
///
/// # Errors
/// There are none, or the AWS CLI says why it has none, for example that a sign-on has expired.
pub async fn find(env: &Env<'_>, cli: &Path) -> Result<Access, AccessError> {
    let region = region(env, cli).await?;
    let key_id: Option<String> = env.optional("AWS_ACCESS_KEY_ID", "an access key id")?;
    if let Some(key_id) = key_id {
        let secret: String = env.required("AWS_SECRET_ACCESS_KEY", "a secret access key")?;
        let token: Option<String> = env.optional("AWS_SESSION_TOKEN", "a session token")?;
        return Ok(Access::new(&region, &key_id, &secret, token.as_deref()));
    }
    let output = run(
        cli,
        &["configure", "export-credentials", "--format", "process"],
    )
    .await
    .map_err(AccessError::NoCli)?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(AccessError::Refused(reason));
    }
    let exported: Exported = serde_json::from_slice(&output.stdout)?;
    Ok(Access::new(
        &region,
        &exported.access_key_id,
        &exported.secret_access_key,
        exported.session_token.as_deref(),
    ))
}

async fn region(env: &Env<'_>, cli: &Path) -> Result<String, AccessError> {
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(region) = env.optional::<String>(name, "an AWS region such as eu-west-1")? {
            return Ok(region);
        }
    }
    let output = run(cli, &["configure", "get", "region"]).await;
    let stdout = output.map(|output| output.stdout).unwrap_or_default();
    match String::from_utf8_lossy(&stdout).trim() {
        "" => Err(AccessError::NoRegion),
        region => Ok(region.to_owned()),
    }
}

/// Runs a program to its end, away from the runtime's threads.
async fn run(program: &Path, arguments: &[&str]) -> io::Result<Output> {
    let program = PathBuf::from(program);
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let running = move || Command::new(program).args(arguments).output();
    tokio::task::spawn_blocking(running)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// An AWS CLI whose profile has a region, and credentials or a refusal.
    fn cli(folder: &Path, credentials: &str) -> PathBuf {
        let path = folder.join("aws");
        let script = format!(
            "#!/bin/sh\ncase \"$2\" in\nget) echo eu-north-1 ;;\nexport-credentials) {credentials} ;;\nesac\n"
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    fn env<'a>(variables: &'a [(&'a str, &'a str)]) -> Env<'a> {
        Env::new(move |name| {
            let mut known = variables.iter();
            let found = known.find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        })
    }

    const KEYS: [(&str, &str); 2] = [
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];

    const EXPORTED: &str = r#"echo '{"Version":1,"AccessKeyId":"AKIDSSO","SecretAccessKey":"secret","SessionToken":"token"}'"#;

    #[tokio::test]
    async fn environment_comes_before_the_cli() {
        let folder = tempfile::tempdir().unwrap();
        let cli = cli(folder.path(), EXPORTED);
        for (region, key_id, variables) in [
            (
                "eu-west-1",
                "AKIDENV",
                [("AWS_REGION", "eu-west-1"), KEYS[0], KEYS[1]].as_slice(),
            ),
            (
                "eu-west-2",
                "AKIDENV",
                &[("AWS_DEFAULT_REGION", "eu-west-2"), KEYS[0], KEYS[1]],
            ),
            ("eu-north-1", "AKIDENV", &KEYS),
            ("eu-west-1", "AKIDSSO", &[("AWS_REGION", "eu-west-1")]),
            ("eu-north-1", "AKIDSSO", &[]),
        ] {
            let access = find(&env(variables), &cli).await.unwrap();
            let found = (access.region.as_ref(), access.credentials.access_key_id());
            assert_eq!(found, (region, key_id), "{variables:?}");
        }
    }

    #[tokio::test]
    async fn cli_without_credentials_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let expired = cli(folder.path(), "echo 'Token has expired' >&2; exit 255");
        let refused = find(&env(&[]), &expired).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the AWS CLI has no credentials: Token has expired"
        );
        let missing = folder.path().join("none");
        let region = [("AWS_REGION", "eu-west-1")];
        let missing_cli = find(&env(&region), &missing).await.unwrap_err();
        assert!(missing_cli.to_string().contains("AWS_ACCESS_KEY_ID"));
        let no_region = find(&env(&KEYS), &missing).await.unwrap_err();
        assert!(matches!(no_region, AccessError::NoRegion), "{no_region}");
    }
}
