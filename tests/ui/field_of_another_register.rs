//! A field belongs to its register.

use vmdq::igb::regs::{CTRL, I82576, Regs};
use vmdq::{Io, Platform};

fn mixed<P: Platform>(io: Io<'_, P>) {
    I82576::RCTL.on(io).modify(CTRL::SLU::SET);
}

fn main() {}
