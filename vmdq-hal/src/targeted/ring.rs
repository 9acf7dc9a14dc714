//! The targeted receive ring: whole frames into the virtual machine, headers into the I/O container.

use vmdq_core::FrameLimit;

use super::frame::{Targeted, TargetedBurst};
use super::header::Targeting;
use super::share::{Entry, GiveBackError, ShareError, ShareState, Shares, UnshareError};
use crate::dma::{DmaSpace, HeaderInfo, WriteBack, observe, status};
use crate::fault::Gone;
use crate::index::{PoolIndex, RingIndex};
use crate::platform::Platform;
use crate::ring::{Buffer, BufferPool, BufferSize, Frame, RxCounters, RxRing};
use crate::vmm::{GuestRange, VmId, Vmm};

/// A running receive ring that writes frames into one virtual machine's buffers.
///
/// It owns its memory, the posted header frames and the table of shared buffers. As for an
/// [`RxRing`]: it reads no register, writes none but its tail, may be moved to another core, and
/// leaks when it is dropped; shared buffers then stay mapped.
///
/// # Examples
///
/// ```
/// use vmdq_hal::Platform;
/// use vmdq_hal::ring::BufferPool;
/// use vmdq_hal::targeted::{ShareError, TargetedRing};
/// use vmdq_hal::vmm::{GuestRange, Vmm};
///
/// /// Shares the buffers that the virtual machine offers, and posts them.
/// fn offer<P: Platform, V: Vmm>(
///     rx: &mut TargetedRing<P, V>,
///     headers: &mut BufferPool,
///     offered: &[(u16, GuestRange)],
/// ) -> Result<usize, ShareError> {
///     for &(id, range) in offered {
///         rx.share(id, range)?;
///     }
///     Ok(rx.refill(headers))
/// }
/// ```
#[must_use = "dropping a running ring leaks its memory: stop the queue"]
pub struct TargetedRing<P: Platform, V> {
    /// The ring itself: its slots hold header buffers, its notes the ids of shared ones.
    pub(super) rx: RxRing<P>,
    pub(super) shares: Shares,
    /// Access to the machine's memory; what it mapped, it unmaps.
    pub(super) vmm: V,
    /// How many bytes of a header the device replicates, or software fetches.
    header: u16,
    /// Whether the device replicates headers.
    replicates: bool,
    reserve: u16,
}

impl<P: Platform, V: Vmm> TargetedRing<P, V> {
    /// Takes over a ring that is mapped but not yet enabled.
    pub(super) fn new<M>(
        rx: RxRing<P>,
        targeting: Targeting<M>,
        entries: &'static mut [Entry],
        vmm: V,
    ) -> Self {
        let (header, replicates) = (targeting.header_bytes(), targeting.units().is_some());
        Self { rx, shares: Shares::new(targeting.vm, entries), vmm, header, replicates, reserve: 0 }
    }

    /// Shares a buffer of the virtual machine under an id: checks it, maps it and holds it.
    ///
    /// Takes time in proportion to the number of ids.
    ///
    /// # Errors
    ///
    /// [`ShareError`] if the range is too short, misaligned, overlaps another one that is shared, is
    /// not the virtual machine's own or can't be mapped. It then reaches no descriptor.
    pub fn share(&mut self, id: u16, range: GuestRange) -> Result<(), ShareError> {
        self.shares.share(&self.vmm, &self.rx.dma, id, range, self.rx.size().bytes())
    }

    /// Takes a buffer out of sharing: unmaps it and frees its id.
    ///
    /// # Errors
    ///
    /// [`UnshareError::Posted`] while the device may write it.
    pub fn unshare(&mut self, id: u16) -> Result<(), UnshareError> {
        self.shares.unshare(&self.vmm, &self.rx.dma, id)
    }

    /// Takes a delivered buffer back from the virtual machine, which is then held again.
    ///
    /// # Errors
    ///
    /// [`GiveBackError`] if the virtual machine does not have it.
    pub fn give_back(&mut self, id: u16) -> Result<(), GiveBackError> {
        self.shares.give_back(id)
    }

    /// Takes a held buffer for a frame that is copied into it, such as one that is flooded.
    ///
    /// The buffer counts as delivered from then on.
    pub fn take_held(&mut self) -> Option<(u16, GuestRange)> {
        let id = self.shares.take_held(ShareState::Delivered)?;
        self.shares.find(id).map(|(range, _)| (id, range))
    }

