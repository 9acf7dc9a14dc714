//! Register sequences belong to the port: users have no `Io` for them.

use vmdq::device::{Queues, RingKind};
use vmdq::igb::I82576;
use vmdq::{Platform, RingIndex};

fn stop<P: Platform>(platform: &P) {
    let _ = I82576.stop(platform, RingKind::Receive, RingIndex::new(0), &mut true);
}

fn main() {}
