//! From the text of a table to the model.
//!
//! A table starts with `[family]` (name, doc, devices, groups, sources); every other table is a register:
//! `doc`, `section`, `source`, `access`, `at` or `array`, `alias`, `reset`, `only`, `layout`, `fields`, and
//! `on.<device>` for what differs there; or, with `word`, the fields of a word that is no register. An unknown
//! key is refused, so a slip can't be ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{Error, Refusal};
use super::field;
use super::model::{Access, Devices, Family, Group, Instance, Place, Register, Window};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFamily {
    name: String,
    doc: String,
    devices: Vec<String>,
    #[serde(default)]
    groups: BTreeMap<String, RawGroup>,
    #[serde(default)]
    sources: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    doc: String,
    devices: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegister {
    doc: String,
    section: String,
    source: String,
    layout: Option<String>,
    #[serde(default)]
    word: bool,
    only: Option<Vec<String>>,
    // As in `RawInstance`: serde can't refuse unknown keys of a flattened table.
    at: Option<u32>,
    array: Option<Windows>,
    #[serde(default)]
    alias: Vec<RawPlace>,
    access: Option<String>,
    reset: Option<u32>,
    #[serde(default)]
    on: BTreeMap<String, RawInstance>,
    #[serde(default)]
    fields: toml::Table,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawInstance {
    at: Option<u32>,
    array: Option<Windows>,
    #[serde(default)]
    alias: Vec<RawPlace>,
    access: Option<String>,
    reset: Option<u32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Windows {
    One(Window),
    Many(Vec<Window>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawPlace {
    Single(u32),
    Array(Window),
}

/// Reads the table `text`; `file` is its name in errors.
pub(crate) fn parse(file: &str, text: &str) -> Result<Family, Error> {
    let syntax = |message: String| Error::Syntax { file: file.into(), message };
    let mut table: toml::Table = toml::from_str(text).map_err(|e| syntax(e.to_string()))?;
    let head = table.remove("family").ok_or_else(|| syntax("no [family] table".into()))?;
    let head: RawFamily = convert("family", head).map_err(&syntax)?;
    let mut raw = Vec::new();
    for (name, value) in table {
        let register: RawRegister = convert(&name, value).map_err(&syntax)?;
        raw.push((name, register));
    }
    Builder::new(head).build(raw).map_err(|refusals| Error::Refused { file: file.into(), refusals })
}

fn convert<T: DeserializeOwned>(name: &str, value: toml::Value) -> Result<T, String> {
    value.try_into().map_err(|e: toml::de::Error| format!("[{name}]: {}", e.to_string().trim()))
}

struct Builder {
    family: Family,
    refusals: Vec<Refusal>,
}

impl Builder {
    fn new(head: RawFamily) -> Self {
        let family = Family {
            name: head.name,
            doc: head.doc,
            devices: head.devices,
            sources: head.sources,
            groups: Vec::new(),
            registers: Vec::new(),
        };
        let mut builder = Self { family, refusals: Vec::new() };
        for (name, group) in head.groups {
            let devices = builder.set(&format!("group {name}"), &group.devices);
            builder.family.groups.push(Group { name, doc: group.doc, devices });
        }
        builder
    }

    fn build(mut self, raw: Vec<(String, RawRegister)>) -> Result<Family, Vec<Refusal>> {
        for (name, register) in raw {
            self.register(name, register);
        }
        if self.refusals.is_empty() { Ok(self.family) } else { Err(self.refusals) }
    }

    fn register(&mut self, name: String, raw: RawRegister) {
        let mut devices = raw.only.as_ref().map_or(self.family.all(), |only| self.set(&name, only));
        if raw.word {
            // A word is nowhere in the register window.
            devices = Devices(0);
            if raw.at.is_some() || raw.array.is_some() || raw.only.is_some() || raw.access.is_some() {
                self.refusals.push(Refusal::WordWithPlace { register: name.clone() });
            }
        }
        let differing = raw.on.keys().cloned().collect::<Vec<_>>();
        let differing = self.set(&name, &differing);
        for device in differing.iter().filter(|&d| !devices.has(d)) {
            self.refusals.push(Refusal::NoPlace {
                register: name.clone(),
                device: self.family.devices[device].clone(),
                what: "`on` names a device that `only` leaves out",
            });
        }
        let common = RawInstance {
            at: raw.at,
            array: raw.array,
            alias: raw.alias,
            access: raw.access,
            reset: raw.reset,
        };
        let on = (0..self.family.devices.len())
            .map(
                |device| {
                    if devices.has(device) { self.instance(&name, device, &common, &raw.on) } else { None }
                },
            )
            .collect();
        let mut fields = Vec::new();
        for (field, value) in &raw.fields {
            // An array of lines is one name at other bits on other devices.
            let lines = match value {
                toml::Value::Array(lines) => lines.as_slice(),
                line => std::slice::from_ref(line),
            };
            for line in lines {
                let text = line.as_str().unwrap_or_default();
                match field::parse(&name, field, text, &|id| lookup(&self.family, &name, id)) {
                    Ok(field) => fields.push(field),
                    Err(refusal) => self.refusals.push(refusal),
                }
            }
        }
        let source = format!("section {}; {}", raw.section, raw.source);
        let register =
            Register { name, doc: raw.doc, source, layout: raw.layout, word: raw.word, fields, on };
        self.family.registers.push(register);
    }

    fn instance(
        &mut self,
        name: &str,
        device: usize,
        common: &RawInstance,
        on: &BTreeMap<String, RawInstance>,
    ) -> Option<Instance> {
        let id = self.family.devices[device].clone();
        let none = RawInstance::default();
        let own = on.get(&id).unwrap_or(&none);
        // What a device says of its own place stands for both keys: `at` there ends an `array` here.
        let placed = if own.at.is_some() || own.array.is_some() { own } else { common };
        let place = match (placed.at, &placed.array) {
            (Some(at), None) => Place::Single(at),
            (None, Some(Windows::One(window))) => Place::Array(vec![*window]),
            (None, Some(Windows::Many(windows))) => Place::Array(windows.clone()),
            (at, _) => {
                let what = if at.is_some() { "both places" } else { "no place" };
                self.refusals.push(Refusal::NoPlace { register: name.into(), device: id, what });
                return None;
            }
        };
        let text = own.access.as_ref().or(common.access.as_ref());
        let Some(text) = text else {
            self.refusals.push(Refusal::NoAccess { register: name.into(), device: id });
            return None;
        };
        let Some(access) = Access::from_table(text) else {
            let refusal = Refusal::UnknownAccess { register: name.into(), access: text.clone() };
            if !self.refusals.contains(&refusal) {
                self.refusals.push(refusal);
            }
            return None;
        };
        let aliases = common.alias.iter().chain(&own.alias).map(|alias| match alias {
            RawPlace::Single(at) => Place::Single(*at),
            RawPlace::Array(window) => Place::Array(vec![*window]),
        });
        Some(Instance { place, aliases: aliases.collect(), access, reset: own.reset.or(common.reset) })
    }

    fn set(&mut self, place: &str, ids: &[String]) -> Devices {
        let mut devices = Devices(0);
        for id in ids {
            match lookup(&self.family, place, id) {
                Ok(device) => devices.0 |= 1 << device,
                Err(refusal) => self.refusals.push(refusal),
            }
        }
        devices
    }
}

fn lookup(family: &Family, place: &str, id: &str) -> Result<usize, Refusal> {
    family.devices.iter().position(|d| d == id).ok_or_else(|| Refusal::UnknownDevice {
        place: place.into(),
        device: id.into(),
        known: family.devices.join(", "),
    })
}
