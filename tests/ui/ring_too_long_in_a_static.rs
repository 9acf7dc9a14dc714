//! A ring has at most 4096 descriptors; in a static, `cargo check` says so.

use vmdq::ring::RxMemory;

struct Wrapper(RxMemory<8192>);
unsafe impl Sync for Wrapper {}

static RING: Wrapper = Wrapper(RxMemory::new());

fn main() {
    let _ = &RING.0;
}
