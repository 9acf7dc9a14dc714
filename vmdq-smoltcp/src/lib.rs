#![no_std]
#![forbid(unsafe_code)]
//! Runs [`smoltcp`] on the queue pairs of Intel Ethernet controllers with VMDq, without `std` or `alloc`.
//!
//! The driver is in the crate `vmdq`; here is its seam to a TCP/IP stack:
//!
//! - [`QueueDevice`] makes the rings of one started pool, and its buffers, a [`smoltcp::phy::Device`]: one
//!   interface for each virtual machine.
//! - [`QueueDevice::fan_out`] hands copies of broadcast and multicast frames to each interface. **Without it no
//!   machine is found:** those frames reach the default queue alone, and ARP requests are among them.
//! - [`SwitchedDevice`] sends and receives through the virtual switch ([`relay_sent`], [`relay_received`]): machines
//!   of one controller reach each other, too, and have VLANs.
//!
//! # Examples
//!
//! A machine with an address and a filter of its own:
//!
//! ```
//! use smoltcp::iface::{Config, Interface};
//! use smoltcp::time::Instant;
//! use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};
//! use vmdq_hal::device::Model;
//! use vmdq_hal::ring::BufferPool;
//! use vmdq_hal::{FilterSlot, FilterTable, MacAddress, Platform, Started};
//! use vmdq_smoltcp::QueueDevice;
//!
//! /// Gives a started pool an address, and a stack that answers for it.
//! fn machine<M: Model, P: Platform + 'static>(
//!     table: &mut FilterTable<M, P>,
//!     slot: FilterSlot<M>,
//!     address: MacAddress,
//!     started: Started<M, P>,
//!     buffers: BufferPool, // with which the pool was started
//! ) -> Result<(Interface, QueueDevice<Started<M, P>, BufferPool>), Box<dyn std::error::Error>> {
//!     table.bind(slot, address, &started.pool)?;
//!     let mut device: QueueDevice<_, _> = QueueDevice::new(started, buffers)?;
//!     let config = Config::new(EthernetAddress(address.0).into());
//!     let mut interface = Interface::new(config, &mut device, Instant::ZERO);
//!     interface.update_ip_addrs(|all| {
//!         let _ = all.push(IpCidr::new(Ipv4Address::new(10, 0, 0, 1).into(), 24));
//!     });
//!     // Then, in a loop: the default queue's `fan_out`, and `interface.poll(now, &mut device, &mut sockets)`.
//!     Ok((interface, device))
//! }
//! ```
//!
//! # What a device promises
//!
//! | | |
//! |---|---|
//! | tokens | one that is dropped unused loses nothing: the frame is the next token's, the buffer too |
//! | buffers | sent ones come back, and received ones are posted again, without the user's doing |
//! | a full ring, an empty pool | yield no token; the stack tries again, and received frames wait in their ring |
//! | MTU | the port's `Config::max_frame`, without FCS: 1514 by default |
//! | checksums | all by the stack: the rings use no offload of the controller |
//! | VLANs | without the switch none: tagged frames don't reach the stack, whether the controller removes tags or not |
//! | a controller that is gone | [`QueueDevice::check`] |
//! | what was dropped | [`DeviceCounters`] |
//!
//! # More frames than the stack can process
//!
//! No function of this crate runs for longer than the rings and inboxes are long, however fast frames arrive.
//! `smoltcp::iface::Interface::poll` has no such bound: it does not return while frames arrive faster than it
//! processes them. A program that must not be held up by one machine calls `poll_ingress_single` a bounded number
//! of times instead, and then `poll_egress`.
//!
//! # Features
//!
//! None by default. `defmt` implements `defmt::Format` for errors and counters. smoltcp's own features
//! (protocols, sockets, logging) are switched on by the program, in its own dependency on smoltcp 0.14.

mod device;
mod error;
mod inbox;
mod kept;
mod relayed;
mod rings;
mod switched;
mod token;

pub use device::QueueDevice;
pub use error::{DeviceCounters, NewDeviceError};
pub use inbox::Inbox;
pub use relayed::{relay_received, relay_sent};
pub use rings::Rings;
/// The stack, whose types are in this crate's interface.
pub use smoltcp;
pub use switched::SwitchedDevice;
pub use token::{RxToken, TxToken};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
