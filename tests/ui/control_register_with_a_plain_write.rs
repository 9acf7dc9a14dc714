//! A register that lets the device use memory takes no plain values.

use vmdq::igb::regs::{self, Regs as _};
use vmdq::ixgbe::regs::{self as ixgbe, Regs as _};
use vmdq::{Io, Platform};

fn set<P: Platform>(io: Io<'_, P>) {
    regs::I82576::SRRCTL.at(0).on(io).set(2);
    regs::I82575::RXDCTL.at(0).on(io).set(1 << 25);
    ixgbe::I82598::TXDCTL.at(0).on(io).set(1 << 25);
}

fn main() {}
