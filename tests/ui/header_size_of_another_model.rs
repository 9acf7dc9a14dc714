//! A size of header buffers is one that the model has.

use vmdq::igb::I82576;
use vmdq::ixgbe::I82598;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::targeted::{HeaderSize, TargetedSpace, Targeting};
use vmdq::vmm::{VmId, Vmm};
use vmdq::{Idle, Platform, Pool, Port, Vmdq};

fn mixed<P: Platform, V: Vmm>(
    port: &Port<I82576, P, Vmdq>,
    pool: Pool<I82576, P, Idle>,
    (rx, tx): (TargetedSpace, RingSpace),
    size: BufferSize,
    headers: HeaderSize<I82598>,
    vmm: V,
) {
    let _ = port.start_targeted(pool, rx, tx, Targeting::replicated(VmId(1), size, headers), vmm);
}

fn main() {}
