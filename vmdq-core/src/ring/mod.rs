//! Descriptor rings, and the buffers that travel through them.
//!
//! A [`BufferPool`] is carved out of memory that is mapped for DMA once. Its [`Frame`]s are moved:
//! from the pool into a receive ring ([`RxRing::refill`]), out of it with a frame in them
//! ([`RxRing::receive`]), into a transmit ring ([`TxRing::send`]) and back ([`TxRing::reclaim`]).
//! All of it goes in bursts: each operation reads no register and writes at most one, the tail.

mod buffers;
mod frame;
mod memory;
mod rx;
mod tx;

pub use buffers::{
    BufferKib, BufferMemory, BufferPool, BufferSize, Kib, Lent, PoolError, ReleaseError, Shelf,
};
pub use frame::{Frame, FrameFlags, TooLong};
pub use memory::{Length, RingLength, RingMemory, RingSpace};
pub use rx::{RxCounters, RxRing};
pub use tx::{SendError, TxRing};

/// Frames on their way between a ring and whoever works on them: at most `N`.
pub type Burst<const N: usize> = heapless::Vec<Frame, N>;
