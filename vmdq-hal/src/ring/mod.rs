//! Descriptor rings, and the buffers that travel through them.
//!
//! A [`BufferPool`] is carved out of memory that is mapped for DMA once. Its [`Frame`]s are moved:
//! from the pool into a receive ring ([`RxRing::refill`]), out of it with a frame in them
//! ([`RxRing::receive`]), into a transmit ring ([`TxRing::send`]) and back ([`TxRing::reclaim`]).
//! All of it goes in bursts: each operation reads no register and writes at most one, the tail.

mod buffer;
mod buffers;
mod burst;
mod exchange;
mod forward;
mod forwarded;
mod frame;
mod in_place;
mod lost;
pub(crate) mod memory;
mod pool_memory;
mod rx;
mod tag;
mod tx;

pub use buffer::Buffer;
pub use buffers::{BufferMemory, BufferPool, BufferSlot, PoolError, PoolParts};
pub use burst::{Burst, Drain};
pub use exchange::Exchange;
pub use forward::ForwardError;
pub use forwarded::ForwardedFrame;
pub use frame::{Frame, FrameFlags, HEADER, TooLong};
pub use in_place::InPlace;
pub use lost::lost_buffers;
pub use memory::{Length, RingLength, RingMemory, RingSource, RingSpace};
pub use pool_memory::{PoolMemory, ReleaseError};
pub(crate) use rx::{RingStart, RxProgress};
pub use rx::{RxCounters, RxRing};
pub(crate) use tx::TxProgress;
pub use tx::{SendError, TxRing};

pub use crate::buffer_size::{BufferKib, BufferSize, Kib};

/// A ring is moved and returned: it stays within two cache lines on an ordinary platform.
const _: () = {
    use crate::bus::Mmio;
    use crate::dma::Identity;
    use crate::platform::{Host, WaitWith};

    type Ordinary = Host<Mmio, Identity, WaitWith>;
    assert!(size_of::<RxRing<Ordinary>>() <= 128, "a receive ring is larger than two cache lines");
    assert!(size_of::<TxRing<Ordinary>>() <= 128, "a transmit ring is larger than two cache lines");
};
