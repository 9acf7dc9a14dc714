//! The example `vmm_switch` as a user runs it: command line, captures good and bad, the agreed
//! JSON, on every model and, where there is one, on QEMU.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;
use vmdq_sim::Qemu;

const DEVICES: [&str; 3] = ["82575", "82576", "82598"];
const VM1: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0a];
const VM2: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0b];
const BROADCAST: [u8; 6] = [0xff; 6];
const ALL_NODES: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
/// A type whose payload nobody parses.
const EXPERIMENT: [u8; 2] = [0x88, 0xb5];
const IPV4: [u8; 2] = [0x08, 0x00];
const TAG: [u8; 4] = [0x81, 0x00, 0x00, 0x05];

/// The built example; cargo alone does not build it for `cargo test --test vmm_switch`.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut build = escargot::CargoBuild::new().example("vmm_switch");
    if !cfg!(debug_assertions) {
        build = build.release();
    }
    build.run().expect("the example builds").path().into()
});

/// Runs the example. Standard input is empty.
fn run(args: &[&str]) -> Output {
    let output = Command::new(&*PROGRAM).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(!stderr(&output).contains("panicked"), "{args:?}: {}", stderr(&output));
    output
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns the one object on standard output.
fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// Runs the example with `--json`; it must succeed.
fn result(capture: &Path, args: &[&str]) -> Value {
    let output = run(&[&[capture.to_str().unwrap(), "--json"], args].concat());
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    assert_eq!(stderr(&output), "");
    object(&output)
}

/// Requires a refusal: a short error of one line that names something, no result.
fn refused(args: &[&str], named: &str) {
    let output = run(args);
    let error = stderr(&output);
    assert!(!output.status.success(), "{args:?}");
    assert!(error.contains(named) && error.lines().count() == 1 && error.len() < 200, "{args:?}: {error}");
    assert!(output.stdout.is_empty(), "{args:?}");
}

/// A record: what was captured, and how long the frame was.
type Record = (Vec<u8>, u32);

/// Makes a frame of `len` bytes from a header.
fn frame(header: &[&[u8]], len: usize) -> Vec<u8> {
    let mut frame = header.concat();
    // Whatever is told apart later must differ.
    frame.extend((frame.len()..len).map(|i| (i * 7 + len) as u8));
    frame.truncate(len);
    frame
}

fn whole(bytes: Vec<u8>) -> Record {
    let original = bytes.len() as u32;
    (bytes, original)
}

/// The worked case of the specification.
fn worked_case() -> Vec<Record> {
    let from = &[0x02, 0xaa, 0, 0, 0, 1][..];
    vec![
        whole(frame(&[&VM1, from, &EXPERIMENT], 14)),
        whole(frame(&[&VM1, from, &EXPERIMENT], 1515)),
        whole(frame(&[&VM1, from, &TAG, &EXPERIMENT], 1518)),
        (frame(&[&VM2, from, &EXPERIMENT], 60), 100),
        whole(frame(&[&BROADCAST, from, &EXPERIMENT], 60)),
        whole(frame(&[&VM1, from], 12)),
    ]
}

/// Traffic for six addresses with gaps, long frames, and groups; more than a ring holds.
fn mixed() -> Vec<Record> {
    let mut records = Vec::new();
    for i in 0..1500_usize {
        // Some answer to each other, and some to themselves.
        let from = [0x02, 0, 0, 0, 0, (i % 5) as u8 + 1];
        let to = match i % 23 {
            0 => BROADCAST,
            1 => ALL_NODES,
            2 => [0; 6],
            n if n < 16 => [0x02, 0, 0, 0, 0, 1],
            n => [0x02, 0, 0, 0, 0, (n % 5) as u8 + 2],
        };
        let len = [14, 60, 61, 64, 590, 1514, 1515, 1518, 1519, 9000][i % 10];
        let tag = if i % 3 == 0 { &TAG[..] } else { &[] };
        let mut bytes = frame(&[&to, &from, tag, &EXPERIMENT], len.max(18));
        bytes.extend((i as u16).to_be_bytes());
        records.push(whole(bytes));
    }
    records
}

#[derive(Clone, Copy)]
enum Format {
    Pcap { big: bool, nano: bool },
    Pcapng { big: bool },
}

const LITTLE: Format = Format::Pcap { big: false, nano: false };
const FORMATS: [Format; 6] = [
    LITTLE,
    Format::Pcap { big: true, nano: false },
    Format::Pcap { big: false, nano: true },
    Format::Pcap { big: true, nano: true },
    Format::Pcapng { big: false },
    Format::Pcapng { big: true },
];

fn words(big: bool, words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| if big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
}

/// Two halves of a word as they lie in a file.
fn halves(big: bool, first: u32, second: u32) -> u32 {
    if big { first << 16 | second } else { second << 16 | first }
}

impl Format {
    fn file(self, records: &[Record]) -> Vec<u8> {
        match self {
            Self::Pcap { big, nano } => {
                let magic = if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
                let mut file = words(big, &[magic, halves(big, 2, 4), 0, 0, 65535, 1]);
                for (bytes, original) in records {
                    file.extend(words(big, &[1, 2, bytes.len() as u32, *original]));
                    file.extend(bytes);
                }
                file
            }
            Self::Pcapng { big } => {
                let block = |kind: u32, body: &[u8]| {
                    let padded = body.len().next_multiple_of(4);
                    let len = words(big, &[padded as u32 + 12]);
                    let padding = vec![0; padded - body.len()];
                    [&words(big, &[kind]), &len, body, &padding, &len].concat()
                };
                let section = words(big, &[0x1a2b_3c4d, halves(big, 1, 0), u32::MAX, u32::MAX]);
                let mut file = block(0x0a0d_0d0a, &section);
                file.extend(block(1, &words(big, &[halves(big, 1, 0), 0])));
                for (bytes, original) in records {
                    let head = words(big, &[0, 0, 0, bytes.len() as u32, *original]);
                    file.extend(block(6, &[&head[..], bytes].concat()));
                }
                file
            }
        }
    }
}

/// Writes files into a folder that goes with it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// What the worked case has to give; without `device` and `bus`.
fn worked_result() -> Value {
    json!({
        "capture": {"frames": 6, "on_wire": 4, "truncated": 1, "malformed": 1},
        "dropped": {"too_long": 1},
        "queues": [
            {"index": 0, "role": "default", "mac": null,
             "frames": 1, "bytes": 60, "groups": 1, "broadcast": 1, "multicast": 0},
            {"index": 1, "role": "vm", "mac": "02:00:00:00:00:0a",
             "frames": 2, "bytes": 1578, "groups": 1, "broadcast": 0, "multicast": 0},
        ],
        "switch_decisions": {"grouped": 2, "per_frame": 3},
        "transmit": {"frames": 2, "bytes": 1578, "order_kept": true, "round_robin": true, "jain": null},
        "violations": [],
    })
}

/// Takes the two keys out in which results of several devices differ.
fn without_place(mut result: Value) -> Value {
    let keys = result.as_object_mut().unwrap();
    keys.remove("device").unwrap();
    keys.remove("bus").unwrap();
    result
}

#[test]
fn the_worked_case_is_as_specified_on_every_device() {
    let folder = Folder::new();
    let capture = folder.file("worked.pcap", &LITTLE.file(&worked_case()));
    for device in DEVICES {
        let result = result(&capture, &["--vms", "1", "--device", device]);
        assert_eq!((&result["device"], &result["bus"]), (&json!(device), &json!("sim")));
        assert_eq!(without_place(result), worked_result(), "{device}");
    }
}

#[test]
fn every_format_is_read_alike() {
    let folder = Folder::new();
    for (i, format) in FORMATS.into_iter().enumerate() {
        let capture = folder.file(&format!("{i}.capture"), &format.file(&worked_case()));
        assert_eq!(without_place(result(&capture, &["--vms", "1"])), worked_result(), "format {i}");
    }
}

#[test]
fn every_device_counts_alike_and_sends_in_turns() {
    let folder = Folder::new();
    let capture = folder.file("mixed.pcapng", &Format::Pcapng { big: false }.file(&mixed()));
    for args in [
        &["--vms", "3"][..],
        &["--vms", "1"],
        &["--vms", "3", "--max-frame", "9728"],
        &["--vms", "2", "--max-frame", "64"],
    ] {
        let results = DEVICES.map(|device| result(&capture, &[args, &["--device", device]].concat()));
        let [first, others @ ..] = results.map(without_place);
        others.iter().for_each(|other| assert_eq!(*other, first));
        let transmit = &first["transmit"];
        assert_eq!((&transmit["order_kept"], &transmit["round_robin"]), (&json!(true), &json!(true)));
        if let Some(jain) = transmit["jain"].as_f64() {
            assert!(jain > 0.999, "{jain}");
        } else {
            assert_eq!(args, ["--vms", "1"], "with two queues that answer there is an index");
        }
        let received: u64 =
            first["queues"].as_array().unwrap().iter().map(|q| q["frames"].as_u64().unwrap()).sum();
        assert_eq!(received + first["dropped"]["too_long"].as_u64().unwrap(), 1500);
    }
}

#[test]
fn fewer_addresses_mean_fewer_virtual_machines() {
    let folder = Folder::new();
    let capture = folder.file("worked.pcap", &LITTLE.file(&worked_case()));
    // The second address is seen once, in a record that is truncated.
    for device in DEVICES {
        let result = result(&capture, &["--device", device]);
        let macs: Vec<_> = result["queues"].as_array().unwrap().iter().map(|queue| &queue["mac"]).collect();
        assert_eq!(macs, [&Value::Null, &json!("02:00:00:00:00:0a"), &json!("02:00:00:00:00:0b")]);
    }
}

#[test]
fn a_capture_without_records_is_valid() {
    let folder = Folder::new();
    for (i, format) in FORMATS.into_iter().enumerate() {
        let capture = folder.file(&format!("{i}.capture"), &format.file(&[]));
        let result = without_place(result(&capture, &[]));
        assert_eq!(result["capture"], json!({"frames": 0, "on_wire": 0, "truncated": 0, "malformed": 0}));
        assert_eq!(result["queues"].as_array().unwrap().len(), 1);
        assert_eq!(result["queues"][0]["role"], "default");
        assert_eq!(result["transmit"]["order_kept"], true);
    }
}

#[test]
fn a_cut_capture_gives_the_result_of_what_came_before_and_an_error() {
    let folder = Folder::new();
    for (i, format) in FORMATS.into_iter().enumerate() {
        let records = worked_case();
        let file = format.file(&records);
        let before = result(&folder.file("before.pcap", &format.file(&records[..5])), &["--vms", "1"]);
        let name = format!("{i}.cut");
        let cut = folder.file(&name, &file[..file.len() - 5]);
        let output = run(&[cut.to_str().unwrap(), "--json", "--vms", "1"]);
        assert!(!output.status.success());
        assert_eq!(object(&output), before);
        let error = stderr(&output);
        assert!(error.contains(&name) && error.contains("record 6") && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn bad_files_are_refused_by_name() {
    let folder = Folder::new();
    let header = LITTLE.file(&[]);
    let mut other_link = header.clone();
    other_link[20] = 101;
    for (name, bytes) in [
        ("empty.pcap", &b""[..]),
        ("text.pcap", b"No capture, but a text that is long enough for the header of one.\n"),
        ("short-text.pcap", b"no"),
        ("half-header.pcap", &header[..12]),
        ("half-section.pcapng", &Format::Pcapng { big: false }.file(&[])[..14]),
        ("link-type.pcap", &other_link),
    ] {
        refused(&[folder.file(name, bytes).to_str().unwrap(), "--json"], name);
    }
    refused(&[folder.0.path().join("no-such.pcap").to_str().unwrap()], "no-such.pcap");
    refused(&[folder.0.path().to_str().unwrap()], folder.0.path().to_str().unwrap());
}

#[test]
fn a_record_longer_than_the_file_is_an_error_that_names_the_file() {
    let folder = Folder::new();
    for claimed in [61, 70_000, 300 << 20, u32::MAX] {
        let file = [LITTLE.file(&worked_case()[..1]), words(false, &[1, 2, claimed, claimed]), vec![0; 60]];
        let capture = folder.file("long-record.pcap", &file.concat());
        let output = run(&[capture.to_str().unwrap(), "--json"]);
        let error = stderr(&output);
        assert!(!output.status.success());
        assert!(error.contains("long-record.pcap: ends in the middle of record 2"), "{error}");
        assert!(error.lines().count() == 1);
        assert_eq!(object(&output)["capture"]["frames"], 1);
    }
}

#[test]
fn bad_options_are_refused_by_name() {
    for (args, named) in [
        (&["--vms", "0"][..], "--vms"),
        (&["--vms", "-1"], "--vms"),
        (&["--vms", "99"], "--vms"),
        (&["--vms", "word"], "--vms"),
        (&["--vms", "8", "--device", "82576"], "--vms"),
        (&["--device", "82597"], "--device"),
        (&["--bus", "isa"], "--bus"),
        (&["--bus", "qemu"], "--bus"),
        (&["--bus", "qemu", "--device", "82598"], "--bus"),
        (&["--bus", "qemu", "--device", "82575"], "--bus"),
        (&["--max-frame", "0"], "--max-frame"),
        (&["--max-frame", "999999999"], "--max-frame"),
        (&["--max-frame", "9729", "--device", "82575"], "--max-frame"),
        (&["--unknown"], "--unknown"),
    ] {
        refused(args, named);
    }
}

#[test]
fn made_up_traffic_has_eight_virtual_machines_and_a_table() {
    let output = run(&["--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let result = object(&output);
    let queues = result["queues"].as_array().unwrap();
    assert_eq!(queues.len(), 9);
    let frames = |queue: usize| queues[queue]["frames"].as_u64().unwrap();
    assert!((2..9).all(|other| frames(1) > 3 * frames(other)), "queue 1 is the hog");
    assert!(queues[0]["broadcast"].as_u64() > Some(0) && queues[0]["multicast"].as_u64() > Some(0));
    assert!(result["transmit"]["jain"].as_f64() > Some(0.999), "and gets no more than the others");

    let table = run(&[]);
    assert!(table.status.success());
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("82598") && table.contains(&frames(1).to_string()), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 110), "{table}");
}

#[test]
fn the_largest_limits_work() {
    let folder = Folder::new();
    let frames =
        [9724, 9725, 9728, 9729, 16124, 16125].map(|len| whole(frame(&[&VM1, &VM2, &EXPERIMENT], len)));
    let tagged = [9728, 9729, 16128, 16129].map(|len| whole(frame(&[&VM1, &VM2, &TAG, &EXPERIMENT], len)));
    let capture = folder.file("jumbo.pcap", &LITTLE.file(&[&frames[..], &tagged].concat()));
    for (device, limit, too_long) in [("82575", "9728", 8), ("82576", "9728", 8), ("82598", "16128", 2)] {
        let result = result(&capture, &["--device", device, "--max-frame", limit]);
        assert_eq!(result["dropped"]["too_long"], too_long, "{device}");
        assert_eq!(result["transmit"]["frames"], 10 - too_long, "{device}");
    }
}

/// The same on QEMU's 82576, which knows no round robin.
#[test]
fn qemu_counts_as_the_model_does() {
    match Qemu::start() {
        Ok(_) => {}
        Err(error) if error.is_absent() && std::env::var_os("CI").is_none() => {
            eprintln!("left out, vmm_switch on QEMU: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    }
    let folder = Folder::new();
    // One answer has an IP header that QEMU can't parse: it throws the frame away.
    let mut swallowed = worked_case();
    swallowed.push(whole(frame(&[&VM1, &VM2, &IPV4, &[0; 46]], 60)));
    for (name, records) in [("worked", worked_case()), ("mixed", mixed()), ("swallowed", swallowed)] {
        let capture = folder.file(name, &LITTLE.file(&records));
        for args in [&["--vms", "1"][..], &["--vms", "7"], &["--max-frame", "9728"]] {
            let on = |bus| result(&capture, &[args, &["--device", "82576", "--bus", bus]].concat());
            let (mut sim, qemu) = (on("sim"), on("qemu"));
            assert_eq!(qemu["bus"], "qemu");
            sim["transmit"]["round_robin"] = Value::Null;
            sim["transmit"]["jain"] = Value::Null;
            if name == "swallowed" {
                let less = |key: &str, by: u64| json!(sim["transmit"][key].as_u64().unwrap() - by);
                let (frames, bytes) = (less("frames", 1), less("bytes", 60));
                sim["transmit"]["frames"] = frames;
                sim["transmit"]["bytes"] = bytes;
            }
            assert_eq!(without_place(qemu), without_place(sim), "{name} {args:?}");
        }
    }
}
