//! The limits: the same work by hand, without checks, over the same rings.
//!
//! What each of them leaves out, a driver has to pay for: that the device lies, that a ring runs full
//! or empty, that a frame is too long, that a pool is another one.

mod burst;
mod exchange;
mod in_place;

use vmdq_bench::{Layout0, Nic, pages};

use crate::subject::{Path, Subject};

pub(crate) use burst::Burst;
pub(crate) use exchange::Exchange;
pub(crate) use in_place::InPlace;

const RING: usize = 512;
const MASK: usize = RING - 1;
/// One more cache line than a buffer has, so that headers are spread over the cache.
const STRIDE: usize = 2048 + 64;
/// Frames that are taken back for one look at a descriptor.
const RECLAIM: usize = 32;

const DD: u64 = 1;
const TX_DONE: u64 = 1 << 32;
const COMMAND: u64 = 3 << 20 | 1 << 29 | 1 << 24 | 1 << 25;
const REPORT: u64 = 1 << 27;

type Descriptor = [u64; 2];

/// A way to forward.
pub(crate) trait Forward: Sized + 'static {
    const PATH: Path;

    /// Takes over rings that the device knows; fills the receive ring.
    fn new(rings: Rings) -> Self;

    /// Forwards at most `size` frames.
    ///
    /// # Safety
    ///
    /// The device writes back only what it was given, and no more frames are under way than the rings
    /// hold.
    unsafe fn forward(&mut self, size: usize);
}

/// The two rings of a queue pair, and where their tails are.
pub(crate) struct Rings {
    rx: *mut Descriptor,
    tx: *mut Descriptor,
    rx_tail: *mut u32,
    tx_tail: *mut u32,
}

/// Sets a device up by hand and forwards in a way `F`.
pub(crate) fn subject<F: Forward>(layout: Layout0, device: &'static str) -> Subject {
    let nic = Nic::new(layout);
    let register = |at: usize| nic.registers().at().as_ptr().wrapping_add(at).cast::<u32>();
    let ring = || pages(RING * size_of::<Descriptor>()).as_ptr().cast::<Descriptor>();
    let rx = ring();
    // In place, the descriptor that received a frame sends it.
    let tx = if F::PATH == Path::InPlace { rx } else { ring() };
    for (block, ring) in [(layout.rx, rx), (layout.tx, tx)] {
        // SAFETY: inside the register file.
        unsafe {
            register(block).write_volatile(ring as usize as u32);
            register(block + 4).write_volatile((ring as usize as u64 >> 32) as u32);
            register(block + 8).write_volatile((RING * size_of::<Descriptor>()) as u32);
        }
    }
    let (rx_tail, tx_tail) = (register(layout.rx + 0x18), register(layout.tx + 0x18));
    let mut forward = F::new(Rings { rx, tx, rx_tail, tx_tail });
    // SAFETY: all descriptors but the last are filled; inside the register file.
    unsafe { rx_tail.write_volatile(MASK as u32) };
    // SAFETY: the device in memory keeps to the rules, and a region has fewer frames than a ring.
    let burst = Box::new(move |size| unsafe { forward.forward(size) });
    Subject { name: "limit", device, path: F::PATH, nic, burst }
}

/// Memory for a number of buffers, one [`STRIDE`] apart.
fn buffers(count: usize) -> *mut u8 {
    pages(count * STRIDE).as_ptr()
}
