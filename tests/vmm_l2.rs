//! The example `vmm_l2` as a user runs it: every virtual machine gets each of its frames, on every device,
//! with any number of machines that share buffers, and no matter what the hostile ones do.

mod program;

use std::collections::BTreeMap;

use program::{FORMATS, Folder, LITTLE, Program, Record, frame, object, stderr, whole, words};
use serde_json::{Value, json};

static PROGRAM: Program = Program::new("vmm_l2");

const DEVICES: [&str; 3] = ["82575", "82576", "82598"];
const VMS: usize = 3;
/// The most that differs from machine to machine of one run, without what may differ between runs.
type Received = (u64, u64, String);

const BROADCAST: [u8; 6] = [0xff; 6];
const ALL_NODES: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
const SPANNING_TREE: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 0];
const STRANGER: [u8; 6] = [0x02, 0x5f, 0, 0, 0, 1];
const TAG: [u8; 2] = [0x81, 0x00];
const SERVICE_TAG: [u8; 2] = [0x88, 0xa8];

/// Returns the address of a virtual machine, from 0; the first gets most frames.
fn vm(number: usize) -> [u8; 6] {
    [0x02, 0, 0, 0, 0, number as u8 + 1]
}

/// Frames of every kind that tells: tags, types whose headers the hardware knows and others, lengths
/// at the limits, some to nobody, some of which a part is missing.
fn traffic(count: usize) -> Vec<Record> {
    let mut records = Vec::new();
    for i in 0..count {
        let to = match i % 17 {
            0..=5 => vm(0),
            6..=9 => vm(1),
            10 | 11 => vm(2),
            12 => BROADCAST,
            13 => ALL_NODES,
            14 => [0x01, 0x00, 0x5e, 0, 0, (i % 7) as u8],
            15 => STRANGER,
            _ => SPANNING_TREE,
        };
        // Now and then from a machine's own address: somebody on the wire claims it.
        let from = if i % 11 == 0 { vm(1) } else { [0x02, 0xaa, 0, 0, 0, (i % 5) as u8] };
        let tags: &[&[u8]] = match i / 5 % 7 {
            0 | 1 => &[],
            2 => &[&TAG, &[0x00, 0x05]],
            3 => &[&TAG, &[0xe0, 0x05]],
            // A priority and no VLAN.
            4 => &[&TAG, &[0x60, 0x00]],
            5 => &[&SERVICE_TAG, &[0x00, 0x07], &TAG, &[0x00, 0x05]],
            _ => &[&TAG, &[0x00, 0x09], &TAG, &[0x00, 0x05]],
        };
        let kind: &[u8] = match i % 4 {
            0 => &[0x88, 0xb5],
            1 => &[0x08, 0x00, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17],
            2 => &[0x08, 0x00, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1],
            _ => &[0x08, 0x06, 0, 1, 0x08, 0],
        };
        let len = [14, 43, 59, 60, 61, 64, 590, 1514, 1515, 1518, 1519, 1600][i * 7 / 3 % 12];
        let mut bytes = frame(&[&[&to[..], &from][..], tags, &[kind]].concat(), len);
        if let Some(number) = bytes.get_mut(40..42) {
            number.copy_from_slice(&(i as u16).to_be_bytes());
        }
        records.push(match i % 97 {
            50 => (bytes, 4000),
            51 => whole(bytes[..12].to_vec()),
            _ => whole(bytes),
        });
    }
    records
}

/// FNV-1a, 64 bits, of a frame behind its length.
fn digest(mut hash: u64, frame: &[u8]) -> u64 {
    for byte in (frame.len() as u32).to_le_bytes().iter().chain(frame) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    hash
}

