//! A read that clears is a `take`.

use vmdq::igb::regs::{I82576, Regs};
use vmdq::{Io, Platform};

fn read<P: Platform>(io: Io<'_, P>) {
    let _ = I82576::GPRC.on(io).get();
}

fn main() {}
