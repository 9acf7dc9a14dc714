//! Descriptor rings, and the buffers that travel through them.
//!
//! A [`BufferPool`] is carved out of memory that is mapped for DMA once. Its [`Frame`]s are moved:
//! from the pool into a receive ring ([`RxRing::refill`]), out of it with a frame in them
//! ([`RxRing::receive`]), into a transmit ring ([`TxRing::send`]) and back ([`TxRing::reclaim`]).
//! All of it goes in bursts: each operation reads no register and writes at most one, the tail.

mod buffer;
mod buffers;
mod exchange;
mod forward;
mod frame;
mod in_place;
pub(crate) mod memory;
mod forwarded;
mod rx;
mod size;
mod tag;
mod tx;

pub use buffer::Buffer;
pub use buffers::{BufferMemory, BufferPool, PoolMemory, PoolError, ReleaseError, BufferSlot};
pub use exchange::Exchange;
pub use forward::ForwardError;
pub use frame::{Frame, FrameFlags, HEADER, TooLong};
pub use in_place::InPlace;
pub use memory::{Length, RingLength, RingMemory, RingSpace};
pub use forwarded::ForwardedFrame;
pub(crate) use rx::RingStart;
pub use rx::{RxCounters, RxRing};
pub use size::{BufferKib, BufferSize, Kib};
pub use tx::{SendError, TxRing};

/// Frames on their way between a ring and whoever works on them: at most `N`.
pub type Burst<const N: usize> = heapless::Vec<Frame, N>;
