//! What a table must not say: the checks that need more than one line of it.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Refusal;
use super::model::{Devices, Family, Field, Place, Register, Value, WINDOW};

/// Lists everything that is wrong with a family.
pub(crate) fn check(family: &Family) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    names(family, &mut refusals);
    for register in &family.registers {
        layout(family, register, &mut refusals);
        // Registers with another's layout count too: the fields may overlap on a device of theirs.
        for device in family.users(register).iter() {
            fields(family, register, device, &mut refusals);
        }
        for field in &register.fields {
            values(family, register, field, &mut refusals);
        }
    }
    for device in family.all().iter() {
        places(family, device, &mut refusals);
    }
    refusals.dedup();
    refusals
}

/// Every name is a Rust identifier and, in its scope, used once.
fn names(family: &Family, refusals: &mut Vec<Refusal>) {
    for group in &family.groups {
        if group.doc.trim().is_empty() {
            refusals.push(Refusal::NoDoc { place: format!("group {}", group.name) });
        }
    }
    for device in family.all().iter() {
        // Registers and device-only fields become associated constants of one type.
        let mut seen = BTreeSet::new();
        let registers = family.registers.iter();
        let constants = registers.clone().filter(|r| r.devices().has(device)).map(|r| r.name.clone());
        let own =
            registers.flat_map(|r| super::constant::device_constants(r, device).into_iter().map(|c| c.name));
        for name in constants.chain(own) {
            if !seen.insert(name.clone()) {
                refusals.push(Refusal::DuplicateName { place: family.devices[device].clone(), name });
            }
        }
    }
    for register in &family.registers {
        name(&register.name, &register.name, &[], refusals);
        if register.doc.trim().is_empty() {
            refusals.push(Refusal::NoDoc { place: register.name.clone() });
        }
        for field in &register.fields {
            let place = format!("{}.{}", register.name, field.name);
            name(&place, &field.name, &[], refusals);
            let mut seen = BTreeSet::new();
            for value in &field.values {
                // Names that `register_bitfields!` gives to each field itself.
                name(&place, &value.name, &["SET", "CLEAR"], refusals);
                if !seen.insert(&value.name) {
                    let name = value.name.clone();
                    refusals.push(Refusal::DuplicateName { place: place.clone(), name });
                }
            }
        }
    }
}

fn name(place: &str, name: &str, taken: &[&str], refusals: &mut Vec<Refusal>) {
    let letters = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let starts = name.starts_with(|c: char| c.is_ascii_uppercase());
    if !letters || !starts || taken.contains(&name) {
        refusals.push(Refusal::BadName { place: place.into(), name: name.into() });
    }
}

/// A layout is a register that has fields of its own.
fn layout(family: &Family, register: &Register, refusals: &mut Vec<Refusal>) {
    let Some(name) = &register.layout else { return };
    let owner = family.registers.iter().find(|r| r.name == *name);
    let owns = owner.is_some_and(|o| o.layout.is_none() && !o.fields.is_empty());
    if !owns || !register.fields.is_empty() {
        let (register, layout) = (register.name.clone(), name.clone());
        refusals.push(Refusal::UnknownLayout { register, layout });
    }
}

/// No two fields of a register share a bit or a name on a device.
fn fields(family: &Family, register: &Register, device: usize, refusals: &mut Vec<Refusal>) {
    let on: Vec<&Field> = register.fields.iter().filter(|f| f.is_on(device)).collect();
    for (i, a) in on.iter().enumerate() {
        for b in &on[i + 1..] {
            if a.name == b.name {
                let place = format!("{} on {}", register.name, family.devices[device]);
                refusals.push(Refusal::DuplicateName { place, name: a.name.clone() });
            } else if a.lo <= b.hi && b.lo <= a.hi {
                refusals.push(Refusal::FieldsOverlap {
                    register: register.name.clone(),
                    device: family.devices[device].clone(),
                    a: a.name.clone(),
                    b: b.name.clone(),
                });
            }
        }
    }
}