/// Works out what each machine has to receive, and what is dropped, from the records alone.
fn expected(records: &[Record]) -> (Vec<Received>, BTreeMap<&'static str, u64>) {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    let mut vms = [(0, 0, [START; 2]); VMS];
    let mut dropped = BTreeMap::new();
    for (bytes, original) in records {
        if (bytes.len() as u32) < *original || bytes.len() < 14 {
            continue;
        }
        let mut frame = bytes.clone();
        frame.resize(frame.len().max(60), 0);
        if frame.len() > if frame[12..14] == TAG { 1518 } else { 1514 } {
            *dropped.entry("too_long").or_default() += 1;
            continue;
        }
        let to = &frame[..6];
        let many = to[0] & 1 != 0;
        if !many && (0..VMS).all(|number| to != vm(number)) {
            *dropped.entry("unknown_unicast").or_default() += 1;
        }
        for (number, (frames, bytes, digests)) in vms.iter_mut().enumerate() {
            if many || to == vm(number) {
                *frames += 1;
                *bytes += frame.len() as u64;
                digests[usize::from(many)] = digest(digests[usize::from(many)], &frame);
            }
        }
    }
    let received = |(frames, bytes, [own, many]): (u64, u64, [u64; 2])| {
        (frames, bytes, format!("{own:016x}:{many:016x}"))
    };
    (vms.map(received).into(), dropped)
}

fn vms(result: &Value) -> &[Value] {
    result["vms"].as_array().unwrap()
}

fn number(of: &Value, key: &str) -> u64 {
    of[key].as_u64().unwrap_or_else(|| panic!("{key} of {of}"))
}

fn received(vm: &Value) -> Received {
    (number(vm, "frames"), number(vm, "bytes"), vm["digest"].as_str().unwrap().to_owned())
}

/// Adds up a key over all machines.
fn sum(result: &Value, key: &str) -> u64 {
    vms(result).iter().map(|vm| number(vm, key)).sum()
}

#[test]
fn everybody_gets_the_same_whoever_shares_and_whoever_is_hostile() {
    let folder = Folder::new();
    let records = traffic(1500);
    let capture = folder.file("traffic.pcap", &LITTLE.file(&records));
    let (expected, dropped) = expected(&records);
    assert!(expected.iter().all(|(frames, ..)| *frames > 200) && dropped.values().all(|frames| *frames > 10));
    for device in DEVICES {
        for hostile in [0, 1] {
            let mut before: Option<Value> = None;
            for sharing in [0, 1, 3] {
                let (k, h) = (sharing.to_string(), hostile.to_string());
                let args = ["--vms", "3", "--device", device, "--sharing", &k, "--hostile", &h];
                let result = PROGRAM.result(&capture, &args);
                assert_eq!((&result["device"], &result["violations"]), (&json!(device), &json!([])));
                for (i, vm) in vms(&result).iter().enumerate() {
                    let is_hostile = i + hostile >= VMS;
                    assert_eq!(vm["mac"], format!("02:00:00:00:00:{:02x}", i + 1));
                    assert_eq!((&vm["targeted"], &vm["hostile"]), (&json!(i < sharing), &json!(is_hostile)));
                    if !is_hostile {
                        assert_eq!(received(vm), expected[i], "{args:?}: machine {i}");
                        assert_eq!(number(vm, "refused_buffers"), 0);
                    }
                    // Not every header is one that the hardware knows.
                    let (replicated, frames) = (number(vm, "headers_replicated"), expected[i].0);
                    assert_eq!(replicated > 0, i < sharing, "{args:?}: machine {i}");
                    assert!(replicated < frames, "{args:?}: machine {i}");
                }
                if hostile == 0 {
                    assert_eq!(result["switch"]["dropped"], json!(dropped), "{args:?}");
                    // Flooded frames count once. Tags that the controller removes are not copied.
                    let (copied, bytes) = (sum(&result, "bytes_copied"), sum(&result, "bytes"));
                    assert!(copied < bytes && (sharing > 0 || copied > bytes - bytes / 50), "{args:?}");
                }
                if let Some(before) = before {
                    let copied = [sum(&before, "bytes_copied"), sum(&result, "bytes_copied")];
                    assert!(copied[1] < copied[0], "{args:?}: {copied:?}");
                }
                before = Some(result);
            }
        }
    }
}

