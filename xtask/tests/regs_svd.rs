//! The exported CMSIS-SVD files, read back with another parser and compared with the tables.

#[allow(dead_code)]
#[path = "../src/regs/mod.rs"]
mod regs;

use std::collections::BTreeMap;
use std::process::Command;
use std::{env, fs};

use regs::model::{Access, Family, Place};
use svd_parser::svd::{
    Access as SvdAccess, MaybeArray, ModifiedWriteValues, ReadAction, Register, RegisterCluster,
};

fn family(name: &str) -> Family {
    let path = format!("{}/../{name}/registers.toml", env!("CARGO_MANIFEST_DIR"));
    regs::load(name, &fs::read_to_string(path).expect("the table is there")).expect("the table is right")
}

/// What both sides say about one list of copies: offset, stride and number, kind, reset, fields.
type Facts = (Vec<u64>, Access, Option<u64>, Vec<(String, u32, u32, Vec<(String, u64)>)>);

fn from_table(family: &Family, device: usize) -> BTreeMap<String, Facts> {
    let mut found = BTreeMap::new();
    for register in &family.registers {
        let Some(instance) = &register.on[device] else { continue };
        let fields: Vec<_> = family
            .layout(register)
            .fields
            .iter()
            .filter(|f| f.is_on(device))
            .map(|f| {
                let here = f.values.iter().filter(|v| v.only.is_none_or(|only| only.has(device)));
                let values = here.map(|v| (v.name.clone(), u64::from(v.value))).collect();
                (f.name.clone(), f.lo, f.hi, values)
            })
            .collect();
        // SVD has no word for DMA.
        let access = if instance.access == Access::Dma { Access::Rw } else { instance.access };
        let reset = instance.reset.map(u64::from);
        let mut first = 0;
        match &instance.place {
            Place::Single(at) => {
                found.insert(register.name.clone(), (vec![u64::from(*at)], access, reset, fields));
            }
            Place::Array(windows) => {
                for window in windows {
                    let list = if first == 0 { "%s" } else { "_HI%s" };
                    let offsets = Place::Array(vec![*window]).offsets();
                    let facts = (offsets, access, reset, fields.clone());
                    found.insert(format!("{}{list}", register.name), facts);
                    first += window.len;
                }
            }
        }
    }
    found
}

fn from_svd(text: &str) -> BTreeMap<String, Facts> {
    let device = svd_parser::parse(text).expect("the file is CMSIS-SVD");
    assert_eq!(device.peripherals.len(), 1);
    let registers = device.peripherals[0].registers.as_ref().expect("the peripheral has registers");
    let mut found = BTreeMap::new();
    for cluster in registers {
        let RegisterCluster::Register(register) = cluster else { panic!("a cluster") };
        let offsets = match register {
            MaybeArray::Single(info) => vec![u64::from(info.address_offset)],
            MaybeArray::Array(info, dim) => {
                (0..dim.dim).map(|i| u64::from(info.address_offset + i * dim.dim_increment)).collect()
            }
        };
        let twice = found
            .insert(register.name.clone(), (offsets, access(register), reset(register), fields(register)));
        assert!(twice.is_none(), "{} is there twice", register.name);
    }
    found
}

fn reset(register: &Register) -> Option<u64> {
    register.properties.reset_value
}

fn fields(register: &Register) -> Vec<(String, u32, u32, Vec<(String, u64)>)> {
    let fields = register.fields.iter().flatten();
    fields
        .map(|f| {
            let values = f.enumerated_values.iter().flat_map(|e| &e.values);
            let values = values.map(|v| (v.name.clone(), v.value.expect("a value"))).collect();
            (f.name.clone(), f.bit_range.lsb(), f.bit_range.msb(), values)
        })
        .collect()
}

fn access(register: &Register) -> Access {
    match (register.properties.access, register.read_action, register.modified_write_values) {
        (Some(SvdAccess::ReadOnly), Some(ReadAction::Clear), None) => Access::Rc,
        (Some(SvdAccess::ReadOnly), None, None) => Access::Ro,
        (Some(SvdAccess::WriteOnly), None, None) => Access::Wo,
        (Some(SvdAccess::ReadWrite), None, None) => Access::Rw,
        (Some(SvdAccess::ReadWrite), None, Some(ModifiedWriteValues::OneToClear)) => Access::W1c,
        (Some(SvdAccess::ReadWrite), None, Some(ModifiedWriteValues::OneToSet)) => Access::W1s,
        other => panic!("{}: {other:?}", register.name),
    }
}

#[test]
fn the_exported_files_say_what_the_tables_say() {
    let dir = env::temp_dir().join(format!("vmdq-svd-{}", std::process::id()));
    let done = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["regs", "--svd"]).arg(&dir).output();
    let done = done.expect("the command runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut count = 0;
    for family in [family("igb-hal"), family("ixgbe-hal")] {
        for device in family.all().iter() {
            let path = dir.join(format!("{}.svd", family.devices[device]));
            let svd = from_svd(&fs::read_to_string(&path).expect("the file is there"));
            let table = from_table(&family, device);
            let names = |side: &BTreeMap<String, Facts>| side.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&svd), names(&table), "{}", path.display());
            for (name, facts) in &table {
                assert_eq!(&svd[name], facts, "{name} in {}", path.display());
            }
            count += 1;
        }
    }
    assert_eq!(count, 6);
    fs::remove_dir_all(dir).expect("the directory is ours");
}

/// The traps of the facts, as a viewer shows them.
#[test]
fn two_windows_are_two_lists() {
    let family = family("ixgbe-hal");
    let device = |id: &str| {
        let device = family.devices.iter().position(|d| d == id).expect("a device");
        from_svd(&regs::svd::write(&family, device).expect("an SVD text"))
    };
    let (older, newer) = (device("82598"), device("82599"));
    let ends = |facts: &Facts| (facts.0[0], *facts.0.last().expect("an offset"));
    assert_eq!(ends(&older["VFTAVIND%s"]), (0xA200, 0xA9FC));
    assert_eq!(ends(&newer["RAL%s"]), (0xA200, 0xA5F8));
    assert_eq!(ends(&newer["RDBAL%s"]), (0x1000, 0x1FC0));
    assert_eq!(ends(&newer["RDBAL_HI%s"]), (0xD000, 0xDFC0));
    assert!(!newer.contains_key("VFTAVIND%s") && !older.contains_key("RDBAL_HI%s"));
}
