//! The virtual interface: both directions' back-ends, and the frames moved through them by copy.
#![forbid(unsafe_code)]

use core::fmt;

use super::back_end::{BackEnd, Corrupt, Posted, Unfit};
use super::entry::Status;
use super::half::Notice;
use crate::guest::{GuestMemory, VmId};
use crate::limit::FrameLimit;

/// Why the virtual machine did not get a frame.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Undelivered {
    /// The guest has posted no buffer.
    NoBuffer,
    /// The next buffer is shorter than the frame; the guest got it back.
    BufferTooShort,
    /// The next buffer is not the guest's memory; the guest got it back.
    NotOwned,
    /// The next entry is malformed; the guest got it back.
    Malformed,
    /// The channel is broken.
    Corrupt,
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBuffer => "the guest has posted no buffer: drop the frame",
            Self::BufferTooShort => "the guest's buffer is shorter than the frame: drop the frame",
            Self::NotOwned => "the guest's buffer is not its memory: drop the frame",
            Self::Malformed => "the guest's entry is malformed: drop the frame",
            Self::Corrupt => return Corrupt.fmt(f),
        })
    }
}
impl core::error::Error for Undelivered {}

/// Why a frame that the guest posted was not taken.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TakeError {
    /// It is shorter than [`FrameLimit::SHORTEST`]; the guest got it back.
    TooShort,
    /// It is over the limit, or longer than the memory to copy it to; the guest got it back.
    TooLong,
    /// It is not in the guest's memory; the guest got it back.
    NotOwned,
    /// The entry is malformed; the guest got it back.
    Malformed,
    /// The channel is broken. Reported once.
    Corrupt,
}

impl fmt::Display for TakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the guest's frame is too short and was given back: take the next one",
            Self::TooLong => "the guest's frame is too long and was given back: take the next one",
            Self::NotOwned => "the guest's frame is not in its memory and was given back: take the next one",
            Self::Malformed => return Unfit::Malformed.fmt(f),
            Self::Corrupt => return Corrupt.fmt(f),
        })
    }
}
impl core::error::Error for TakeError {}

/// A frame that the guest sent, copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sent {
    /// Its bytes.
    pub len: usize,
    /// The VLAN tag that the guest wants inserted.
    pub tag: Option<u16>,
}

/// Counts of the frames that an interface copied, and of notifications.
///
/// Each call of [`deliver`](VirtualInterface::deliver) counts in one of the first six, each frame from
/// [`take_sent`](VirtualInterface::take_sent) in one of the next six. Buffers are counted by
/// [`BackEnd::counters`].
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelCounters {
    /// Frames that the guest got.
    pub delivered: u64,
    /// Frames undelivered for want of a buffer.
    pub no_buffer: u64,
    /// Frames undelivered because the buffer was too short.
    pub buffer_too_short: u64,
    /// Frames undelivered because the buffer was not the guest's memory.
    pub buffer_not_owned: u64,
    /// Frames undelivered because the entry was malformed.
    pub buffer_malformed: u64,
    /// Frames undelivered because the channel was broken.
    pub receive_corrupt: u64,
    /// Frames that the guest sent.
    pub sent: u64,
    /// Frames refused because they were too short.
    pub frame_too_short: u64,
    /// Frames refused because they were too long.
    pub frame_too_long: u64,
    /// Frames refused because they were not in the guest's memory.
    pub frame_not_owned: u64,
    /// Frames refused because the entry was malformed.
    pub frame_malformed: u64,
    /// How often the guest corrupted the channel on which it sends.
    pub transmit_corrupt: u64,
    /// Notifications of the guest.
    pub notified: u64,
    /// Batches of which the guest did not ask to be notified.
    pub suppressed: u64,
}

