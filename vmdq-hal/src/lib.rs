#![no_std]
//! The base of drivers for Ethernet controllers with VMDq (Virtual Machine Device Queues): bus, register
//! tokens, DMA, descriptor rings, and the life cycle with its move-only values.
//!
//! The family crates `igb-hal` and `ixgbe-hal` build on this crate, and most users need the facade
//! `vmdq`, which re-exports it. The policy above the queues is in `vmdq-core`, without `unsafe`. "The paper"
//! is Intel's "Notes on Software Design Support for Intel VMDq Technology" (2008).
//!
//! From the top down:
//!
//! - **Life cycle.** [`Port`]: `Reset -> Ready -> Vmdq -> Quiesced -> Reset`. [`Port::enable`] hands out
//!   every pool, filter slot and interrupt vector once, as move-only values ([`Resources`]).
//! - **Pools and filters.** [`Port::start`] gives a [`Pool`] a receive and a transmit ring;
//!   [`FilterTable::bind`] binds a filter from an address to a running pool.
//! - **Rings.** [`ring::RxRing`] and [`ring::TxRing`] move [`ring::Frame`]s in bursts: no register
//!   is read, at most one is written for each burst.
//! - **Targeted receive.** [`targeted`]: frames are received into buffers that a virtual machine shared.
//! - **Diagnosis.** [`Port::diagnose`] says which known mistake fits a pool without traffic.
//! - **Base.** [`bus::Bus`] accesses registers, [`dma::DmaSpace`] maps memory, [`reg`] gives each register
//!   the methods that its access kind allows.
//!
//! # Unsafe
//!
//! A program without `unsafe` is memory safe on a correct device and on one that writes false values. It relies
//! on the promises of the code that uses or implements these items; a test keeps the list complete.
//!
//! | item | what is relied on |
//! |---|---|
//! | [`Platform`] | bus, map and clock stay the same and belong together; the clock really waits; no method panics |
//! | [`Host::new`] | the clock really waits, and does not panic |
//! | [`Bus`](bus::Bus) | the id names one controller; accesses arrive in order, and no others; no method panics |
//! | [`Bus::write32`](bus::Bus::write32) | the value gives the controller no memory that it may not have, and nothing else drives it |
//! | [`Mmio::new`](bus::Mmio::new) | the window of one controller is mapped as device memory, whole, for this driver alone |
//! | [`Io::new`] | the holder writes no register that gives the controller foreign memory, or that the port manages |
//! | [`At::give`](reg::At::give), [`At::give_fields`](reg::At::give_fields), [`At::change`](reg::At::change) | the memory that the device gets with the value stays its own until the ring is seen disabled or the device is reset |
//! | [`DmaSpace`](dma::DmaSpace) | a bus address reaches the range that was mapped and nothing else until it is unmapped; caches are maintained as the platform needs; no method panics |
//! | [`DmaSpace::unmap`](dma::DmaSpace::unmap) | the range was mapped once, at this address, and no controller uses it any more |
//! | [`DmaSpace::for_device`](dma::DmaSpace::for_device), [`DmaSpace::for_cpu`](dma::DmaSpace::for_cpu) | the range is mapped and owned by the caller, not by a controller |
//! | [`Identity::new`](dma::Identity::new), [`Shifted::new`](dma::Shifted::new) | bus addresses are pointers (plus the constant), and caches are coherent with the controller |
//! | [`Vmm`](vmm::Vmm) | what it validates is one machine's memory alone; what it maps stays pinned and reaches that memory until it is unmapped |
//! | [`Vmm::unmap`](vmm::Vmm::unmap) | the same hypervisor mapped the range at this address, once, and no controller uses it any more |
//! | [`MsixTable::new`](msix::MsixTable::new) | the whole table of one controller is mapped as device memory, and nothing else writes it |
//! | [`MsixMessage::new`](msix::MsixMessage::new) | the address is one of an interrupt controller, whose interrupt has a handler |
//! | [`Port::new`] | the platform reaches a controller of this model that nothing else drives and that accesses only memory it was given |
//! | [`Port::assume_quiesced`] | all DMA of the device has ended, and stays so until the port is initialised |
//! | [`Model`](device::Model), [`Life`](device::Life), [`Filters`](device::Filters), [`Vlans`](device::Vlans), [`Pools`](device::Pools), [`Queues`](device::Queues), [`Vectors`](device::Vectors), [`LinkControl`](device::LinkControl), [`Counters`](device::Counters) | the sequences do what their names say, hand over no memory but that of rings, see the device stopped where they say so, and end |
//! | [`LiveAccept`](device::LiveAccept), [`DefaultPoolChoice`](device::DefaultPoolChoice), [`HeaderReplication`](device::HeaderReplication) | the device has the ability, and its sequences are as those above |
//! | [`Queues::start_receive`](device::Queues::start_receive), [`Queues::start_transmit`](device::Queues::start_transmit) | the descriptors stay mapped until the ring is seen stopped |
//! | [`Ring::hand_over`](device::shared::rings::Ring::hand_over), [`Ring::enable`](device::shared::rings::Ring::enable) | the ring was seen disabled, and its descriptors stay mapped until that is seen again |
//! | `controllers`, `Function::at` of the facade's module for PCI | configuration space is reached, and nothing else changes that of the controllers or drives them; no port is in use while BARs are sized or assigned, or a function is woken or reset; the controllers have no memory from earlier software when bus mastering is turned on |
//! | `MemoryWindow::new` there | the addresses lead to the bus of the functions that get some, and nothing else is there |
//! | `ReceiveHalf::dismantle` (sealed) | the device was seen to have stopped the ring |
//!
//! # Features
//!
//! None by default; both are additive, and `defmt` wins over `log`. Resets, the link, VMDq on and off, filters
//! bound, moved and removed, pools started and stopped, and routes are logged as information; what failed is
//! logged as a warning. Nothing is logged for a frame or a burst.
//!
//! - `defmt`: logs through `defmt`, and implements `defmt::Format`.
//! - `log`: logs through the `log` crate.
//!
//! # Other crates in the interface
//!
//! What is of a version 0.x is re-exported where it is used, so that a program takes the same version from
//! here: [`reg::tock_registers`] (fields of registers) and [`dma::WriteBuffer`] (memory for buffers).
//!
//! # Limits
//!
//! A frame is in one buffer, never in several (the frame limit must fit the buffer). There are no checksum or
//! segmentation offloads and no RSS.

