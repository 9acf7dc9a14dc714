#![no_std]
//! Intel's gigabit controllers with VMDq for `vmdq-hal`: 82575 and 82576.
//!
//! Most users name the facade `vmdq`, which re-exports the models; depend on this crate directly
//! to leave other families out. Each piece of hardware is a module of the same name as its trait in
//! [`vmdq_hal::device`], and the differences between models are in `model`.
//!
//! The 82575 is of the first generation: 4 pools of one queue pair, and a filter names one of them. The
//! 82576 is of the second: 8 pools, and a filter names a set of them. Both follow the same rules here: an
//! address has one pool; broadcast, multicast and unknown unicast go to the default pool.
//!
//! Registers of the I350 are in [`regs`], but it is not driven yet. `FACTS.md` beside this crate's sources
//! has the facts about the hardware, each with its source and confidence.
//!
//! VMDq itself is described in Intel's "Notes on Software Design Support for Intel VMDq Technology" (2008).
//!
//! | module | hardware |
//! |---|---|
//! | `life` | reset, initialisation, master disable |
//! | `filters` | receive addresses (RAL, RAH) |
//! | `vlans` | 802.1Q tags and the VLAN filter tables |
//! | `pools` | VMDq on and off, the default pool, what is accepted beyond filters |
//! | `queues` | descriptor rings |
//! | `vectors` | MSI-X and interrupt causes |
//! | `link` | the copper link and its PHY |
//! | `counters` | statistics |
//! | `model` | the limits of each model, and its differences |
//!
//! # Features
//!
//! `defmt` and `log` switch on the feature of the same name in `vmdq-hal`, which logs what a port does; the
//! sequences of this crate log nothing, as what fails in them is a value there.
//!
//! # Limits
//!
//! - Copper ports (internal PHY). On SerDes and SGMII ports the link is not set up.
//! - [`Port::init`](vmdq_hal::Port::init) tells an 82575 by PBA, which holds through the reset what was written
//!   before it, and an 82576 by VLVF, which the 82575 lacks.
//! - 82575: an NVM must be present; the start-up script for boards without one is not done.
//! - The PCIe completion time-out is set where the device's own register has it (GCR). With
//!   capability version 2 it is in the PCI configuration space, and the platform has to set it.
//! - 82575: the receive buffer is not flushed as Intel's drivers do where management traffic is on
//!   (MANC.RCV_TCO_EN), and an alternate address in NVM is not looked for.
//! - Headers are replicated for packet types 0 to 9 (PSRTYPE), of which 6 to 9 are known only from a
//!   younger sibling. Whether frames with nothing above their MAC header (type 0) are replicated is in
//!   dispute: the 82575's manual says no, the sibling's yes. A header counts as replicated only if
//!   the descriptor says so (SPH).
//! - The width of SRRCTL.BSIZEHEADER is in dispute: 4 bits are used, so header buffers have up to 960
//!   bytes.
//! - 82576: while VMDq is on, tags are removed as VMOLR (and RPLOLR) say; CTRL.VME is also set, as Intel's
//!   driver does. A frame that reaches the default pool because no other matched keeps its tag, so with
//!   [`Config::strip_tags`](vmdq_hal::Config::strip_tags) and promiscuous mode UTA and ROPE select the
//!   default pool for all unknown unicast.
//! - 82575: how RLPML counts VLAN tags is not documented; the driver allows 4 bytes more and drops
//!   what is too long itself.

mod counters;
mod filters;
mod life;
mod link;
mod model;
mod pools;
mod queues;
#[rustfmt::skip]
#[allow(missing_docs, clippy::doc_markdown)]
pub mod regs;
mod vectors;
mod vlans;

pub use model::{I82575, I82576, Igb};
