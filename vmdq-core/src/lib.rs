#![no_std]
#![forbid(unsafe_code)]
//! Policy for Ethernet controllers with VMDq (Virtual Machine Device Queues): what a hypervisor or
//! an I/O container decides, independent of any controller and platform.
//!
//! It has no bus, no DMA, no register and no `unsafe`: everything here works on plain values and on the bytes
//! of frames. It is useful without any controller, for software switches and for tests. To drive a
//! controller, use the facade `vmdq`, which re-exports this crate.
//!
//! - [`classify`]: the paper's receive rules in software, and a table with a constant look-up time.
//! - [`group`]: group indication with a match indicator.
//! - [`fair`]: transmit fairness, in turns of frames or of weighted bytes.
//! - [`switch`]: the virtual switch: interfaces, VLANs, learning, port security.
//! - [`relay`]: the path of frames through all of these: groups, one decision for each, delivery.
//! - [`channel`]: the I/O channel between a virtual machine's driver and its virtual interface.
//! - [`tag`]: 802.1Q tags in the bytes of frames.
//! - [`guest`]: a virtual machine's memory, which is never a slice.
//!
//! "The paper" is Intel's "Notes on Software Design Support for Intel VMDq Technology" (2008).
//!
//! # Features
//!
//! None by default; both are additive, and `defmt` wins over `log`. Interfaces and addresses that come to the
//! switch or go are logged as information; no decision on a group is logged.
//!
//! - `defmt`: logs through `defmt`, and implements `defmt::Format`.
//! - `log`: logs through the `log` crate.

mod accept;
pub mod channel;
pub mod classify;
pub mod fair;
mod fmt;
pub mod group;
pub mod guest;
mod limit;
mod mac;
pub mod relay;
pub mod switch;
pub mod tag;

pub use accept::Accept;
pub use limit::FrameLimit;
pub use mac::{MacAddress, ParseMacError};
