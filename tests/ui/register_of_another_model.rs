//! The 82575 has no per-pool registers.

use vmdq::igb::regs::{I82575, PoolRegs};
use vmdq::{Io, Platform};

fn pool<P: Platform>(io: Io<'_, P>) {
    I82575::VMOLR.at(0).on(io).set(0);
}

fn main() {}
