//! The environment variables that a function's code reads, found in its text.
//!
//! Settings are read through `runtime::Env` alone: `env.required("TABLE_NAME", …)`, in the function
//! itself or in a function of `runtime` that is passed the `Env`. So the literal names in the text,
//! and in every helper called with `env`, are complete.

use std::collections::{BTreeMap, BTreeSet};

/// The methods of `Env` that read a variable.
const READERS: [&str; 3] = [".required", ".optional", ".switch"];
/// The variables that every function reads, because logging and metrics start in all of them.
const READ_BY_ALL: [&str; 3] = ["METRICS_NAMESPACE", "RELEASE", "RUST_LOG"];

/// The variables read by `function`, a function's code, and by the helpers it calls in `runtime`.
pub fn read_by(function: &str, runtime: &str) -> BTreeSet<String> {
    let helpers = helpers(runtime);
    let mut names = BTreeSet::from(READ_BY_ALL.map(str::to_owned));
    let mut seen = BTreeSet::new();
    let mut open = vec![without_tests(function)];
    while let Some(code) = open.pop() {
        names.extend(literals(&code));
        for (name, body) in &helpers {
            if is_handed_env(&code, name) && seen.insert(name) {
                open.push(body.clone());
            }
        }
    }
    names
}

/// Function bodies by the name they are called by: `store` or `Access::from_env`.
fn helpers(code: &str) -> BTreeMap<String, String> {
    let mut helpers: BTreeMap<String, String> = BTreeMap::new();
    let mut owner = String::new();
    let mut current = String::new();
    for line in without_tests(code).lines() {
        if line.starts_with('}') {
            owner.clear();
        }
        if let Some(rest) = line.strip_prefix("impl") {
            let kind = rest.rsplit(" for ").next().unwrap_or_default();
            let kind = kind
                .split_once("> ")
                .map_or(kind, |(_, kind)| kind)
                .trim_start();
            owner = identifier(kind).to_owned() + "::";
        }
        if let Some(name) = line
            .split_once("fn ")
            .map(|(_, rest)| identifier(rest))
            .filter(|name| !name.is_empty())
        {
            current = format!("{owner}{name}");
        } else {
            *helpers.entry(current.clone()).or_default() += &format!("{line}\n");
        }
    }
    helpers
}

/// Whether `code` calls `name` with the settings as the first argument.
fn is_handed_env(code: &str, name: &str) -> bool {
    ["env", "&env", "&Env"].iter().any(|env| {
        let call = format!("{name}({env}");
        code.match_indices(&call).any(|(at, _)| {
            !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
    })
}

/// The names in `.required("NAME"` and the like. Request parameters are read by methods of the same
/// names, but only variables are written in capitals.
fn literals(code: &str) -> BTreeSet<String> {
    let calls = READERS.iter().flat_map(|reader| code.split(reader).skip(1));
    let names = calls.filter_map(|rest| {
        Some(
            rest.split_once('(')?
                .1
                .trim_start()
                .strip_prefix('"')?
                .split_once('"')?
                .0,
        )
    });
    let is_variable = |name: &&str| {
        name.chars()
            .all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    names.filter(is_variable).map(str::to_owned).collect()
}

/// The text of each file up to its tests. The files are concatenated, and each begins with its
/// `//!`.
fn without_tests(code: &str) -> String {
    let mut in_tests = false;
    let mut kept = String::new();
    for line in code.lines() {
        in_tests = (in_tests || line == "#[cfg(test)]") && !line.starts_with("//!");
        if !in_tests {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

fn identifier(text: &str) -> &str {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNTIME: &str = r#"
//! Settings.
impl Access {
    pub fn from_env(env: &Env<'_>) -> Result<Self, EnvError> {
        env.required("AWS_REGION", "a region")
    }
}
impl<'a> Voice<'a> {
    pub fn from_env(env: &Env<'_>) -> Result<Self, EnvError> {
        env.switch("TWIML_PREVIEW", false)
    }
}
pub fn store(env: &Env<'_>) -> Result<Store, EnvError> {
    let access = Access::from_env(env)?;
    let name = env.required::<String>(
        "TABLE_NAME",
        "a name",
    )?;
}
#[cfg(test)]
mod tests {
    fn store() { env.required("PORT", "a port"); }
}
//! Another file.
pub async fn auth_token(env: &Env<'_>) -> Result<String, EnvError> {
    env.optional("AUTH_TOKEN", "the token")
}
"#;

    #[test]
    fn variables_are_found_in_code_and_helpers() {
        let rows: [(&str, &[&str]); 5] = [
            ("", &[]),
            (
                r#"env.required("ROUTER", "a word"); parameters.required("TaskSid")"#,
                &["ROUTER"],
            ),
            (
                "let store = runtime::aws::store(&env)?;",
                &["AWS_REGION", "TABLE_NAME"],
            ),
            (
                "let voice = Voice::from_env(&env)?; voice.store(1)",
                &["TWIML_PREVIEW"],
            ),
            (
                "restore(&env); auth_token(&Env::process()).await",
                &["AUTH_TOKEN"],
            ),
        ];
        for (function, expected) in rows {
            let mut expected: BTreeSet<String> =
                expected.iter().map(|name| (*name).to_owned()).collect();
            expected.extend(READ_BY_ALL.map(str::to_owned));
            assert_eq!(read_by(function, RUNTIME), expected, "{function}");
        }
    }
}
