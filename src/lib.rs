#![no_std]
#![deny(unsafe_code)]
//! Drives Intel Ethernet controllers with VMDq (Virtual Machine Device Queues), without `std` or
//! `alloc`, for hypervisors, unikernels and firmware.
//!
//! The controller sorts received frames by destination address into one queue for each virtual
//! machine, and sends from one queue for each virtual machine in round robin. Misusing it does not
//! compile: VMDq, its queues, its filters, its vectors and every buffer are move-only values.
//!
//! # What is where
//!
//! Everything of `vmdq-core` and `vmdq-hal` is re-exported here. From the wire to a virtual machine:
//!
//! | | module | paper |
//! |---|---|---|
//! | models of controllers, which are types | [`igb`] (82575, 82576), [`ixgbe`] (82598) | |
//! | which model a PCI function is, and the choice of the type while running | [`Model`], [`PCI_IDS`], [`Model::with`] | |
//! | the life cycle, queues, filters, interrupt vectors | [`Port`], [`Queue`], [`FilterTable`], [`Vector`] | |
//! | buffers, frames, receive and transmit rings; forwarding by exchange and in place | [`ring`] | |
//! | receiving into a virtual machine's own buffers, with replicated headers for the switch | [`targeted`] | 3.5.1, 3.7 |
//! | frames of one queue as groups, matched or not | [`group`] | 2.3.3, 3.3 |
//! | the receive rules in software, and a table with a constant look-up time | [`classify`] | 2.1, 3.4 |
//! | the virtual switch: who gets a group, learning, VLANs, port security | [`switch`] | 2.3.6, 2.3.7, 3.1 |
//! | 802.1Q tags in and out of frames, as the switch asks | [`tag`] | |
//! | turns of frames and of weighted bytes; flows on several queues, in order | [`fair`] | 2.2, 3.6 |
//! | the I/O channel between a guest's virtual driver and its virtual interface | [`channel`] | 2.3.5, 3.6.1 |
//! | guest memory, which is never a slice: what a hypervisor implements | [`guest`], [`vmm`] | 2.3.2, 3.7 |
//!
//! What the paper claims of speed, and what a frame costs, are pages of their own: [`claims`] and
//! [`performance`].
//!
//! A guest without a virtual driver for the channel can keep its ordinary one (the paper's emulated path,
//! section 2.3.4): `vmdq_sim::Emulated` is an 82576 in software whose wire is an interface of the
//! switch.
//!
//! # Controllers
//!
//! | model | VMDq queues | filters | driven |
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
//! A loop that gives a virtual machine the frames for its address and echoes what arrives there; all
//! else is in the default queue. The platform finds the function on the PCI bus, maps its register
//! window and knows how to wait.
//!
//! ```no_run
//! use core::ptr::NonNull;
//! use embedded_hal::delay::DelayNs;
//! use vmdq::bus::Mmio;
//! use vmdq::dma::Identity;
//! use vmdq::ring::{BufferMemory, Burst, RingMemory};
//! use vmdq::{Accept, Config, Controller, ForController, MacAddress, Model, Port, Resources};
//!
//! /// All memory that the controller reaches: a `static` that is taken once.
//! struct Memory {
//!     rx: [RingMemory<256>; 2],
//!     tx: [RingMemory<256>; 2],
//!     buffers: BufferMemory<1024, 2>, // 1024 buffers of 2 KiB
//! }
//!
//! struct Switch<'a, W> {
//!     registers: NonNull<u32>,
//!     memory: &'static mut Memory,
//!     delay: &'a mut W,
//! }
//!
//! impl<W: DelayNs> ForController for Switch<'_, W> {
//!     type Output = Result<(), &'static str>;
//!
//!     fn run<C: Controller>(self) -> Self::Output {
//!         let Self { registers, memory, delay } = self;
//!         // SAFETY: the PCI code mapped BAR 0 here, for this driver alone.
//!         let bus = unsafe { Mmio::new(registers) };
//!         // SAFETY: no IOMMU, identity paging, coherent caches.
//!         let dma = unsafe { Identity::new() };
//!         // SAFETY: the PCI id says that it is a `C`, and it writes only where it is told.
//!         let port = unsafe { Port::<C, _, _>::new(bus) };
//!
//!         let config = Config { accept: Accept::all(), ..Config::default() };
//!         let mut port = port.init(&config, delay).map_err(|_| "no answer")?;
//!         if !port.bring_link_up(5000, delay).is_up() {
//!             return Err("no link");
//!         }
//!         let Resources { port: _port, queues, filters, mut table, .. } = port.enable(delay);
//!         let mut queues = queues.into_iter();
//!         let (Some(q0), Some(q1)) = (queues.next(), queues.next()) else { return Err("no queues") };
//!
//!         let [rx0, rx1] = &mut memory.rx;
//!         let [tx0, tx1] = &mut memory.tx;
//!         let (mut pool, _lent) = memory.buffers.pool(dma).map_err(|_| "buffers")?;
//!         let mut default = q0.start(rx0, tx0, pool.size(), dma, delay).map_err(|_| "queue 0")?;
//!         let mut guest = q1.start(rx1, tx1, pool.size(), dma, delay).map_err(|_| "queue 1")?;
//!         default.rx.refill(&mut pool);
//!         guest.rx.refill(&mut pool);
//!
//!         // From here on frames for this address are in queue 1.
//!         let slot = filters.into_iter().next().ok_or("no filter")?;
//!         let address = MacAddress([0x02, 0, 0, 0, 0, 1]);
//!         table.bind(slot, address, &guest.pool).map_err(|_| "filter")?;
//!
//!         let mut burst = Burst::<32>::new();
//!         loop {
//!             guest.rx.receive(&mut burst);
//!             for frame in &mut burst {
//!                 let (to, rest) = frame.bytes_mut().split_at_mut(6);
//!                 to.swap_with_slice(&mut rest[..6]);
//!             }
//!             let _ = guest.tx.send(&mut burst);
//!             burst.drain(..).for_each(|frame| drop(pool.put(frame))); // the ring was full
//!             guest.tx.reclaim(&mut pool);
//!             guest.rx.refill(&mut pool);
//!
//!             default.rx.receive(&mut burst); // broadcast, multicast and strangers
//!             burst.drain(..).for_each(|frame| drop(pool.put(frame)));
//!             default.rx.refill(&mut pool);
//!         }
//!     }
//! }
//!
//! fn start(
//!     (vendor, device): (u16, u16),
//!     registers: NonNull<u32>,
//!     memory: &'static mut Memory,
//!     delay: &mut impl DelayNs,
//! ) -> Result<(), &'static str> {
//!     let model = Model::from_pci_id(vendor, device).ok_or("not a controller with VMDq")?;
//!     model.with(Switch { registers, memory, delay }).map_err(|_| "not driven yet")?
//! }
//! ```
//!
//! # Features
//!
//! None by default; both are additive, and `defmt` wins over `log`.
//!
//! - `defmt`: log through `defmt`, and `defmt::Format` for the types of all crates.
//! - `log`: log through the `log` crate.

mod any;
mod ids;
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
