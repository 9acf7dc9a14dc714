//! The registers of one family, after parsing: what every check and every writer works on.

use std::collections::BTreeMap;
use std::fmt;

/// Length in bytes of the register window (BAR 0) of every supported device.
pub(crate) const WINDOW: u32 = 0x2_0000;

/// One controller family: its devices, and every register once.
#[derive(Debug)]
pub(crate) struct Family {
    /// Short name, e.g. `igb`.
    pub(crate) name: String,
    /// One line for people.
    pub(crate) doc: String,
    /// Device identifiers, e.g. `82576`, `i350`.
    pub(crate) devices: Vec<String>,
    /// What the source keys of the registers stand for.
    pub(crate) sources: BTreeMap<String, String>,
    /// Sets of devices whose common registers get a trait of their own.
    pub(crate) groups: Vec<Group>,
    /// The registers in the order of the file.
    pub(crate) registers: Vec<Register>,
}

impl Family {
    /// Returns the set of all devices.
    pub(crate) fn all(&self) -> Devices {
        Devices((1 << self.devices.len()) - 1)
    }

    /// Returns the Rust type that stands for a device: `I82576` for `82576`, `I350` for `i350`.
    pub(crate) fn type_name(&self, device: usize) -> String {
        let id = &self.devices[device];
        if id.starts_with(|c: char| c.is_ascii_digit()) { format!("I{id}") } else { id.to_uppercase() }
    }

    /// Lists the devices of a set for people: `82576, i350`.
    pub(crate) fn list(&self, devices: Devices) -> String {
        devices.iter().map(|d| self.devices[d].as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Returns the register whose fields `register` has (itself, unless it names a layout).
    pub(crate) fn layout<'a>(&'a self, register: &'a Register) -> &'a Register {
        match &register.layout {
            Some(name) => self.registers.iter().find(|r| r.name == *name).unwrap_or(register),
            None => register,
        }
    }

    /// Returns the devices that have a register with the fields of `owner`; all of them for a word.
    pub(crate) fn users(&self, owner: &Register) -> Devices {
        if owner.word {
            return self.all();
        }
        let users = self.registers.iter().filter(|r| self.layout(r).name == owner.name);
        Devices(users.fold(0, |set, r| set | r.devices().0))
    }
}

/// Devices that share registers which the rest of the family lacks.
#[derive(Debug)]
pub(crate) struct Group {
    /// Name of the generated trait.
    pub(crate) name: String,
    /// One line for people.
    pub(crate) doc: String,
    /// The devices.
    pub(crate) devices: Devices,
}

/// A set of devices of one family, as a bit map of their indices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Devices(pub(crate) u32);

impl Devices {
    /// Tells whether a device is in the set.
    pub(crate) fn has(self, device: usize) -> bool {
        self.0 >> device & 1 == 1
    }

    /// Tells whether two sets have a device in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Walks the indices of the devices in the set.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..u32::BITS as usize).filter(move |&d| self.has(d))
    }
}

/// A register, or an array of registers, under one of Intel's names.
#[derive(Debug)]
pub(crate) struct Register {
    /// Intel's name.
    pub(crate) name: String,
    /// One line: what it is for.
    pub(crate) doc: String,
    /// Where the facts are from: section and source keys.
    pub(crate) source: String,
    /// Name of another register whose fields this one has.
    pub(crate) layout: Option<String>,
    /// It is a word elsewhere (in a descriptor, in the PHY), of which only the fields are generated.
    pub(crate) word: bool,
    /// Its fields, low or high bits first as in the file.
    pub(crate) fields: Vec<Field>,
    /// What it is on each device: `None` where the device lacks it.
    pub(crate) on: Vec<Option<Instance>>,
}

impl Register {
    /// Returns the devices that have the register.
    pub(crate) fn devices(&self) -> Devices {
        Devices(self.on.iter().enumerate().map(|(d, i)| u32::from(i.is_some()) << d).sum())
    }

    /// Tells whether all of `devices` have the register, with one token type.
    pub(crate) fn uniform(&self, devices: Devices) -> bool {
        let mut types = devices
            .iter()
            .map(|d| self.on[d].as_ref().map(|i| (i.access, matches!(i.place, Place::Array(_)))));
        types.next().is_some_and(|first| first.is_some() && types.all(|t| t == first))
    }

