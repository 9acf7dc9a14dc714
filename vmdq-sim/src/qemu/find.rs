//! Where a QEMU is looked for.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::QemuError;

/// The program's name, on the `PATH` and in the folder that `cargo xtask qemu` fills.
const NAME: &str = "qemu-system-x86_64";

/// Finds a QEMU: `VMDQ_QEMU`, then what `cargo xtask qemu` unpacked, then the `PATH`.
pub(super) fn find() -> Result<PathBuf, QemuError> {
    let here = env::current_dir().unwrap_or_default();
    find_in(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from), &here)
}

/// The same with the environment as a parameter, so that it can be tested.
fn find_in(var: impl Fn(&str) -> Option<PathBuf>, here: &Path) -> Result<PathBuf, QemuError> {
    if let Some(asked) = var("VMDQ_QEMU") {
        return if is_program(&asked) { Ok(asked) } else { Err(QemuError::NoSuchProgram(asked)) };
    }
    // A test runs in its package's folder; a relative name is relative to the workspace's, above.
    let target = var("CARGO_TARGET_DIR").into_iter().chain(["target".into()]).collect::<Vec<_>>();
    let below = here.ancestors().flat_map(|dir| target.iter().map(move |target| dir.join(target)));
    let mut unpacked = below.map(|dir| dir.join("qemu").join(NAME));
    let path = var("PATH").unwrap_or_default();
    let mut installed = env::split_paths::<OsStr>(path.as_ref()).map(|dir| dir.join(NAME));
    unpacked
        .find(|program| is_program(program))
        .or_else(|| installed.find(|program| is_program(program)).filter(|program| has_igb(program)))
        .ok_or(QemuError::NotFound)
}

/// An installed QEMU may be older than its `igb`. That is no QEMU for the test bed, but no mistake.
fn has_igb(program: &Path) -> bool {
    let help = Command::new(program).args(["-device", "help"]).stdin(Stdio::null()).output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("\"igb\""))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_taken_or_refused() {
        let ask = |path: &Path| {
            let path = path.to_owned();
            find_in(move |name| (name == "VMDQ_QEMU").then(|| path.clone()), Path::new("/"))
        };
        let program = env::current_exe().unwrap();
        assert_eq!(ask(&program).unwrap(), program);
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        for wrong in [here.join("no-such-file"), here.join("Cargo.toml"), here.into()] {
            assert!(matches!(ask(&wrong), Err(QemuError::NoSuchProgram(path)) if path == wrong));
        }
    }

    #[test]
    fn an_installed_program_without_an_igb_is_absence() {
        let dir = env::temp_dir().join(format!("vmdq-find-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::os::unix::fs::symlink(env::current_exe().unwrap(), dir.join(NAME)).unwrap();
        let found = find_in(|name| (name == "PATH").then(|| dir.clone()), Path::new("/nonexistent"));
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(found.unwrap_err().is_absent());
    }

    #[test]
    fn a_named_target_folder_is_found_from_a_package_below() {
        let dir = env::temp_dir().join(format!("vmdq-find-target-{}", std::process::id()));
        let program = dir.join("out/qemu").join(NAME);
        std::fs::create_dir_all(dir.join("out/qemu")).unwrap();
        std::os::unix::fs::symlink(env::current_exe().unwrap(), &program).unwrap();
        for named in [PathBuf::from("out"), dir.join("out")] {
            let found =
                find_in(|name| (name == "CARGO_TARGET_DIR").then(|| named.clone()), &dir.join("package"));
            assert_eq!(found.unwrap(), program);
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn nothing_anywhere_is_absence() {
        let error = find_in(|_| None, Path::new("/nonexistent/a/b")).unwrap_err();
        assert!(error.is_absent());
    }
}
