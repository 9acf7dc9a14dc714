//! What a virtual machine shared is posted by the ring that checked it, and to no other.

use vmdq::bus::Mmio;
use vmdq::dma::Identity;
use vmdq::igb::I82576;
use vmdq::ring::RxRing;
use vmdq::targeted::Targeted;

fn elsewhere(received: Targeted, mut other: RxRing<I82576, Mmio, Identity>) {
    let _ = other.post_one(received.range);
}

fn main() {}
