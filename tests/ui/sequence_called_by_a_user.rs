//! Register sequences belong to the port: users have no `Io` for them.

use vmdq::device::Queues;
use vmdq::igb::I82576;
use vmdq::{Platform, RingIndex};

fn stop<P: Platform>(platform: &P) {
    let _ = I82576.stop_receive(platform, RingIndex::new(0), &mut true);
}

fn main() {}
