//! `cargo xtask regs` as its users see it: what it writes, and what `--check` says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A copy of the tables and the generated files that is removed at the end.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let root = env::temp_dir().join(format!("vmdq-regs-{name}-{}", std::process::id()));
        for family in ["igb-hal", "ixgbe-hal"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(family);
            fs::create_dir_all(root.join(family).join("src")).expect("a directory");
            for file in ["registers.toml", "src/regs.rs"] {
                fs::copy(from.join(file), root.join(family).join(file)).expect("a copy");
            }
        }
        let shared = "vmdq-hal/src/device/shared";
        fs::create_dir_all(root.join(shared)).expect("a directory");
        let file = Path::new(shared).join("regs.rs");
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&file), root.join(&file))
            .expect("a copy");
        Self(root)
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(from), "{file} has no `{from}`");
        fs::write(path, text.replacen(from, to, 1)).expect("written");
    }

    fn regs(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("regs").args(args).arg("--root").arg(&self.0).output().expect("the command runs")
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_committed_files_are_current() {
    let done = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["regs", "--check"]).output().expect("runs");
    assert!(done.status.success(), "{}", stderr(&done));
}

#[test]
fn a_stale_file_is_named_with_its_first_difference() {
    let copy = Copy::new("stale");
    assert!(copy.regs(&["--check"]).status.success());
    copy.edit("igb-hal/registers.toml", "at = 0x0100\n", "at = 0x0104\n");
    let done = copy.regs(&["--check"]);
    assert!(!done.status.success());
    let message = stderr(&done);
    for part in ["igb-hal/src/regs.rs:", "cargo xtask regs", "RCTL", "0x100", "0x104"] {
        assert!(message.contains(part), "`{part}` is not in {message}");
    }
    // Writing the file heals it.
    assert!(copy.regs(&[]).status.success());
    assert!(copy.regs(&["--check"]).status.success());
}

#[test]
fn an_edited_file_is_stale() {
    let copy = Copy::new("edited");
    copy.edit("ixgbe-hal/src/regs.rs", "Reg::new(0x5080)", "Reg::new(0x5084)");
    let done = copy.regs(&["--check"]);
    assert!(!done.status.success() && stderr(&done).contains("ixgbe-hal/src/regs.rs:"), "{}", stderr(&done));
    let text = fs::read_to_string(copy.0.join("ixgbe-hal/src/regs.rs")).expect("the file is there");
    fs::write(copy.0.join("ixgbe-hal/src/regs.rs"), text + "// more\n").expect("written");
    assert!(!copy.regs(&["--check"]).status.success());
}

#[test]
fn what_families_share_is_one_access_kind_everywhere() {
    let copy = Copy::new("shared");
    copy.edit("igb-hal/registers.toml", "access = \"ro\"\nat = 0x0008", "access = \"rw\"\nat = 0x0008");
    let done = copy.regs(&[]);
    let message = stderr(&done);
    assert!(!done.status.success() && message.contains("STATUS: shared by all families"), "{message}");
}

#[test]
fn shared_fields_are_those_with_the_same_bits_everywhere() {
    let copy = Copy::new("fields");
    let file = "vmdq-hal/src/device/shared/regs.rs";
    let read = || fs::read_to_string(copy.0.join(file)).expect("the file is there");
    // DROP_EN is at bit 31 in one family and at bit 28 in the other.
    assert!(
        read().contains("pub const SWFLSH: Field<u32, ()> = Field::new(0x1, 26);")
            && !read().contains("DROP_EN")
    );
    copy.edit("ixgbe-hal/registers.toml", "SWFLSH = \"26", "SWFLSH = \"27");
    copy.edit("ixgbe-hal/registers.toml", "SWFLSH = \"26", "SWFLSH = \"27");
    assert!(copy.regs(&[]).status.success());
    assert!(!read().contains("SWFLSH"));
}

#[test]
fn a_refused_table_writes_nothing() {
    let copy = Copy::new("refused");
    copy.edit("igb-hal/registers.toml", "access = \"rc\"", "access = \"read-clear\"");
    let before = fs::read(copy.0.join("igb-hal/src/regs.rs")).expect("the file is there");
    let done = copy.regs(&[]);
    assert!(!done.status.success());
    assert!(
        stderr(&done).contains("igb-hal/registers.toml: ICR: unknown access kind `read-clear`"),
        "{}",
        stderr(&done)
    );
    assert_eq!(before, fs::read(copy.0.join("igb-hal/src/regs.rs")).expect("the file is there"));
}

#[test]
fn a_missing_table_is_named() {
    let done = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["regs", "--root", "/nowhere"])
        .output()
        .expect("runs");
    assert!(
        !done.status.success() && stderr(&done).contains("/nowhere/igb-hal/registers.toml"),
        "{}",
        stderr(&done)
    );
}

#[test]
fn json_is_one_object_with_counts() {
    let copy = Copy::new("json");
    let done = copy.regs(&["--check", "--json"]);
    assert!(done.status.success(), "{}", stderr(&done));
    let object: serde_json::Value = serde_json::from_slice(&done.stdout).expect("one JSON object");
    for device in ["82575", "82576", "i350", "82598", "82599", "x540"] {
        let registers = object["devices"][device]["registers"].as_u64().unwrap_or_default();
        assert!(registers > 100, "{device} has {registers} registers");
        assert_eq!(object["devices"][device]["dma"], 15, "{device}");
    }
}
