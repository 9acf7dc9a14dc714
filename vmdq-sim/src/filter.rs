//! The tables of the L2 filter, which both families have: exact addresses, hash bits, VLAN bits.
//!
//! Facts: igb-hal/FACTS.md 2.3 and 3.14, ixgbe-hal/FACTS.md 1.4. RAL holds address bytes 0 to 3, RAH 15:0 bytes
//! 4 and 5, RAH.31 is AV in all of them.

use crate::frame::Frame;
use crate::register::{File, Reg};

/// RAH.AV.
pub(crate) const AV: u32 = 1 << 31;

/// The numbers of the valid exact filters that hold the frame's destination.
pub(crate) fn exact<'a>(
    file: &'a File,
    frame: &Frame,
    count: usize,
) -> impl Iterator<Item = usize> + use<'a> {
    let [a, b, c, d, e, f] = frame.destination();
    let low = u32::from_le_bytes([a, b, c, d]);
    let high = u32::from(u16::from_le_bytes([e, f]));
    (0..count).filter(move |&n| {
        let rah = file.get(Reg::RAH, n);
        rah & AV != 0 && rah & 0xffff == high && file.get(Reg::RAL, n) == low
    })
}

/// Whether the bit of `number` is set in an array of 32-bit words (MTA, UTA, VFTA).
pub(crate) fn bit(file: &File, table: Reg, number: usize) -> bool {
    file.get(table, number >> 5) >> (number & 31) & 1 != 0
}

/// The address of an exact filter, for messages and comparisons.
pub(crate) fn address(file: &File, n: usize) -> u64 {
    u64::from(file.get(Reg::RAH, n) & 0xffff) << 32 | u64::from(file.get(Reg::RAL, n))
}