#[test]
fn hostile_machines_reach_nobody_and_are_noticed() {
    let folder = Folder::new();
    let records = traffic(1500);
    let capture = folder.file("traffic.pcap", &LITTLE.file(&records));
    let (expected, dropped) = expected(&records);
    for device in DEVICES {
        for (sharing, hostile) in [("0", "2"), ("3", "2"), ("0", "3"), ("3", "3")] {
            let args = ["--vms", "3", "--device", device, "--sharing", sharing, "--hostile", hostile];
            let result = PROGRAM.result(&capture, &args);
            assert_eq!(result["violations"], json!([]));
            let (honest, others) = vms(&result).split_at(if hostile == "2" { 1 } else { 0 });
            honest.iter().for_each(|vm| assert_eq!(received(vm), expected[0], "{args:?}"));
            for vm in others {
                let empty = (0, 0, "cbf29ce484222325:cbf29ce484222325".to_owned());
                assert_eq!((received(vm), &vm["hostile"]), (empty, &json!(true)));
                assert!(number(vm, "refused_buffers") > 20, "{args:?}: {vm}");
            }
            let switch = &result["switch"];
            assert_eq!(number(switch, "local"), 0);
            // What the wire brought is decided on as if they were not there.
            assert_eq!(number(&switch["dropped"], "unknown_unicast"), dropped["unknown_unicast"]);
            for reason in ["spoofed", "sent_not_owned", "sent_too_long", "sent_too_short", "sent_malformed"] {
                assert!(number(&switch["dropped"], reason) > 0, "{args:?}: {reason} in {switch}");
            }
        }
    }
}

#[test]
fn a_run_is_the_same_each_time() {
    let folder = Folder::new();
    let capture = folder.file("traffic.pcap", &LITTLE.file(&traffic(400)));
    let args = ["--vms", "3", "--sharing", "2", "--hostile", "2"];
    assert_eq!(PROGRAM.result(&capture, &args), PROGRAM.result(&capture, &args));
}

