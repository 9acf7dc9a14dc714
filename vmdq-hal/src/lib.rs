#![no_std]
//! What drivers of Ethernet controllers with VMDq (Virtual Machine Device Queues) stand on: bus,
//! register tokens, DMA, descriptor rings, and the life cycle with its move-only values.
//!
//! The family crates `igb-hal` and `ixgbe-hal` build on this crate, and most users name the facade
//! `vmdq`, which re-exports it. The policy above the queues is in `vmdq-core`, without `unsafe`.
//!
//! From the top down:
//!
//! - **Life cycle.** [`Port`]: `Reset -> Ready -> Vmdq`. [`Port::enable`] hands out every queue,
//!   filter slot and interrupt vector once, as move-only values ([`Resources`]).
//! - **Queues and filters.** [`Queue::start`] turns a queue into two rings and a [`Pool`];
//!   [`FilterTable::bind`] leads an address to a pool.
//! - **Rings.** [`ring::RxRing`] and [`ring::TxRing`] move [`ring::Frame`]s in bursts: no register
//!   is read, at most one is written for each burst.
//! - **Level 2.** [`targeted`]: frames land in buffers that a virtual machine shared.
//! - **Ground.** [`bus::Bus`] reaches registers, [`dma::DmaSpace`] maps memory, [`reg`] gives each
//!   register the access that it allows.
//!
//! What is not done: frames span one buffer, never several (the frame limit must fit the buffer);
//! no checksum or segmentation offloads; no RSS.

pub mod bus;
mod collection;
mod config;
pub mod device;
pub mod dma;
mod fault;
mod filter;
#[doc(hidden)]
#[macro_use]
pub mod fmt;
mod index;
mod io;
mod link;
mod owner;
mod platform;
mod pool;
mod port;
mod refused;
pub mod reg;
pub mod ring;
mod statistics;
pub mod targeted;
mod vector;
pub mod vmm;

pub use collection::{Collection, Mint, Minted};
pub use config::{Causes, Config};
pub use fault::{Fault, Gone, TimedOut};
pub use filter::{BindError, Binding, BindingId, FilterError, FilterMemory, FilterSlot, FilterTable, Shadow};
pub use index::{FilterIndex, PoolIndex, PoolSet, RingIndex, VectorIndex, VectorSet};
pub use io::Io;
pub use link::{Link, Speed};
pub use platform::{Host, Platform, SharedDelay, WaitWith};
pub use pool::{Idle, NotStarted, Pool, ReceiveRing, Running, StartError, Started, StopError, Stopped};
pub use port::{
    InitError, Initialised, Missing, OtherPort, Part, Parts, Plan, Port, Quiesced, Ready, Reset, Resources,
    Restore, RestoreError, SetDefaultError, Vmdq, VmdqOff, VmdqOn,
};
pub use refused::Refused;
pub use statistics::Statistics;
pub use vector::Vector;
pub use vmdq_core::{Accept, FrameLimit, MacAddress};
