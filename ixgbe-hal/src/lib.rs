#![no_std]
//! Registers and register sequences of Intel's ten-gigabit controllers with VMDq: 82598.
//!
//! Most users need the facade `vmdq`, which re-exports the models of this crate. Depend on it directly to
//! leave other families out, or to read the register tables ([`regs`]). The operations of a port are in
//! [`vmdq_hal`]; this crate has only what differs between families, and its sequences can't be called from
//! outside.
//!
//! | file | hardware |
//! |---|---|
//! | `life` | reset, initialisation, master disable |
//! | `filters` | receive addresses (RAL, RAH) |
//! | `vlans` | removal of 802.1Q tags, VLAN tables |
//! | `pools` | VMDq itself, and what is accepted beyond the filters |
//! | `queues` | descriptor rings |
//! | `vectors` | MSI-X vectors and interrupt causes |
//! | `link` | the link |
//! | `counters` | statistics |
//! | `model` | the differences between models, a file each |
//!
//! The 82598 is of the first generation: 16 VMDq output indices, which are its pools, each with a receive
//! and a transmit ring of its own, and a filter names one index. Behind [`vmdq_hal::device::Model`] it keeps
//! to the same rules as all others: an address has one pool; broadcast, multicast and unknown unicast
//! go to the default pool, which is pool 0.
//!
//! Registers of the 82599 and the X540 are in [`regs`], but they are not driven yet. The facts about
//! the hardware, each with its source and confidence, are in `FACTS.md` of this crate. VMDq itself is described
//! in Intel's "Notes on Software Design Support for Intel VMDq Technology" (2008).
//!
//! # Features
//!
//! `defmt` and `log` switch on the feature of the same name in `vmdq-hal`, which logs what a port does; the
//! sequences of this crate log nothing, as what fails in them is a value there.
//!
//! # Limits, and choices where the documentation at hand says nothing
//!
//! - The default index is left at 0: where in VMD_CTL it is set is not verified.
//! - What is accepted beyond filters (FCTRL) is set once, before rings run: the receiver has to be off for
//!   it, and it may be turned off with all rings disabled only.
//! - A ring without descriptors drops by SRRCTL.DROP_EN, as Intel's own driver for this device does.
//! - RXDCTL and TXDCTL do not show whether a ring is enabled while the link is down: a pool can be started
//!   then, but its memory comes back only with the link up, or after the port is quiesced.
//! - MAXFRS (MHADD) is set 4 bytes higher than the frame limit although one source says that the device
//!   adds 4 bytes for a tag by itself; the receive ring drops what is too long.
//! - Headers are replicated with SRRCTL.DESCTYPE 3 ("always"), which the datasheet pages at hand do not name;
//!   they describe replication and name 4, "large packets only". 3 is what the sibling family has, and with 4 a
//!   short frame would reach its header buffer only. The driver does not depend on it: a header counts as
//!   replicated only if the descriptor says so (SPH).
//! - The layout of PSRTYPE is in dispute: Intel's driver has a bit for each protocol, the datasheet a bit
//!   for each type of packets. The bits of both readings are set. Frames that the device
//!   then does not recognise or not replicate (MAC headers alone, by the datasheet) arrive without SPH.
//! - Tags are removed for all rings or none (VLNCTRL.VME), set with the receiver off. The limit of a
//!   frame is that on the wire.
//! - The link of ports that negotiate (KX4, KX, BX) is restarted, never reconfigured.

mod counters;
mod filters;
mod life;
mod link;
mod model;
mod pools;
mod queues;
#[rustfmt::skip]
#[allow(clippy::doc_markdown)]
pub mod regs;
mod vectors;
mod vlans;

pub use model::{I82598, Ixgbe};