mod buffer_size;
pub mod bus;
mod collection;
mod config;
pub mod device;
mod diagnose;
pub mod dma;
mod fault;
mod filter;
mod filter_memory;
mod fmt;
mod index;
mod link;
pub mod msix;
mod owner;
mod platform;
mod pool;
mod port;
mod refused;
pub mod reg;
pub mod ring;
mod start;
mod statistics;
pub mod targeted;
mod vector;
pub mod vmm;

pub use collection::{Collection, Mint, Minted};
pub use config::{Causes, Config};
pub use diagnose::{Diagnosis, Finding};
pub use fault::{Fault, Gone, TimedOut};
pub use filter::{BindError, Binding, BindingId, FilterError, FilterSlot, FilterTable};
pub use filter_memory::{FilterMemory, Shadow};
pub use index::{FilterIndex, PoolIndex, PoolSet, RingIndex, VectorIndex, VectorSet};
pub use link::{Link, Speed};
pub use platform::{Host, Platform, SharedDelay, WaitWith};
pub use pool::{Idle, Pool, Running};
pub use port::{
    HandedOut, InitError, Initialised, Missing, OtherPort, Part, Parts, Plan, Port, Quiesced, Ready, Reset,
    Resources, Restore, RestoreError, SetDefaultError, Vmdq, VmdqOff, VmdqOn,
};
pub use refused::Refused;
pub use reg::io::Io;
pub use start::{NotStarted, ReceiveRing, StartError, Started, StopError, Stopped};
pub use statistics::Statistics;
pub use vector::Vector;
pub use vmdq_core::{Accept, FrameLimit, MacAddress};
