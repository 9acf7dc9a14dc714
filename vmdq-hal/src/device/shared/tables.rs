//! Tables of registers that hold one value each: hash tables and the VLAN filter table.
//!
//! A reset does not clear them: their content is undefined after power-on, and later it is what earlier
//! software wrote. So they are written whole before the receiver is turned on.

use crate::platform::Platform;
use crate::reg::io::Io;
use crate::reg::{Reg, RegArray, Rw};
use tock_registers::RegisterLongName;

/// Writes one value to every register of a table.
pub fn fill<T: RegisterLongName, P: Platform>(io: Io<'_, P>, table: RegArray<T, Rw>, value: u32) {
    for i in 0..table.len() {
        table.at(i).on(io).set(value);
    }
}

/// Returns whether a register of a table holds two patterns, and leaves 0 in it.
///
/// A window that no device decodes reads as all zeros or all ones, no matter what is written.
pub fn holds_what_is_written<P: Platform>(io: Io<'_, P>, table: RegArray<(), Rw>) -> bool {
    bits_hold_what_is_written(io, table.at(0), u32::MAX)
}

/// Returns whether `bits` of a register hold two patterns, and leaves 0 in it.
///
/// It is for a register that a model has and its siblings don't.
pub fn bits_hold_what_is_written<T: RegisterLongName, P: Platform>(
    io: Io<'_, P>,
    register: Reg<T, Rw>,
    bits: u32,
) -> bool {
    let register = register.on(io);
    let held = [0x5aa5_c33c, 0xa55a_3cc3].into_iter().all(|pattern| {
        register.set(pattern & bits);
        register.get() == pattern & bits
    });
    register.set(0);
    held
}
