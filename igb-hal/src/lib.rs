#![no_std]
//! Register sequences for Intel's gigabit controllers with VMDq: 82575 and 82576.
//!
//! The 82575 is of the first generation: 4 queue pairs, and a filter names one queue. The 82576 is
//! of the second: 8 pools, and a filter names a set of pools. Behind
//! [`vmdq_hal::Controller`] both keep to the same rules: an address leads to one queue; broadcast,
//! multicast and unknown unicast go to the default queue.
//!
//! Registers of the I350 are in [`regs`], but it is not driven yet.
//!
//! # Limits
//!
//! - Copper ports (internal PHY). On SerDes and SGMII ports the link is not set up.
//! - 82575: an NVM must be present; the start-up script for boards without one is not done.
//! - The PCIe completion time-out is set where the device's own register has it (GCR). With
//!   capability version 2 it is in the PCI configuration space, hence the platform's to set.
//! - 82575: the receive buffer is not flushed as Intel's drivers do where management traffic is on
//!   (MANC.RCV_TCO_EN), and an alternate address in NVM is not looked for.
//! - Headers are replicated for packet types 0 to 9 (PSRTYPE), of which 6 to 9 are known of a younger
//!   sibling alone. Whether frames with nothing above their MAC header (type 0) are replicated is in
//!   dispute: the 82575's manual says no, the sibling's yes. A header counts as replicated only if
//!   the descriptor says so (SPH).
//! - The width of SRRCTL.BSIZEHEADER is in dispute: 4 bits are used, hence header buffers of up to 960
//!   bytes.
//! - 82576: while VMDq is on, tags are removed as VMOLR (and RPLOLR) say; CTRL.VME is set along as Intel's
//!   driver does. What reaches the default pool for want of any other keeps its tag, so that with
//!   [`Config::strip_tags`](vmdq_hal::Config::strip_tags) and promiscuous mode UTA and ROPE lead all
//!   unknown unicast there.
//! - 82575: how RLPML counts VLAN tags is not documented; the driver allows 4 bytes more and drops
//!   what is too long itself.

mod controller;
mod interrupts;
mod link;
mod model;
mod phy;
#[rustfmt::skip]
#[allow(missing_docs, clippy::doc_markdown)]
pub mod regs;
mod reset;
mod rings;
mod statistics;

pub use model::{I82575, I82576, Igb, Model};
