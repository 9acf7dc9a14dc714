#![no_std]
#![doc = "Vocabulary, DMA rings, typestate and policy for Ethernet controllers with VMDq."]
//!
//! VMDq (Virtual Machine Device Queues) sorts received frames by destination address into one queue
//! for each virtual machine, and sends from one queue for each virtual machine in round robin. This
//! crate holds all of it that is not a register sequence of one family; those are in `igb-hal` and
//! `ixgbe-hal`, and most users name the facade `vmdq`.
//!
//! From the top down:
//!
//! - **Life cycle.** [`Port`]: `Reset -> Ready -> Vmdq`. [`Port::enable`] hands out every queue,
//!   filter slot and interrupt vector once, as move-only values ([`Resources`]).
//! - **Queues and filters.** [`Queue::start`] turns a queue into two rings and a [`Pool`];
//!   [`FilterTable::bind`] leads an address to a pool.
//! - **Rings.** [`ring::RxRing`] and [`ring::TxRing`] move [`ring::Frame`]s in bursts: no register
//!   is read, at most one is written for each burst.
//! - **Policy**, without `unsafe` and without a bus: [`classify`], [`group`], [`fair`], [`switch`].
//! - **Ground.** [`bus::Bus`] reaches registers, [`dma::DmaSpace`] maps memory, [`reg`] gives each
//!   register the access that it allows.
//!
//! Four public things are unsafe, each a claim about the platform: [`bus::Mmio::new`] (the window is
//! mapped and mine alone), [`Port::new`] (the device touches only memory that it was given),
//! `unsafe impl` [`dma::DmaSpace`] with its ready-made constructors, and the write of a
//! [`reg::Dma`] register. [`Controller`] is for the family crates alone.
//!
//! What is not done: frames span one buffer, never several (the frame limit must fit the buffer);
//! no checksum or segmentation offloads; no RSS.

mod array;
pub mod bus;
pub mod channel;
pub mod classify;
mod config;
pub mod controller;
pub mod dma;
pub mod fair;
mod filter;
#[doc(hidden)]
#[macro_use]
pub mod fmt;
pub mod group;
mod limit;
mod link;
mod mac;
mod port;
mod queue;
mod receive;
pub mod reg;
pub mod ring;
mod statistics;
pub mod switch;
pub mod tag;
pub mod targeted;
mod vector;
pub mod vmm;
#[doc(hidden)]
pub mod wait;

pub use array::Array;
pub use config::{Accept, Causes, Config};
pub use controller::{Controller, DefaultQueueChoice, HeaderReplication, LiveAccept, TimedOut, Warnings};
pub use filter::{BindError, Binding, BindingId, FilterError, FilterSlot, FilterTable};
pub use limit::FrameLimit;
pub use link::{Link, Speed};
pub use mac::MacAddress;
pub use port::{
    DisableError, InitError, Initialised, OtherPort, Parts, Port, Ready, Reset, Resources, Silence, Vmdq,
    VmdqOff, VmdqOn,
};
pub use queue::{Pool, Queue, Running, StartError, StopError, Stopped};
pub use receive::HeaderSize;
pub use statistics::Statistics;
pub use vector::Vector;
