//! Of a frame that landed in a virtual machine the I/O container has the header, not the frame.

use vmdq::Platform;
use vmdq::ring::Burst;
use vmdq::targeted::TargetedRing;
use vmdq::vmm::Vmm;

fn receive<P: Platform, V: Vmm>(rx: &mut TargetedRing<P, V>, burst: &mut Burst<32>) {
    rx.receive(burst);
}

fn main() {}
