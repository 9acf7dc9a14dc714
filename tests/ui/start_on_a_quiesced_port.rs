//! No pool starts on a quiesced port, whose rings are taken apart.

use vmdq::igb::I82576;
use vmdq::ring::{BufferSize, RingSpace};
use vmdq::targeted::{TargetedSpace, Targeting};
use vmdq::vmm::{VmId, Vmm};
use vmdq::{Idle, Platform, Pool, Port, Quiesced};

fn started<P: Platform>(
    port: &Port<I82576, P, Quiesced>,
    pool: Pool<I82576, P, Idle>,
    [rx, tx]: [RingSpace; 2],
    size: BufferSize,
) {
    let _ = port.start(pool, rx, tx, size);
}

fn targeted<P: Platform, V: Vmm>(
    port: &Port<I82576, P, Quiesced>,
    pool: Pool<I82576, P, Idle>,
    (rx, tx): (TargetedSpace, RingSpace),
    size: BufferSize,
    vmm: V,
) {
    let _ = port.start_targeted(pool, rx, tx, Targeting::by_software(VmId(1), size), vmm);
}

fn main() {}
