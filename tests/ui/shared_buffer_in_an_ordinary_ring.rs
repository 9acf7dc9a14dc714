//! What a virtual machine shared is posted by the ring that checked it, and to no other.

use vmdq::Platform;
use vmdq::ring::RxRing;
use vmdq::targeted::Targeted;

fn elsewhere<P: Platform>(received: Targeted, mut other: RxRing<P>) {
    let _ = other.post_one(received.range);
}

fn main() {}