    /// Tells whether it is at the same place on every device, with one access kind.
    pub(crate) fn everywhere(&self) -> bool {
        let mut places = self.on.iter().map(|i| i.as_ref().map(|i| (&i.place, i.access)));
        places.next().is_some_and(|first| first.is_some() && places.all(|place| place == first))
    }
}

/// A register on one device.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// Where it is.
    pub(crate) place: Place,
    /// Other places where the device shows the same register.
    pub(crate) aliases: Vec<Place>,
    /// What may be done with it.
    pub(crate) access: Access,
    /// Its value after a reset, where known.
    pub(crate) reset: Option<u32>,
}

/// Where a register is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// One register at an offset.
    Single(u32),
    /// Copies in one window or two.
    Array(Vec<Window>),
}

impl Place {
    /// Walks the offsets of all copies in the order of their index.
    pub(crate) fn offsets(&self) -> Vec<u64> {
        match self {
            Self::Single(at) => vec![u64::from(*at)],
            Self::Array(windows) => windows.iter().flat_map(|w| w.offsets()).collect(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(at) => write!(f, "{at:#07x}"),
            Self::Array(windows) => {
                for (i, w) in windows.iter().enumerate() {
                    let and = if i == 0 { "" } else { " and " };
                    write!(f, "{and}{:#07x} + {:#x} n ({} of them)", w.base, w.stride, w.len)?;
                }
                Ok(())
            }
        }
    }
}

/// Evenly spaced copies of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    /// Offset of the first copy.
    pub(crate) base: u32,
    /// Distance between copies in bytes.
    pub(crate) stride: u32,
    /// How many copies.
    pub(crate) len: u32,
}

impl Window {
    /// Walks the offsets of the copies, in 64 bits so that a wrong table can't overflow.
    fn offsets(self) -> impl Iterator<Item = u64> {
        (0..u64::from(self.len)).map(move |i| u64::from(self.base) + i * u64::from(self.stride))
    }
}

/// What a register allows: the access kinds of `vmdq_hal::reg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// Read only.
    Ro,
    /// Read and write.
    Rw,
    /// Write only.
    Wo,
    /// A read clears.
    Rc,
    /// Writing one clears.
    W1c,
    /// Writing one sets.
    W1s,
    /// A write hands memory to the device.
    Dma,
}

impl Access {
    /// The kinds, as the tables spell them and as the generated code does.
    pub(crate) const KINDS: [(&'static str, &'static str, Self); 7] = [
        ("ro", "Ro", Self::Ro),
        ("rw", "Rw", Self::Rw),
        ("wo", "Wo", Self::Wo),
        ("rc", "Rc", Self::Rc),
        ("w1c", "W1c", Self::W1c),
        ("w1s", "W1s", Self::W1s),
        ("dma", "Dma", Self::Dma),
    ];

    /// Reads a kind as the tables spell it.
    pub(crate) fn from_table(text: &str) -> Option<Self> {
        Self::KINDS.iter().find(|(table, ..)| *table == text).map(|&(.., kind)| kind)
    }

    /// Returns the name of the kind in `vmdq_hal::reg`.
    pub(crate) fn rust(self) -> &'static str {
        Self::KINDS.iter().find(|&&(.., kind)| kind == self).map_or("", |&(_, rust, _)| rust)
    }
}

/// A field of a register.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Intel's name.
    pub(crate) name: String,
    /// One line for people; may be empty.
    pub(crate) doc: String,
    /// Lowest bit.
    pub(crate) lo: u32,
    /// Highest bit.
    pub(crate) hi: u32,
    /// Devices whose register has the field; `None` means all.
    pub(crate) only: Option<Devices>,
    /// Named values.
    pub(crate) values: Vec<Value>,
}

impl Field {
    /// Returns the number of bits.
    pub(crate) fn width(&self) -> u32 {
        self.hi - self.lo + 1
    }

    /// Returns the field's bits as a mask that starts at bit 0.
    pub(crate) fn mask(&self) -> u32 {
        u32::MAX >> (u32::BITS - self.width())
    }

    /// Tells whether a device's register has the field.
    pub(crate) fn is_on(&self, device: usize) -> bool {
        self.only.is_none_or(|only| only.has(device))
    }
}

/// A named value of a field.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// Its name.
    pub(crate) name: String,
    /// The value of the field's bits.
    pub(crate) value: u32,
    /// Devices where it means this; `None` means all that have the field.
    pub(crate) only: Option<Devices>,
}
