//! A filter entry: two registers that hold an address, its destination and a valid bit.
//!
//! RAL has bytes 0 to 3 of the address, RAH bytes 4 and 5, the destination and AV (address valid). The order
//! of writes is RAL, then RAH, so that the entry is complete when it becomes valid. PCIe keeps posted writes
//! in order, but a bridge may merge neighbours; a read between the two prevents that. Moving the address to
//! another pool is one write of RAH, so there is no state between. When it is removed, RAH is cleared first,
//! because half an address must not match.

use super::regs::{RAH, SharedRegs};
use crate::index::FilterIndex;
use crate::platform::Platform;
use crate::reg::io::Io;
use crate::reg::{Reg, RegArray, Ro, Rw};
use vmdq_core::MacAddress;

/// The registers of a filter entry.
#[derive(Clone, Copy)]
pub struct Entry {
    low: Reg<(), Rw>,
    high: Reg<(), Rw>,
    status: Reg<(), Ro>,
}

impl Entry {
    /// Names the registers of an entry on a device.
    #[inline(always)]
    #[must_use]
    pub fn of<R: SharedRegs>(entry: FilterIndex) -> Self {
        Self { low: R::RAL.at(entry.number()), high: R::RAH.at(entry.number()), status: R::STATUS }
    }

    /// Writes a filter: `destination` has the bits of RAH that name the pool.
    pub fn add<P: Platform>(self, io: Io<'_, P>, address: MacAddress, destination: u32) {
        let (low, _) = address.register_halves();
        self.low.on(io).set(low);
        let _ = self.status.on(io).get();
        self.redirect(io, address, destination);
    }

    /// Moves a filter to another destination.
    pub fn redirect<P: Platform>(self, io: Io<'_, P>, address: MacAddress, destination: u32) {
        let (_, high) = address.register_halves();
        self.high.on(io).set(high | destination | RAH::AV.val(1).value);
    }

    /// Removes a filter.
    pub fn remove<P: Platform>(self, io: Io<'_, P>) {
        self.high.on(io).set(0);
        self.low.on(io).set(0);
    }
}

/// Removes all filters but the port's own address, which is entry 0 and comes from NVM.
pub fn remove_all<P: Platform>(io: Io<'_, P>, low: RegArray<(), Rw>, high: RegArray<(), Rw>) {
    for entry in 1..high.len() {
        remove(io, low, high, entry);
    }
}

/// Not inlined: of a loop with these two writes the compiler makes a copy for each combination of windows.
#[inline(never)]
fn remove<P: Platform>(io: Io<'_, P>, low: RegArray<(), Rw>, high: RegArray<(), Rw>, entry: usize) {
    high.at(entry).on(io).set(0);
    low.at(entry).on(io).set(0);
}

/// Returns the address that entry 0 holds.
pub fn own_address<P: Platform>(io: Io<'_, P>, low: Reg<(), Rw>, high: Reg<(), Rw>) -> MacAddress {
    MacAddress::from_register_halves(low.on(io).get(), high.on(io).get())
}
