//! A machine that is not Debian or has no network: the tasks that provide something say what to
//! install, and change nothing themselves.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A machine on whose `PATH` there is rustup alone, with a compiler for the host alone.
struct Machine {
    dir: PathBuf,
}

impl Machine {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("newcomer-{name}"));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("toolchain/lib/rustlib/host/lib")).unwrap();
        fs::create_dir_all(dir.join("bin")).unwrap();
        let machine = Self { dir };
        machine.script("bin/rustup", "echo \"$@\" >>\"${0%/bin/*}/changed\"");
        machine.script(
            "rustc",
            "case $1 in --print) echo \"${0%/*}/toolchain\" ;; *) printf 'rustc 1\\nhost: host\\nrelease: 1.2.3\\n' ;; esac",
        );
        machine
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.dir.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a task, which must fail; returns what it says.
    fn refusal(&self, task: &str) -> String {
        let done = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg(task)
            .env("PATH", self.dir.join("bin"))
            .env("RUSTC", self.dir.join("rustc"))
            .env("CARGO_TARGET_DIR", self.dir.join("target"))
            .env_remove("CI")
            .env_remove("VMDQ_QEMU")
            .output()
            .unwrap();
        assert!(!done.status.success(), "{task} found what it needs on a machine that has nothing");
        String::from_utf8_lossy(&done.stderr).into_owned()
    }

    /// Fails if rustup was run or something appeared beside `target`.
    fn assert_unchanged(self) {
        let mut found: Vec<_> =
            fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        found.sort();
        assert!(!found.contains(&"changed".into()), "rustup was run");
        found.retain(|name| name != "target");
        assert_eq!(found, ["bin", "rustc", "toolchain"]);
        assert_eq!(fs::read_dir(self.dir.join("toolchain/lib/rustlib")).unwrap().count(), 1);
        fs::remove_dir_all(self.dir).unwrap();
    }
}

#[track_caller]
fn names(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
}

#[test]
fn missing_targets_are_named_and_the_toolchain_stays() {
    let machine = Machine::new("targets");
    let said = machine.refusal("targets");
    names(&said, &["rustup target add x86_64-unknown-none", "rustup component add rust-src", "1.2.3"]);
    names(&said, &["not a Debian machine"]);
    machine.assert_unchanged();
}

#[test]
fn a_missing_qemu_is_named_with_its_device() {
    let machine = Machine::new("qemu");
    names(&machine.refusal("qemu"), &["`igb`", "8.0", "VMDQ_QEMU", "not a Debian machine"]);
    machine.assert_unchanged();
}

#[test]
fn a_qemu_that_was_named_and_is_none_is_refused() {
    let machine = Machine::new("named-qemu");
    let done = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("qemu")
        .env("VMDQ_QEMU", machine.dir.join("rustc"))
        .env("CARGO_TARGET_DIR", machine.dir.join("target"))
        .output()
        .unwrap();
    assert!(!done.status.success());
    names(&String::from_utf8_lossy(&done.stderr), &["VMDQ_QEMU", "rustc", "`igb`"]);
    machine.assert_unchanged();
}

#[test]
fn a_missing_valgrind_is_named() {
    let machine = Machine::new("valgrind");
    names(&machine.refusal("valgrind"), &["valgrind", "callgrind", "not a Debian machine"]);
    machine.assert_unchanged();
}
