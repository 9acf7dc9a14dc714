//! Every refusal of the register generator, each from a table that is wrong in one place.

// The tests use the parser and the checks, not the command.
#[allow(dead_code)]
#[path = "../src/regs/mod.rs"]
mod regs;

const FAMILY: &str =
    "[family]\nname = \"igb\"\ndoc = \"gigabit controllers\"\ndevices = [\"82575\", \"82576\"]\n";

/// A table with `registers` below the head.
fn load(registers: &str) -> Result<(), String> {
    let text = format!("{FAMILY}{registers}");
    regs::load("igb-hal/registers.toml", &text).map(|_| ()).map_err(|e| e.to_string())
}

/// A register with the keys that every register has, and those given.
fn register(name: &str, keys: &str) -> String {
    format!("\n[{name}]\ndoc = \"A register\"\nsection = \"2.1\"\nsource = \"D\"\naccess = \"rw\"\n{keys}\n")
}

/// The table is refused, and the message names the file and all of `parts`.
#[track_caller]
fn refused(registers: &str, parts: &[&str]) {
    let message = load(registers).expect_err("the table is accepted");
    for part in [&["igb-hal/registers.toml"], parts].concat() {
        assert!(message.contains(part), "`{part}` is not in the message: {message}");
    }
}

#[test]
fn a_right_table_is_accepted() {
    let ctrl = register("CTRL", "at = 0x0\nalias = [0x4]\nfields.FD = \"0 | Full duplex\"");
    let ral = register(
        "RAL",
        "array = [{ base = 0x5400, stride = 8, len = 16 }, { base = 0x54E0, stride = 8, len = 8 }]",
    );
    let rah = register(
        "RAH",
        "array = { base = 0x5404, stride = 8, len = 15 }\nfields.QSEL = \"19:18 @82575\"\nfields.POOLSEL = \"25:18 @82576\"",
    );
    assert_eq!(load(&(ctrl + &ral + &rah)), Ok(()));
}

#[test]
fn overlapping_fields() {
    let text = register("RAH", "at = 0x5404\nfields.QSEL = \"19:18\"\nfields.POOLSEL = \"25:18\"");
    refused(&text, &["82575", "RAH", "QSEL and POOLSEL overlap"]);
    // On the one device that has both.
    let text =
        register("RAH", "at = 0x5404\nfields.QSEL = \"19:18 @82576\"\nfields.AV = \"18 @82575 @82576\"");
    refused(&text, &["RAH on 82576", "QSEL and AV overlap"]);
}

#[test]
fn fields_that_overlap_only_through_a_layout() {
    let owner = register(
        "DTXSWC",
        "only = [\"82576\"]\nat = 0x3500\nfields.A = \"7:0 @82576\"\nfields.B = \"3:0 @82575\"\nfields.C = \"1 @82575\"",
    );
    let user = register("TXSWC", "only = [\"82575\"]\nat = 0x3504\nlayout = \"DTXSWC\"");
    refused(&(owner + &user), &["DTXSWC on 82575", "B and C overlap"]);
}

#[test]
fn two_registers_at_one_offset() {
    let text = register("CTRL", "at = 0x0") + &register("CTRL_DUP", "at = 0x8\non.82576.at = 0x0");
    refused(&text, &["82576: CTRL and CTRL_DUP are both at 0x00000", "alias"]);
}

#[test]
fn an_alias_at_the_offset_of_another_register() {
    let text = register("CTRL", "at = 0x0\nalias = [0x8]") + &register("STATUS", "at = 0x8");
    refused(&text, &["82575: CTRL and STATUS are both at 0x00008"]);
}

#[test]
fn two_arrays_at_one_offset() {
    let text = register("A", "array = { base = 0x1000, stride = 4, len = 2 }")
        + &register("B", "array = { base = 0x1000, stride = 8, len = 2 }");
    refused(&text, &["82575: A and B are both at 0x01000"]);
}

