#![no_std]
//! Register sequences for Intel's ten-gigabit controllers with VMDq: 82598.
//!
//! The 82598 is of the first generation: 16 VMDq output indices, each with a queue pair of its own,
//! and a filter names one index. Behind [`vmdq_hal::Controller`] it keeps to the same rules as all
//! others: an address leads to one queue; broadcast, multicast and unknown unicast go to the
//! default queue, which is queue 0.
//!
//! Registers of the 82599 and the X540 are in [`regs`], but they are not driven yet.
//!
//! # Limits, and choices where the documentation at hand is silent
//!
//! - The default index is left at 0: where in VMD_CTL it is set is not verified.
//! - What is accepted beyond filters (FCTRL) is set once, before queues run: the receiver has to be
//!   off for it, and it may be turned off with all queues disabled only.
//! - A queue without descriptors drops by SRRCTL.DROP_EN, as Intel's own driver for this device does.
//! - RXDCTL and TXDCTL do not show whether a queue is enabled while the link is down: a queue can
//!   be started then, but its memory comes back only with the link up, or after the port is
//!   silenced.
//! - MAXFRS (MHADD) is set 4 bytes higher than the frame limit although one source says that the device
//!   adds 4 bytes for a tag by itself; the receive ring drops what is too long.
//! - Headers are replicated with SRRCTL.DESCTYPE 3 ("always"), which the datasheet pages at hand do not
//!   name; they describe replication and name 4, "large packets only". 3 is what the sibling family
//!   has, and with 4 a short frame would reach its header buffer only. Nothing rests on it: a header
//!   counts as replicated only if the descriptor says so (SPH).
//! - The layout of PSRTYPE is in dispute: Intel's driver has a bit for each protocol, the datasheet a bit
//!   for each type of packets. Both readings' bits are set. Whatever the device then does not
//!   recognise, or not replicate (MAC headers alone, by the datasheet), arrives without SPH.
//! - Tags are removed for all queues or none (VLNCTRL.VME), set with the receiver off. The limit of a
//!   frame is that on the wire.
//! - The link of ports that negotiate (KX4, KX, BX) is restarted, never reconfigured.

mod controller;
mod interrupts;
mod link;
mod model;
#[rustfmt::skip]
#[allow(clippy::doc_markdown)]
pub mod regs;
mod reset;
mod rings;
mod statistics;

pub use model::{I82598, Ixgbe, Model};