/// A virtual machine's interface to the virtual switch (paper section 2.3.5).
///
/// It is the I/O container's half of the channel in both directions.
///
/// Frames move by copy with [`deliver`](Self::deliver) and [`take_sent`](Self::take_sent). For
/// targeted receive, take the guest's buffers with [`BackEnd::next`] of
/// [`receive`](Self::receive), share them, and give each back with [`BackEnd::complete`] once the
/// controller has filled it, in any order. For transfer by buffer exchange, [`BackEnd::exchange`].
///
/// # Examples
///
/// ```
/// use core::sync::atomic::AtomicU32;
/// use vmdq_core::FrameLimit;
/// use vmdq_core::channel::{BackEnd, GuestBuffer, Undelivered, VirtualDriver, VirtualInterface, words};
/// use vmdq_core::guest::{GuestRange, VmId};
/// # use std::cell::RefCell;
/// # use vmdq_core::guest::{GuestMemory, NotOwned};
/// # struct Memory(RefCell<Vec<u8>>);
/// # impl Memory {
/// #     fn bytes(at: u64, len: usize) -> core::ops::Range<usize> { at as usize..at as usize + len }
/// # }
/// # impl GuestMemory for Memory {
/// #     fn validate(&self, _: VmId, range: GuestRange) -> Result<(), NotOwned> {
/// #         let all = self.0.borrow().len() as u64;
/// #         range.end().filter(|end| *end <= all).map(drop).ok_or(NotOwned)
/// #     }
/// #     fn read(&self, vm: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
/// #         self.validate(vm, GuestRange { at, len: into.len() as u32 })?;
/// #         into.copy_from_slice(&self.0.borrow()[Self::bytes(at, into.len())]);
/// #         Ok(())
/// #     }
/// #     fn write(&self, vm: VmId, at: u64, from: &[u8]) -> Result<(), NotOwned> {
/// #         self.validate(vm, GuestRange { at, len: from.len() as u32 })?;
/// #         self.0.borrow_mut()[Self::bytes(at, from.len())].copy_from_slice(from);
/// #         Ok(())
/// #     }
/// #     fn notify(&self, _: VmId) {}
/// # }
/// # let vmm = Memory(RefCell::new(vec![0; 8192]));
///
/// let (receive, transmit) =
///     ([const { AtomicU32::new(0) }; words(8)], [const { AtomicU32::new(0) }; words(8)]);
/// let limit = FrameLimit::new(1518, 9728).unwrap();
///
/// // The I/O container. `vmm` is the hypervisor's `GuestMemory`.
/// let mut interface =
///     VirtualInterface::new(VmId(1), BackEnd::new(&receive, 8)?, BackEnd::new(&transmit, 8)?, limit);
/// assert_eq!(interface.deliver(&vmm, &[0xff; 60], None), Err(Undelivered::NoBuffer));
///
/// // The guest's driver: a buffer to receive, a frame to send.
/// let mut driver = VirtualDriver::<8>::new(&receive, &transmit)?;
/// driver.post(GuestBuffer { id: 0, range: GuestRange { at: 0, len: 2048 } })?;
/// driver.send(GuestBuffer { id: 0, range: GuestRange { at: 4096, len: 60 } }, Some(5))?;
///
/// // The I/O container again.
/// interface.deliver(&vmm, &[0xff; 60], None)?;
/// let mut frame = [0; 1518];
/// let sent = interface.take_sent(&vmm, &mut frame).unwrap()?;
/// assert_eq!((sent.len, sent.tag), (60, Some(5)));
/// assert!(interface.notify_if_needed(&vmm));
///
/// // And the guest.
/// assert_eq!(driver.received()?.unwrap().length, 60);
/// assert_eq!(driver.reclaim()?.unwrap().buffer.range.at, 4096);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct VirtualInterface<'m> {
    vm: VmId,
    receive: BackEnd<'m>,
    transmit: BackEnd<'m>,
    limit: FrameLimit,
    counters: ChannelCounters,
}

impl<'m> VirtualInterface<'m> {
    /// Makes the interface of a virtual machine that may send frames up to `limit`.
    #[must_use]
    pub fn new(vm: VmId, receive: BackEnd<'m>, transmit: BackEnd<'m>, limit: FrameLimit) -> Self {
        Self { vm, receive, transmit, limit, counters: ChannelCounters::default() }
    }

    /// Returns the virtual machine that owns the interface.
    #[must_use]
    pub const fn vm(&self) -> VmId {
        self.vm
    }