#[test]
fn an_array_that_runs_into_a_register() {
    let text = register("RAL", "array = { base = 0x5400, stride = 8, len = 17 }")
        + &register("PSRTYPE", "at = 0x5480");
    refused(&text, &["82575: RAL[16] runs into PSRTYPE at 0x05480"]);
}

#[test]
fn an_array_that_runs_into_an_array() {
    let text = register("MTA", "array = { base = 0x5200, stride = 4, len = 129 }")
        + &register("RAL", "array = { base = 0x5400, stride = 8, len = 16 }");
    refused(&text, &["82576: MTA[128] runs into RAL[0] at 0x05400"]);
}

#[test]
fn an_array_that_runs_into_itself() {
    refused(
        &register(
            "A",
            "array = [{ base = 0x1000, stride = 8, len = 4 }, { base = 0x1010, stride = 8, len = 4 }]",
        ),
        &["A[4] runs into A[2] at 0x01010"],
    );
    refused(&register("A", "array = { base = 0x1000, stride = 0, len = 2 }"), &["A[1] runs into A[0]"]);
}

#[test]
fn unknown_access_kind() {
    let text = register("CTRL", "at = 0x0").replace("\"rw\"", "\"rw1c\"");
    refused(&text, &["CTRL: unknown access kind `rw1c`", "w1c"]);
}

#[test]
fn fields_beyond_the_register() {
    refused(&register("CTRL", "at = 0x0\nfields.FD = \"32\""), &["CTRL.FD", "32:32", "31:0"]);
    refused(&register("CTRL", "at = 0x0\nfields.FD = \"3:5\""), &["CTRL.FD", "3:5"]);
}

#[test]
fn fields_that_nobody_can_read() {
    for text in ["", "x", "7-0", "7:0 NAME", "7:0 NAME=x"] {
        refused(&register("CTRL", &format!("at = 0x0\nfields.FD = \"{text}\"")), &["CTRL.FD", "can't read"]);
    }
}

#[test]
fn unknown_devices() {
    refused(
        &register("CTRL", "at = 0x0\nonly = [\"82574\"]"),
        &["CTRL: unknown device `82574`", "82575, 82576"],
    );
    refused(&register("CTRL", "at = 0x0\non.82574.at = 0x4"), &["CTRL: unknown device `82574`"]);
    refused(&register("CTRL", "at = 0x0\nfields.FD = \"0 @82574\""), &["CTRL: unknown device `82574`"]);
    refused(&register("CTRL", "at = 0x0\nfields.FD = \"1:0 A=0@82574\""), &["CTRL: unknown device `82574`"]);
}

#[test]
fn devices_that_lack_the_register() {
    let text = register("QDE", "only = [\"82576\"]\nat = 0x2408\non.82575.at = 0x2404");
    refused(&text, &["QDE on 82575", "`only`"]);
    let text = register("QDE", "only = [\"82576\"]\nat = 0x2408\nfields.QDE = \"3:0 @82575\"");
    refused(&text, &["QDE.QDE: 82575 has no such register"]);
}

#[test]
fn offsets_outside_the_window() {
    refused(&register("CTRL", "at = 0x20000"), &["82575: CTRL at 0x20000 is outside"]);
    refused(&register("A", "array = { base = 0x1FFF8, stride = 4, len = 3 }"), &["A at 0x20000 is outside"]);
    refused(&register("A", "array = { base = 0, stride = 4, len = 0xFFFFFFFF }"), &["A", "is outside"]);
    refused(&register("CTRL", "at = 0x0\nalias = [0x20004]"), &["CTRL at 0x20004 is outside"]);
}

#[test]
fn offsets_that_are_not_aligned() {
    refused(&register("CTRL", "at = 0x2"), &["82575: CTRL at 0x00002 is not a multiple of 4"]);
    refused(
        &register("A", "array = { base = 0x100, stride = 6, len = 2 }"),
        &["A at 0x00106 is not a multiple of 4"],
    );
}