#[test]
fn every_format_is_read_alike_and_the_object_is_as_agreed() {
    let folder = Folder::new();
    let from = [0x02, 0xaa, 0, 0, 0, 1];
    let tagged = frame(&[&vm(0), &from, &TAG, &[0, 5], &[0x88, 0xb5]], 64);
    let flooded = frame(&[&BROADCAST, &from, &[0x88, 0xb5]], 60);
    let records = [whole(tagged.clone()), whole(flooded.clone())];
    let start = 0xcbf2_9ce4_8422_2325;
    for (i, format) in FORMATS.into_iter().enumerate() {
        let capture = folder.file(&format!("{i}.capture"), &format.file(&records));
        let result = PROGRAM.result(&capture, &["--sharing", "1"]);
        let digests = format!("{:016x}:{:016x}", digest(start, &tagged), digest(start, &flooded));
        let vm = json!({
            "mac": "02:00:00:00:00:01", "targeted": true, "hostile": false, "frames": 2, "bytes": 124,
            "digest": digests, "headers_replicated": 1, "bytes_copied": 60, "refused_buffers": 0,
        });
        let switch = json!({"decisions": 2, "flooded": 1, "local": 0, "dropped": {}});
        let expected = json!({"device": "82598", "vms": [vm], "switch": switch, "violations": []});
        assert_eq!(result, expected, "format {i}");
        let text = PROGRAM.run(&[capture.to_str().unwrap(), "--json"]).stdout;
        assert!(text.starts_with(br#"{"device":"82598","vms":[{"mac":"02:00:00:00:00:01","targeted":"#));
    }
}

#[test]
fn half_of_those_that_there_are_share_by_default() {
    let folder = Folder::new();
    let capture = folder.file("traffic.pcap", &LITTLE.file(&traffic(100)));
    let sharing = |args: &[&str]| {
        let result = PROGRAM.result(&capture, args);
        vms(&result).iter().map(|vm| vm["targeted"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    // Four addresses: the stranger's, too, if there is a queue for it.
    assert_eq!(sharing(&[]), [true, true, false, false]);
    assert_eq!(sharing(&["--device", "82575"]), [true, false, false]);
    assert_eq!(sharing(&["--sharing", "15"]), [true; 4]);
}

#[test]
fn a_capture_without_records_is_valid_and_a_cut_one_gives_what_came_before() {
    let folder = Folder::new();
    for (i, format) in FORMATS.into_iter().enumerate() {
        let empty = folder.file(&format!("{i}.capture"), &format.file(&[]));
        let result = PROGRAM.result(&empty, &["--hostile", "3"]);
        assert_eq!((&result["vms"], &result["switch"]["decisions"]), (&json!([]), &json!(0)));

        let records = traffic(40);
        let file = format.file(&records);
        let args = ["--vms", "3", "--hostile", "1"];
        let before = PROGRAM.result(&folder.file("before.pcap", &format.file(&records[..39])), &args);
        let name = format!("{i}.cut");
        let cut = folder.file(&name, &file[..file.len() - 5]);
        let output = PROGRAM.run(&[&[cut.to_str().unwrap(), "--json"], &args[..]].concat());
        assert!(!output.status.success());
        assert_eq!(object(&output), before);
        let error = stderr(&output);
        assert!(
            error.contains(&name) && error.contains("record 40") && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn bad_files_and_options_are_refused_by_name() {
    let folder = Folder::new();
    let text =
        folder.file("text.pcap", b"No capture, but a text that is long enough for the header of one.\n");
    PROGRAM.refused(&[text.to_str().unwrap(), "--json"], "text.pcap");
    let long = [LITTLE.file(&[]), words(false, &[1, 2, 300 << 20, 300 << 20])].concat();
    let long = folder.file("long.pcap", &long);
    assert!(
        stderr(&PROGRAM.run(&[long.to_str().unwrap()])).contains("long.pcap: ends in the middle of record 1")
    );
    PROGRAM.refused(&[folder.0.path().join("no-such.pcap").to_str().unwrap()], "no-such.pcap");
    for (args, named) in [
        (&["--vms", "0"][..], "--vms"),
        (&["--vms", "word"], "--vms"),
        (&["--vms", "8", "--device", "82576"], "--vms"),
        (&["--sharing", "16"], "--sharing"),
        (&["--sharing", "-1"], "--sharing"),
        (&["--sharing", "4", "--device", "82575"], "--sharing"),
        (&["--hostile", "16"], "--hostile"),
        (&["--hostile", "all"], "--hostile"),
        (&["--hostile", "3", "--vms", "2"], "--hostile"),
        (&["--device", "82597"], "--device"),
        (&["--max-frame", "9000"], "--max-frame"),
    ] {
        PROGRAM.refused(args, named);
    }
    let help = PROGRAM.run(&["--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    for option in ["--device", "--vms", "--sharing", "--hostile", "--json"] {
        assert!(help.contains(option), "{help}");
    }
}

#[test]
fn made_up_traffic_has_eight_virtual_machines_and_a_table() {
    let output = PROGRAM.run(&["--json", "--hostile", "1"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let result = object(&output);
    assert_eq!(vms(&result).len(), 8);
    assert!(sum(&result, "bytes_copied") < sum(&result, "bytes"));

    let table = PROGRAM.run(&["--hostile", "1"]);
    assert!(table.status.success());
    let table = String::from_utf8(table.stdout).unwrap();
    let copied = number(&vms(&result)[0], "bytes_copied").to_string();
    for part in ["82598", "copies", "replicated", "refused", "dropped", "spoofed", &copied] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let rows = table.lines().filter(|line| line.starts_with(['│', '╭', '╰']));
    assert!(rows.clone().count() > 8 && rows.into_iter().all(|row| row.chars().count() <= 110), "{table}");
}
