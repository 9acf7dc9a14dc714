//! Registers are words.

use vmdq::bus::Offset;

const BETWEEN: Offset = Offset::new(0x102);

fn main() {
    let _ = BETWEEN;
}
