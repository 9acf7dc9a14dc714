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

mod array;
pub mod bus;
mod config;
pub mod controller;
pub mod dma;
mod filter;
#[doc(hidden)]
#[macro_use]
pub mod fmt;
mod link;
mod port;
mod queue;
mod receive;
pub mod reg;
pub mod ring;
mod statistics;
pub mod targeted;
mod vector;
pub mod vmm;
#[doc(hidden)]
pub mod wait;

pub use array::Array;
pub use config::{Causes, Config};
pub use controller::{Controller, DefaultQueueChoice, HeaderReplication, LiveAccept, TimedOut, Warnings};
pub use filter::{BindError, Binding, BindingId, FilterError, FilterSlot, FilterTable};
pub use link::{Link, Speed};
pub use port::{
    DisableError, InitError, Initialised, OtherPort, Parts, Port, Ready, Reset, Resources, Silence, Vmdq,
    VmdqOff, VmdqOn,
};
pub use queue::{Pool, Queue, Running, StartError, StopError, Stopped};
pub use receive::HeaderSize;
pub use statistics::Statistics;
pub use vector::Vector;
pub use vmdq_core::{Accept, FrameLimit, MacAddress};