#[test]
fn arrays_without_copies_and_with_too_many_windows() {
    refused(
        &register("A", "array = { base = 0x100, stride = 4, len = 0 }"),
        &["A has an array without copies"],
    );
    let window = "{ base = 0x100, stride = 4, len = 1 }";
    refused(&register("A", &format!("array = [{window}, {window}, {window}]")), &["A has 3 windows"]);
}

#[test]
fn values_that_do_not_fit_or_repeat() {
    let text = register("MRQC", "at = 0x5818\nfields.MRQE = \"2:0 OFF=0 VMDQ=8\"");
    refused(&text, &["MRQC.MRQE.VMDQ = 8", "3 bits"]);
    let text = register("MRQC", "at = 0x5818\nfields.MRQE = \"2:0 A=3@82576 B=3\"");
    refused(&text, &["MRQC.MRQE: A and B are both 3 on 82576"]);
}

#[test]
fn duplicate_names() {
    let twice = register("CTRL", "at = 0x0") + &register("CTRL", "at = 0x4");
    refused(&twice, &["CTRL", "duplicate key"]);
    let text = register("MRQC", "at = 0x5818\nfields.MRQE = \"2:0 A=1 A=2\"");
    refused(&text, &["MRQC.MRQE", "`A` is used twice"]);
    let text = register("RAH", "at = 0x5404\nfields.SEL = [\"19:18\", \"25:24\"]");
    refused(&text, &["RAH on 82575", "`SEL` is used twice"]);
    // A device's own field is a constant beside the registers.
    let text = register("CTRL", "at = 0x0\nfields.EXT = \"0 @82576\"") + &register("CTRL_EXT", "at = 0x18");
    refused(&text, &["82576", "`CTRL_EXT` is used twice"]);
}

#[test]
fn names_that_are_none() {
    refused(&register("ctrl", "at = 0x0"), &["`ctrl` is no name"]);
    refused(&register("DTXCTL", "at = 0x3590\nfields.8023LL = \"2\""), &["`8023LL` is no name"]);
    refused(
        &register("MRQC", "at = 0x5818\nfields.MRQE = \"2:0 SET=1\""),
        &["MRQC.MRQE", "`SET` is no name"],
    );
}

#[test]
fn registers_without_place_access_or_doc() {
    refused(&register("CTRL", ""), &["CTRL on 82575", "`at`"]);
    refused(
        &register("CTRL", "at = 0x0\narray = { base = 0x100, stride = 4, len = 1 }"),
        &["CTRL on 82575: both"],
    );
    refused(&register("CTRL", "at = 0x0").replace("access = \"rw\"", ""), &["CTRL: no access kind on 82575"]);
    refused(&register("CTRL", "at = 0x0").replace("A register", ""), &["CTRL: `doc` is empty"]);
}

#[test]
fn keys_and_layouts_that_do_not_exist() {
    refused(&register("CTRL", "at = 0x0\nrest = 1"), &["[CTRL]", "rest"]);
    refused(&register("IMS", "at = 0xD0\nlayout = \"ICR\""), &["IMS: layout `ICR`"]);
    refused("\n[CTRL", &["line"]);
    let headless = regs::load("igb-hal/registers.toml", &register("CTRL", "at = 0x0"));
    assert!(headless.is_err_and(|e| e.to_string().contains("[family]")));
}

#[test]
fn all_refusals_are_told_at_once() {
    let text = register("A", "at = 0x2") + &register("B", "at = 0x20000");
    refused(&text, &["A at 0x00002", "B at 0x20000"]);
}

#[test]
fn a_word_is_nowhere_in_the_window() {
    let word = |keys: &str| {
        format!("\n[STATUS_WORD]\ndoc = \"A word\"\nsection = \"4\"\nsource = \"D\"\nword = true\n{keys}\n")
    };
    assert_eq!(load(&word("fields.DD = \"0 | Done\"")), Ok(()));
    refused(&word("at = 0x0"), &["STATUS_WORD", "a `word` is no register"]);
    refused(&word("fields.DD = \"1:0\"\nfields.EOP = \"1\""), &["STATUS_WORD", "DD", "EOP", "overlap"]);
}
