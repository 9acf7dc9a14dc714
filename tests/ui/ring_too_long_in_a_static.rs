//! A ring has at most 4096 descriptors; in a static, `cargo check` says so.

use vmdq::ring::RingMemory;

struct Wrapper(RingMemory<8192>);
unsafe impl Sync for Wrapper {}

static RING: Wrapper = Wrapper(RingMemory::new());

fn main() {
    let _ = &RING.0;
}