    /// Sets how many held buffers [`refill`](Self::refill) leaves for copies.
    pub const fn set_reserve(&mut self, held_back: usize) {
        self.reserve = if held_back > u16::MAX as usize { u16::MAX } else { held_back as u16 };
    }

    /// Posts held buffers, each with a header frame of the pool; returns how many.
    ///
    /// Ends when the ring is full, only the reserve is held or the pool is empty. Writes the tail as
    /// [`RxRing::refill`] does.
    pub fn refill(&mut self, headers: &mut BufferPool) -> usize {
        let spare = self.shares.held().saturating_sub(usize::from(self.reserve));
        let mut posted = 0;
        while posted < spare && self.rx.missing() > 0 {
            let Some(header) = headers.take() else { break };
            // The smallest buffers have 1 KiB, which is what the largest header buffer has.
            debug_assert!(header.capacity() >= usize::from(self.header), "a header fits any buffer");
            let Some(id) = self.shares.take_held(ShareState::Posted) else {
                // Not after `spare` said so; but nothing is lost.
                let _ = headers.put(header);
                break;
            };
            // SAFETY: a descriptor is missing, and the id was made a posted one.
            unsafe { self.post(id, header.into_buffer()) };
            posted += 1;
        }
        self.rx.announce_posted();
        posted
    }

    /// Announces all posted buffers to the device, as [`RxRing::flush`] does.
    pub fn flush(&mut self) {
        self.rx.flush();
    }

    /// Writes a descriptor.
    ///
    /// # Safety
    ///
    /// A descriptor is free, and the id is that of a shared buffer in state posted, which no descriptor names.
    unsafe fn post(&mut self, id: u16, header: Buffer) {
        let space = &self.rx.space;
        let place = space.places.at(self.rx.posted);
        // SAFETY: a mapped buffer, which the ring owns and no tail covers.
        unsafe { self.rx.dma.for_device(header.at(), usize::from(self.header)) };
        let (buffer, header_bus) = (self.shares.bus(id), header.bus());
        // SAFETY: the slot is free: one descriptor is (caller).
        unsafe { space.places.slot(place).write(header) };
        // SAFETY: as for the slot.
        unsafe { space.note(self.rx.posted).write(u32::from(id)) };
        let descriptor = space.places.descriptor(place);
        if self.replicates {
            // SAFETY: no tail covers the descriptor yet. The shared buffer is mapped, at least as long
            // as the device expects, and is not unmapped while it is posted (`Shares`); the header
            // buffer stays in the slot. Its address is even (`BufferPool::carve`).
            unsafe { descriptor.post_with_header(buffer, header_bus) };
        } else {
            // SAFETY: as above.
            unsafe { descriptor.post(buffer) };
        }
        self.rx.posted = self.rx.posted.wrapping_add(1);
    }

    /// Takes finished frames until the burst is full or no more are finished; returns how many.
    ///
    /// Reads no register. Each descriptor is read once, after the device wrote it back, and what it
    /// claims is checked against what was posted: a claim that can't be true costs the frame and is
    /// counted. The header is read from the machine's memory where the device did not replicate it.
    pub fn receive<const N: usize>(&mut self, burst: &mut TargetedBurst<N>) -> usize {
        let before = burst.len();
        while !burst.is_full() && self.rx.head != self.rx.announced {
            let place = self.rx.space.places.at(self.rx.head);
            let descriptor = self.rx.space.places.descriptor(place);
            // Beyond `announced` the device was given nothing; a done bit there is a lie.
            let Some(done) = descriptor.written_back() else { break };
            observe();
            let info = descriptor.header_info();
            // SAFETY: a done descriptor's slot holds the posted header; it is counted out below.
            let header = unsafe { self.rx.space.places.slot(place).read() };
            // SAFETY: written when the descriptor was posted.
            let id = unsafe { self.rx.space.note(self.rx.head).read() } as u16;
            self.rx.head = self.rx.head.wrapping_add(1);
            match self.examine(done, info, id, header) {
                Ok(frame) => {
                    // Not full: the loop's condition.
                    let _ = burst.push(frame);
                }
                // SAFETY: the descriptor was counted out just now; its id is still that of a posted buffer.
                Err(header) => unsafe { self.post(id, header) },
            }
        }
        if burst.len() == before {
            // The next refill may be a while away; what is posted must be announced.
            self.rx.announce();
        }
        burst.len() - before
    }

