//! The memory of a targeted ring lives for good, the table of shared buffers included.

use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::targeted::{TargetedMemory, Targeting};
use vmdq::vmm::{VmId, Vmm};
use vmdq::{Idle, Platform, Pool, Port, Vmdq};

fn local<P: Platform, V: Vmm>(
    port: &Port<I82576, P, Vmdq>,
    pool: Pool<I82576, P, Idle>,
    tx: RingSpace,
    size: BufferSize,
    vmm: V,
) {
    let mut rx = TargetedMemory::<64, 64>::new();
    let _ = port.start_targeted(pool, &mut rx, tx, Targeting::by_software(VmId(1), size), vmm);
}

fn main() {}
