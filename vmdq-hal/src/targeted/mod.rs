//! Targeted receive: frames are received into buffers that a virtual machine shared, and the I/O container
//! gets their headers (paper section 3.7).
//!
//! A pool is started for one virtual machine with [`Port::start_targeted`]. The ring that this
//! returns owns the table of that machine's shared buffers and the access to its memory. So a buffer can't
//! be posted to another machine's pool, or unmapped by another hypervisor. The states of a buffer:
//!
//! ```text
//!   share ──> held ──refill──> posted ──receive──> delivered ──give_back──> held ── unshare
//!             └──────────────── take_held ───────────┘
//! ```
//!
//! - [`TargetedRing::share`] lets the hypervisor check the range ([`Vmm::validate`]), maps it for the
//!   controller and holds it; what is refused never reaches a descriptor.
//! - [`TargetedRing::refill`] posts held buffers, each with a header frame of the I/O container's own
//!   pool, and leaves a [reserve](TargetedRing::set_reserve) for frames that come by copy, such as
//!   broadcast.
//! - [`TargetedRing::receive`] yields a [`Targeted`] for each frame: the header for the switch, and
//!   which buffer has the whole frame. The payload is in the virtual machine already.
//! - The virtual machine returns the buffer ([`TargetedRing::give_back`]) or the buffer is
//!   taken out of sharing ([`TargetedRing::unshare`]).
//! - [`Started::stop`] unmaps what is shared only after the ring was seen stopped.
//!
//! # Trust
//!
//! The virtual machine can write its buffers at any time, the frames in them included. What the I/O
//! container decides on is therefore in memory of its own: the header that the hardware replicated
//! ([`Targeted::replicated`]), the descriptor, and the filter that matched. Where the hardware did not
//! replicate (the device can't, or does not know the type of frame) the header is fetched once, and
//! is what the virtual machine says it is.
//!
//! The device is not trusted either: a length beyond the buffer, a frame over several descriptors or a
//! done bit where nothing was posted costs that frame and is counted. What can't be checked is what it
//! writes: a device that overstates a length, or says that it replicated a header and did not, shows what
//! was in that buffer before. Shared buffers and a targeted queue's header frames hold one machine's
//! bytes alone, if headers go back to a pool of that queue; frames of other queues that are copied to
//! several machines come from buffers that held frames of all. Never send a header to a guest as
//! part of a frame: it is for decisions only.
//!
//! Buffers of guests are mapped with the I/O container's [`DmaSpace`], through [`Vmm::map`]: the code is
//! the same with an IOMMU and without. Where caches are not coherent with the
//! controller, the hypervisor's `map` has to give memory that is not cached.
//!
//! [`Port::start_targeted`]: crate::Port::start_targeted
//! [`Started::stop`]: crate::Started::stop
//! [`DmaSpace`]: crate::dma::DmaSpace
//! [`Vmm::map`]: crate::vmm::Vmm::map
//! [`Vmm::validate`]: crate::vmm::GuestMemory::validate
//!
//! # Examples
//!
//! One round of a virtual machine's queue:
//!
//! ```
//! use vmdq_hal::Platform;
//! use vmdq_hal::ring::BufferPool;
//! use vmdq_hal::targeted::{TargetedBurst, TargetedRing};
//! use vmdq_hal::vmm::Vmm;
//!
//! fn serve<P: Platform, V: Vmm>(
//!     rx: &mut TargetedRing<P, V>,
//!     headers: &mut BufferPool,
//!     mut notify: impl FnMut(u16, u16), // the virtual machine: buffer id and length of its frame
//! ) {
//!     let mut burst = TargetedBurst::<32>::new();
//!     rx.receive(&mut burst);
//!     for frame in burst.drain(..) {
//!         // The switch sees `frame.header.bytes()` of a group's first frame here.
//!         notify(frame.id, frame.len);
//!         headers.put(frame.header).expect("it came from this pool");
//!     }
//!     rx.refill(headers);
//! }
//! ```

mod frame;
mod header;
mod memory;
mod ring;
mod share;
mod start;

pub use frame::{Targeted, TargetedBurst};
pub use header::{HeaderSize, Targeting};
pub use memory::{TargetedMemory, TargetedSpace};
pub use ring::TargetedRing;
pub use share::{GiveBackError, ShareError, ShareState, UnshareError};
