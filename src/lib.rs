#![no_std]
#![deny(unsafe_code)]
//! Drives Intel Ethernet controllers with VMDq (Virtual Machine Device Queues), without `std` or
//! `alloc`, for hypervisors, unikernels and firmware.
//!
//! The controller sorts received frames by destination address into one pool for each virtual
//! machine, and sends from one ring for each virtual machine in round robin. Misusing it does not
//! compile: VMDq, its pools, its filters, its vectors and every buffer are move-only values.
//!
//! No real controller has run this code yet. It is tested on strict models of the controllers, which are
//! written from their own reading of the documentation, and the 82576 on QEMU's `igb`.
//!
//! # Contents
//!
//! Everything of `vmdq-core` (policy, without `unsafe`) and `vmdq-hal` (registers, rings, life cycle) is
//! re-exported here. From the wire to a virtual machine:
//!
//! | | module | paper |
//! |---|---|---|
//! | models of controllers, which are types and values | [`igb`] (82575, 82576), [`ixgbe`] (82598) | |
//! | the model of a PCI function, and a model that is chosen at run time | [`ModelName`], [`PCI_IDS`], [`Any`] | |
//! | the machine that a driver runs on: registers, memory, time | [`Platform`], [`Host`], [`bus`], [`dma`] | |
//! | the life cycle, pools, filters, interrupt vectors | [`Port`], [`Pool`], [`FilterTable`], [`Vector`], [`Plan`] | |
//! | buffers, frames, receive and transmit rings; forwarding by exchange and in place | [`ring`] | |
//! | receiving into a virtual machine's own buffers, with replicated headers for the switch | [`targeted`] | 3.7 |
//! | frames of one queue as groups, matched or not | [`group`] | 2.2, 3.5.1 |
//! | the receive rules in software, and a table with a constant look-up time | [`classify`] | 2.1, 3.4 |
//! | the virtual switch: destination of a group, learning, VLANs, port security | [`switch`] | 2.3.6, 2.3.7, 3.1 |
//! | the path of a group through the switch to an interface | [`relay`] | 2.3.6, 3.5 |
//! | 802.1Q tags in and out of frames, as the switch asks | [`tag`] | |
//! | turns of frames and of weighted bytes; flows on several queues, in order | [`fair`] | 2.2, 3.6 |
//! | the I/O channel between a guest's virtual driver and its virtual interface | [`channel`] | 2.3.5, 3.6.1 |
//! | guest memory, which is never a slice: what a hypervisor implements | [`guest`], [`vmm`] | 2.3.2, 3.7 |
//!
//! "The paper" is Intel's "Notes on Software Design Support for Intel VMDq Technology" (2008); a
//! [later white paper](http://www.intel.com/content/www/us/en/virtualization/vmdq-technology-paper.html) of
//! Intel's describes the same technology. The paper's claims about speed (section 1.4) and the cost of a frame here
//! have pages of their own: [`claims`] and [`performance`].
//!
//! A guest without a virtual driver for the channel can keep its ordinary one (the paper's emulated path,
//! section 2.3.4): `vmdq_sim::Emulated` is an 82576 in software whose wire is an interface of the
//! switch.
//!
//! A TCP/IP stack runs on a queue pair through the crate `vmdq-smoltcp`, which needs a newer compiler.
//!
//! # Controllers
//!
//! | model | pools | filters | driven |
//! |---|---|---|---|
//! | 82575 | 4 | 15 | yes |
//! | 82576 | 8 | 23 | yes |
//! | I350 | 8 | 31 | not yet |
//! | 82598 | 16 | 15 | yes |
//! | 82599 (X520) | 64 | 127 | not yet |
//! | X540 | 64 | 127 | not yet |
//!
//! # A program
//!
//! The [guide](guide) explains it line by line, and goes on from there: memory, interrupts, filters, sending,
//! stopping.
//!
#![doc = include_str!("guide/program.md")]
//!
//! # Firmware
//!
//! `examples/firmware` is a program without an operating system: one source for three machines of QEMU, with start
//! code, memory in `static`s, PCI and MSI-X. All of it, with four queue pairs and the model chosen at run time, needs
//! 8 KiB of stack in a release build, 32 KiB without optimisation (7.4 and 30.5 KiB were measured): a smaller
//! stack overflows without a message on most machines. Keep what lives long, such as [`Resources`], in a `static`
//! or in one place of the stack: for a concrete model it holds arrays, which are copied when they are moved. A
//! linked release image has no path to a panic.
//!
//! # Features
//!
//! None by default; all are additive, and `defmt` wins over `log`.
//!
//! - `defmt`: logs a port's life through `defmt`, and implements `defmt::Format` for the types of all crates.
//! - `log`: logs a port's life through the `log` crate.
//! - `pci`: adds the module `pci`, which finds and enables controllers on the PCI bus.

mod any;
#[cfg(any(doc, doctest))]
pub mod guide;
mod ids;
#[cfg(feature = "pci")]
pub mod pci;
#[cfg(doc)]
#[doc = include_str!("performance.md")]
pub mod performance {}
#[cfg(doc)]
#[doc = include_str!("claims.md")]
#[doc = include_str!("claims_groups.md")]
#[doc = include_str!("claims_transmit.md")]
#[doc = include_str!("claims_targeted.md")]
pub mod claims {}

pub use any::{Any, Lack, NotDriven};
pub use ids::{INTEL, ModelName, PCI_IDS, PciId};
pub use igb_hal as igb;
pub use ixgbe_hal as ixgbe;
#[doc(inline)]
pub use vmdq_core::*;
#[doc(inline)]
pub use vmdq_hal::*;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
