//! The register window has 128 KiB.

use vmdq::bus::Offset;

const OUTSIDE: Offset = Offset::new(0x2_0000);

fn main() {
    let _ = OUTSIDE;
}
