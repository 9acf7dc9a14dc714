//! A register that lets the device use memory is written by `unsafe` alone.

use vmdq::igb::regs::{self, Regs as _};
use vmdq::ixgbe::regs::{self as ixgbe, Regs as _};
use vmdq::{Io, Platform};

fn give<P: Platform>(io: Io<'_, P>) {
    regs::I82576::SRRCTL.at(0).on(io).give(2);
    ixgbe::I82598::RXDCTL.at(0).on(io).give(1 << 25);
}

fn main() {}
