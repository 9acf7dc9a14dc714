//! A read-only register is not written.

use vmdq::igb::regs::{I82575, Regs};
use vmdq::{Io, Platform};

fn write<P: Platform>(io: Io<'_, P>) {
    I82575::STATUS.on(io).set(0);
}

fn main() {}
