//! The paths of the built binaries.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The built binary of a package, such as `incoming-call`. The first call builds all of the
/// workspace's binaries, with the Cargo, the target folder and the profile that built the running
/// test; what is up to date is not built again. `--tests` is named too, although the tests are
/// built: without it Cargo would resolve fewer features for the dependencies and rebuild them.
pub fn path(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let path = FOLDER.get_or_init(build).join(name);
    assert!(
        path.is_file(),
        "cargo build did not produce {}",
        path.display()
    );
    path
}

fn build() -> PathBuf {
    // <target>/<profile>/deps/<test>-<hash>
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        named => named,
    };
    let mut cargo = Command::new(env!("CARGO"));
    // Variables in which Cargo describes the running test's package: build scripts would take them
    // for a change and rebuild.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--bins",
            "--tests",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(folder.parent().unwrap_or(Path::new("target")))
        .current_dir(crate::project::root())
        .output()
        .unwrap_or_else(|error| panic!("cargo does not start: {error}"));
    assert!(
        output.status.success(),
        "cargo build --bins --tests failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.to_path_buf()
}
