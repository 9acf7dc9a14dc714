//! A targeted ring has room for at least one shared buffer; in a static, `cargo check` says so.

use vmdq::targeted::TargetedMemory;

struct Wrapper(TargetedMemory<64, 0>);
unsafe impl Sync for Wrapper {}

static NOTHING: Wrapper = Wrapper(TargetedMemory::new());

fn main() {
    let _ = &NOTHING.0;
}