    /// Returns the direction in which the guest posts empty buffers.
    pub const fn receive(&mut self) -> &mut BackEnd<'m> {
        &mut self.receive
    }

    /// Returns the direction in which the guest posts frames.
    pub const fn transmit(&mut self) -> &mut BackEnd<'m> {
        &mut self.transmit
    }

    /// Copies a frame to the next buffer that the guest posted (transfer by copy, paper section 3.6.1).
    ///
    /// Notify the guest afterwards, once a batch.
    ///
    /// # Errors
    ///
    /// [`Undelivered`]; the guest does not get the frame, and a buffer that can't be used went back to it.
    pub fn deliver<V: GuestMemory>(
        &mut self,
        vmm: &V,
        frame: &[u8],
        tag: Option<u16>,
    ) -> Result<(), Undelivered> {
        let result = self.copy_in(vmm, frame, tag);
        let counters = &mut self.counters;
        *match result {
            Ok(()) => &mut counters.delivered,
            Err(Undelivered::NoBuffer) => &mut counters.no_buffer,
            Err(Undelivered::BufferTooShort) => &mut counters.buffer_too_short,
            Err(Undelivered::NotOwned) => &mut counters.buffer_not_owned,
            Err(Undelivered::Malformed) => &mut counters.buffer_malformed,
            Err(Undelivered::Corrupt) => &mut counters.receive_corrupt,
        } += 1;
        result
    }

    fn copy_in<V: GuestMemory>(
        &mut self,
        vmm: &V,
        frame: &[u8],
        tag: Option<u16>,
    ) -> Result<(), Undelivered> {
        let posted = match self.receive.next() {
            Some(Ok(posted)) => posted,
            Some(Err(Unfit::Malformed)) => return Err(Undelivered::Malformed),
            Some(Err(Unfit::Corrupt)) => return Err(Undelivered::Corrupt),
            None if self.receive.is_corrupt() => return Err(Undelivered::Corrupt),
            None => return Err(Undelivered::NoBuffer),
        };
        let range = posted.range();
        let length = u32::try_from(frame.len()).ok().filter(|length| *length <= range.len);
        let copied = length.ok_or(Undelivered::BufferTooShort).and_then(|length| {
            vmm.write(self.vm, range.at, frame).map(|()| length).map_err(|_| Undelivered::NotOwned)
        });
        let responded = match copied {
            Ok(length) => self.receive.complete(posted, length, tag),
            Err(_) => self.receive.give_back(posted, Status::Refused),
        };
        // It was posted here just now.
        responded.map_err(|_| Undelivered::Corrupt)?;
        copied.map(drop)
    }

    /// Copies the next frame that the guest sends into the I/O container's memory, and gives the buffer back.
    ///
    /// The work is constant: one frame at most.
    ///
    /// Lengths are checked on the channel's private copy of the entry, the bytes after they were
    /// copied; the guest can change neither afterwards. `into` of [`FrameLimit::tagged`] bytes holds
    /// every frame. Senders take turns (paper section 3.6), so take as many as it is the guest's turn for:
    /// a guest can post new frames as fast as they are taken.
    pub fn take_sent<V: GuestMemory>(&mut self, vmm: &V, into: &mut [u8]) -> Option<Result<Sent, TakeError>> {
        let result = match self.transmit.next()? {
            Ok(posted) => self.copy_out(vmm, posted, into),
            Err(Unfit::Malformed) => Err(TakeError::Malformed),
            Err(Unfit::Corrupt) => Err(TakeError::Corrupt),
        };
        let counters = &mut self.counters;
        *match result {
            Ok(_) => &mut counters.sent,
            Err(TakeError::TooShort) => &mut counters.frame_too_short,
            Err(TakeError::TooLong) => &mut counters.frame_too_long,
            Err(TakeError::NotOwned) => &mut counters.frame_not_owned,
            Err(TakeError::Malformed) => &mut counters.frame_malformed,
            Err(TakeError::Corrupt) => &mut counters.transmit_corrupt,
        } += 1;
        Some(result)
    }

    fn copy_out<V: GuestMemory>(
        &mut self,
        vmm: &V,
        posted: Posted,
        into: &mut [u8],
    ) -> Result<Sent, TakeError> {
        let (range, tag) = (posted.range(), posted.tag());
        let copied = self.read(vmm, range.at, range.len as usize, into);
        let responded = match copied {
            Ok(_) => self.transmit.complete(posted, range.len, None),
            Err(_) => self.transmit.give_back(posted, Status::Refused),
        };
        // It was posted here just now.
        responded.map_err(|_| TakeError::Corrupt)?;
        copied.map(|len| Sent { len, tag })
    }

    fn read<V: GuestMemory>(
        &self,
        vmm: &V,
        at: u64,
        len: usize,
        into: &mut [u8],
    ) -> Result<usize, TakeError> {
        if len < usize::from(FrameLimit::SHORTEST) {
            return Err(TakeError::TooShort);
        }
        if len > usize::from(self.limit.tagged()) {
            return Err(TakeError::TooLong);
        }
        let into = into.get_mut(..len).ok_or(TakeError::TooLong)?;
        vmm.read(self.vm, at, into).map_err(|_| TakeError::NotOwned)?;
        if self.limit.refuses(into) { Err(TakeError::TooLong) } else { Ok(len) }
    }

    /// Notifies the guest of buffers given back since the last call, if it asked for that; tells whether it
    /// did.
    ///
    /// Call it once after a batch.
    pub fn notify_if_needed<V: GuestMemory>(&mut self, vmm: &V) -> bool {
        // Both must be checked: each check is the last one for what it covers.
        let notices = [self.receive.notice(), self.transmit.notice()];
        if notices.contains(&Notice::Needed) {
            self.counters.notified += 1;
            vmm.notify(self.vm);
            return true;
        }
        if notices.contains(&Notice::Suppressed) {
            self.counters.suppressed += 1;
        }
        false
    }

    /// Asks to be notified of the next frame that the guest sends; tells whether the I/O container may sleep.
    ///
    /// Posted receive buffers don't wake it; if it waits for those, ask
    /// [`receive`](Self::receive), too.
    ///
    /// # Errors
    ///
    /// [`Corrupt`] if the channel is broken: no frame will come.
    pub fn may_sleep(&mut self) -> Result<bool, Corrupt> {
        self.transmit.may_sleep()
    }

    /// Restarts both directions, after the guest's driver was reset. See [`BackEnd::restart`].
    pub fn restart(&mut self) {
        self.receive.restart();
        self.transmit.restart();
    }

    /// Tells whether the guest corrupted one of the directions.
    #[must_use]
    pub const fn is_corrupt(&self) -> bool {
        self.receive.is_corrupt() || self.transmit.is_corrupt()
    }

    /// Returns the counts of frames and notifications.
    #[must_use]
    pub const fn counters(&self) -> ChannelCounters {
        self.counters
    }
}
