//! A register that hands memory to the device is written by `unsafe` alone.

use vmdq::igb::regs::{I82576, Regs};
use vmdq::{Io, Platform};

fn give<P: Platform>(io: Io<'_, P>) {
    I82576::RDBAL.at(0).on(io).give(0x1000);
}

fn main() {}
