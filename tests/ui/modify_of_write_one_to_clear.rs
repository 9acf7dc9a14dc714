//! Reading and writing back would clear every bit that was set.

use vmdq::ixgbe::regs::{EICR, I82598, Regs};
use vmdq::{Io, Platform};

fn modify<P: Platform>(io: Io<'_, P>) {
    I82598::EICR.on(io).modify(EICR::LSC::SET);
}

fn main() {}
