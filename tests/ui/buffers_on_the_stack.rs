//! Buffers live for good.

use vmdq::dma::Identity;
use vmdq::ring::{BufferPool, BufferSize, BufferSlot};

fn local(size: BufferSize, slots: &'static mut [BufferSlot], dma: Identity) {
    let mut region = [0; 8192];
    let _ = BufferPool::carve(&mut region, size, slots, dma);
}

fn main() {}
