//! The 82576 has 24 receive addresses.

use vmdq::bus::Offset;
use vmdq::igb::regs::{I82576, Regs};

const BEYOND: Offset = I82576::RAL.at(24).offset();

fn main() {
    let _ = BEYOND;
}