/// A field's values fit its bits, and no two of a device are the same.
fn values(family: &Family, register: &Register, field: &Field, refusals: &mut Vec<Refusal>) {
    nowhere(family, register, &field.name, field.only, refusals);
    for (i, a) in field.values.iter().enumerate() {
        if a.value > field.mask() {
            refusals.push(Refusal::ValueTooLarge {
                register: register.name.clone(),
                field: field.name.clone(),
                name: a.name.clone(),
                value: a.value,
                width: field.width(),
            });
        }
        let on = a.only.unwrap_or(family.all());
        nowhere(family, register, &format!("{}.{}", field.name, a.name), a.only, refusals);
        let same = |b: &&Value| b.value == a.value && b.only.unwrap_or(family.all()).meets(on);
        if let Some(b) = field.values[i + 1..].iter().find(same) {
            let common = Devices(on.0 & b.only.unwrap_or(family.all()).0);
            refusals.push(Refusal::SameValue {
                register: register.name.clone(),
                field: field.name.clone(),
                a: a.name.clone(),
                b: b.name.clone(),
                value: a.value,
                device: family.list(common),
            });
        }
    }
}

/// What only some devices have is on devices that have the register.
fn nowhere(
    family: &Family,
    register: &Register,
    name: &str,
    only: Option<Devices>,
    refusals: &mut Vec<Refusal>,
) {
    let users = family.users(register);
    for device in only.iter().flat_map(|only| only.iter()).filter(|&d| !users.has(d)) {
        let (register, device) = (register.name.clone(), family.devices[device].clone());
        refusals.push(Refusal::FieldNowhere { register, field: name.into(), device });
    }
}

/// Everything on a device is aligned, inside the window and alone at its offset.
fn places(family: &Family, device: usize, refusals: &mut Vec<Refusal>) {
    let id = &family.devices[device];
    let mut taken: BTreeMap<u64, (&Register, &Place, usize)> = BTreeMap::new();
    for register in &family.registers {
        let Some(instance) = &register.on[device] else { continue };
        for place in std::iter::once(&instance.place).chain(&instance.aliases) {
            if !windows(id, register, place, refusals) {
                continue;
            }
            for (i, at) in place.offsets().into_iter().enumerate() {
                if at % 4 != 0 {
                    let (device, register) = (id.clone(), register.name.clone());
                    refusals.push(Refusal::Misaligned { device, register, at });
                    break;
                }
                if at >= u64::from(WINDOW) {
                    let (device, register) = (id.clone(), register.name.clone());
                    refusals.push(Refusal::OutsideWindow { device, register, at });
                    break;
                }
                if let Some(&(other, theirs, j)) = taken.get(&at) {
                    refusals.push(collision(id, at, (register, place, i), (other, theirs, j)));
                    break;
                }
                taken.insert(at, (register, place, i));
            }
        }
    }
}

/// Tells whether the windows of a place can be walked at all.
fn windows(device: &str, register: &Register, place: &Place, refusals: &mut Vec<Refusal>) -> bool {
    let Place::Array(windows) = place else { return true };
    let (device, register) = (device.to_string(), register.name.clone());
    if windows.is_empty() || windows.iter().any(|w| w.len == 0) {
        refusals.push(Refusal::EmptyArray { device, register });
        return false;
    }
    if windows.len() > 2 {
        refusals.push(Refusal::TooManyWindows { device, register, count: windows.len() });
        return false;
    }
    // A length beyond the window would only repeat the same refusal a million times.
    if let Some(w) = windows.iter().find(|w| w.len > WINDOW / 4) {
        refusals.push(Refusal::OutsideWindow { device, register, at: u64::from(w.base) + u64::from(WINDOW) });
        return false;
    }
    true
}

fn collision(device: &str, at: u64, a: (&Register, &Place, usize), b: (&Register, &Place, usize)) -> Refusal {
    let (device, first) = (device.to_string(), a.2 == 0 && b.2 == 0);
    let name = |(register, place, i): (&Register, &Place, usize)| match place {
        Place::Single(_) => register.name.clone(),
        Place::Array(_) => format!("{}[{i}]", register.name),
    };
    if first {
        return Refusal::SameOffset { device, a: b.0.name.clone(), b: a.0.name.clone(), at };
    }
    // The array that is not at its first copy is the one that ran too far.
    let (a, b) = if a.2 == 0 { (b, a) } else { (a, b) };
    Refusal::RunsInto { device, a: name(a), b: name(b), at }
}
