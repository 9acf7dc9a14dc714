//! A register that hands memory to the device takes no plain values.

use vmdq::ixgbe::regs::{I82598, Regs};
use vmdq::{Io, Platform};

fn set<P: Platform>(io: Io<'_, P>) {
    I82598::TDT.at(0).on(io).set(1);
}

fn main() {}