    /// Decides on a descriptor that is done; gives the header buffer back if it holds no frame.
    fn examine(
        &mut self,
        done: WriteBack,
        info: HeaderInfo,
        id: u16,
        buffer: Buffer,
    ) -> Result<Targeted, Buffer> {
        let (state, len) = (done.status(), done.length());
        let end = state & status::EOP != 0;
        if core::mem::replace(&mut self.rx.skipping, !end) {
            // The rest of a frame that began without an end.
            return Err(buffer);
        }
        if !end || len < FrameLimit::SHORTEST || usize::from(len) > self.rx.size().bytes() {
            self.rx.counters.malformed += 1;
            return Err(buffer);
        }
        let replicated = self.replicates && info.found();
        let bytes = len.min(self.header);
        // SAFETY: `bytes` is at most `header`, which fits every header buffer (`refill`).
        let mut header = unsafe { Frame::header_of(buffer, done, bytes) };
        header.set_error(state & self.rx.errors() != 0);
        let Some((range, _)) = self.shares.find(id) else { return Err(header.into_buffer()) };
        if replicated {
            // As much as fits is written; what the device says of the header's length is not used.
            // SAFETY: the device wrote the descriptor back: the buffer is the ring's, and so long (above).
            unsafe { self.rx.dma.for_cpu(header.buffer().at(), usize::from(bytes)) };
        } else if self.vmm.read(self.shares.vm(), range.at, header.bytes_mut()).is_err() {
            let _ = header.set_len(0);
        }
        let limit = self.rx.limit();
        let too_long = if header.tag().is_some() {
            limit.refuses_stripped(usize::from(len))
        } else {
            limit.refuses_length(usize::from(len), header.bytes())
        };
        if too_long {
            self.rx.counters.too_long += 1;
            return Err(header.into_buffer());
        }
        let range = self.shares.deliver(id);
        Ok(Targeted { header, id, range, len, replicated })
    }

    /// Tells whether a finished descriptor waits: as [`RxRing::is_ready`].
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.rx.is_ready()
    }

    /// Looks whether the device is still there: as [`RxRing::check`].
    ///
    /// # Errors
    ///
    /// [`Gone`] if it is not.
    pub fn check(&self) -> Result<(), Gone> {
        self.rx.check()
    }

    /// Returns the virtual machine.
    #[must_use]
    pub const fn vm(&self) -> VmId {
        self.shares.vm()
    }

    /// Returns the buffer that is shared under an id, and where it is.
    #[must_use]
    pub fn shared(&self, id: u16) -> Option<(GuestRange, ShareState)> {
        self.shares.find(id)
    }

    /// Returns how many buffers are held.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.shares.held()
    }

    /// Returns how many buffers the virtual machine has.
    #[must_use]
    pub const fn delivered(&self) -> usize {
        self.shares.delivered()
    }

    /// Returns how many buffers are posted.
    #[must_use]
    pub const fn posted(&self) -> usize {
        self.rx.posted()
    }

    /// Returns how many more buffers the ring takes.
    #[must_use]
    pub const fn missing(&self) -> usize {
        self.rx.missing()
    }

    /// Returns the least length of a buffer that can be shared.
    #[must_use]
    pub const fn buffer_size(&self) -> BufferSize {
        self.rx.size()
    }

    /// Returns what the ring dropped on its own account.
    #[must_use]
    pub const fn counters(&self) -> RxCounters {
        self.rx.counters()
    }

    /// Returns the pool that the ring belongs to.
    #[must_use]
    pub const fn pool(&self) -> PoolIndex {
        self.rx.pool()
    }

    /// Returns the number of the ring.
    #[must_use]
    pub const fn ring(&self) -> RingIndex {
        self.rx.ring()
    }

    /// Returns the access to the machine's memory.
    #[must_use]
    pub const fn vmm(&self) -> &V {
        &self.vmm
    }
}

impl<P: Platform, V> core::fmt::Debug for TargetedRing<P, V> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TargetedRing")
            .field("rx", &self.rx)
            .field("vm", &self.shares.vm())
            .field("held", &self.shares.held())
            .field("delivered", &self.shares.delivered())
            .finish_non_exhaustive()
    }
}
