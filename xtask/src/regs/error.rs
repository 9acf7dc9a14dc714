//! What can be wrong with a table, each with what to do about it.

use std::io;
use std::path::PathBuf;

/// Why `cargo xtask regs` stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file can't be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The table is no TOML, or a register has keys that the format does not know.
    #[error("{file}: {message}")]
    Syntax {
        /// The table.
        file: String,
        /// What the TOML parser said, with the line.
        message: String,
    },
    /// The table is refused.
    #[error("{file}: {}", list(refusals))]
    Refused {
        /// The table.
        file: String,
        /// Everything that is wrong with it.
        refusals: Vec<Refusal>,
    },
    /// A committed file is not what the table generates.
    #[error(
        "{path}:{line}: stale, run `cargo xtask regs` and commit the result\n  committed: {committed}\n  generated: {generated}"
    )]
    Stale {
        /// The generated file.
        path: String,
        /// The first line that differs.
        line: usize,
        /// That line in the committed file.
        committed: String,
        /// That line as it should be.
        generated: String,
    },
    /// The SVD encoder refused a device.
    #[error("{device}: the SVD writer refused the table: {message}")]
    Svd {
        /// The device.
        device: String,
        /// What the encoder said.
        message: String,
    },
}

fn list(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}

/// One thing that a table must not say.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{place}: unknown device `{device}`; `family.devices` has {known}")]
    UnknownDevice { place: String, device: String, known: String },
    #[error("{register}: unknown access kind `{access}`; use one of ro, rw, wo, rc, w1c, w1s, dma")]
    UnknownAccess { register: String, access: String },
    #[error("{register} on {device}: {what}; give `at` for one register or `array` for several")]
    NoPlace { register: String, device: String, what: &'static str },
    #[error("{register}: no access kind on {device}; give `access`")]
    NoAccess { register: String, device: String },
    #[error("{register}: layout `{layout}` is not a register with fields of its own")]
    UnknownLayout { register: String, layout: String },
    #[error(
        "{register}.{field}: can't read `{text}`; write `HIGH:LOW`, then `@device`, then `NAME=value`, then `| doc`"
    )]
    FieldText { register: String, field: String, text: String },
    #[error("{register}.{field}: bits {hi}:{lo} are not inside 31:0 with the high bit first")]
    FieldBits { register: String, field: String, hi: u32, lo: u32 },
    #[error("{register}.{field}.{name} = {value} does not fit the field's {width} bits")]
    ValueTooLarge { register: String, field: String, name: String, value: u32, width: u32 },
    #[error("{register}.{field}: {a} and {b} are both {value} on {device}; keep one name")]
    SameValue { register: String, field: String, a: String, b: String, value: u32, device: String },
    #[error(
        "{register} on {device}: fields {a} and {b} overlap; a field of only some devices needs `@device`"
    )]
    FieldsOverlap { register: String, device: String, a: String, b: String },
    #[error("{register}.{field}: {device} has no such register; drop its `@{device}`")]
    FieldNowhere { register: String, field: String, device: String },
    #[error(
        "{device}: {a} and {b} are both at {at:#07x}; declare the second as `alias` if it is the same register"
    )]
    SameOffset { device: String, a: String, b: String, at: u64 },
    #[error("{device}: {a} runs into {b} at {at:#07x}; check base, stride and len")]
    RunsInto { device: String, a: String, b: String, at: u64 },
    #[error("{device}: {register} at {at:#07x} is not a multiple of 4")]
    Misaligned { device: String, register: String, at: u64 },
    #[error("{device}: {register} at {at:#07x} is outside the register window of 0x20000 bytes")]
    OutsideWindow { device: String, register: String, at: u64 },
    #[error("{device}: {register} has an array without copies; `len` starts at 1")]
    EmptyArray { device: String, register: String },
    #[error("{device}: {register} has {count} windows; an array has one or two")]
    TooManyWindows { device: String, register: String, count: usize },
    #[error("{place}: the name `{name}` is used twice; rename one")]
    DuplicateName { place: String, name: String },
    #[error("{place}: `{name}` is no name; use upper-case letters, digits and `_`, a letter first")]
    BadName { place: String, name: String },
    #[error("{register}: a `word` is no register; drop `at`, `array`, `only` and `access`")]
    WordWithPlace { register: String },
    #[error(
        "{register}: shared by all families, but not every device has it with one access kind; make the tables agree, or take it off the list in xtask/src/regs/shared.rs"
    )]
    NotShared { register: String },
    #[error("{place}: `doc` is empty; say in one line what it is for")]
    NoDoc { place: String },
}
