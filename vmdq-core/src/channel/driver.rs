//! The virtual driver: both directions' front-ends, for a guest.
#![forbid(unsafe_code)]

use super::entry::GuestBuffer;
use super::front_end::{Done, FrontEnd, PostError, ResponseError};
use super::layout::LayoutError;
use super::sync::AtomicU32;

/// A guest's half of the channel in both directions, with `N` entries each.
///
/// It accesses no memory: the guest writes frames to its buffers before it sends them and reads them after
/// they came. Numbers of buffers count for each direction on its own.
///
/// # Examples
///
/// A guest that sends back what it gets:
///
/// ```
/// use core::sync::atomic::AtomicU32;
/// use vmdq_core::channel::{GuestBuffer, ResponseError, Status, VirtualDriver};
/// # use vmdq_core::channel::{BackEnd, words};
/// use vmdq_core::guest::GuestRange;
///
/// /// The guest's buffer of this number, 2048 bytes each from 0x10_0000.
/// fn buffer(id: u16) -> GuestBuffer {
///     GuestBuffer { id, range: GuestRange { at: 0x10_0000 + 2048 * u64::from(id), len: 2048 } }
/// }
///
/// fn start(driver: &mut VirtualDriver<'_, 64>) {
///     for id in 0..64 {
///         driver.post(buffer(id)).expect("nothing is posted yet");
///     }
/// }
///
/// /// Runs when notified, until it may sleep; tells whether to notify the I/O container.
/// fn work(driver: &mut VirtualDriver<'_, 64>) -> Result<bool, ResponseError> {
///     loop {
///         while let Some(done) = driver.reclaim()? {
///             let _ = driver.post(buffer(done.buffer.id));
///         }
///         while let Some(done) = driver.received()? {
///             let GuestBuffer { id, range } = done.buffer;
///             let frame = GuestBuffer { id, range: GuestRange { len: done.length, ..range } };
///             if done.status != Status::Done || driver.send(frame, done.tag).is_err() {
///                 let _ = driver.post(buffer(id));
///             }
///         }
///         if driver.may_sleep()? {
///             return Ok(driver.needs_notify());
///         }
///     }
/// }
/// # let (receive, transmit) =
/// #     ([const { AtomicU32::new(0) }; words(64)], [const { AtomicU32::new(0) }; words(64)]);
/// # let (mut to_guest, mut from_guest) = (BackEnd::new(&receive, 64)?, BackEnd::new(&transmit, 64)?);
/// # let mut driver = VirtualDriver::new(&receive, &transmit)?;
/// # start(&mut driver);
/// # let posted = to_guest.next().unwrap()?;
/// # to_guest.complete(posted, 60, None).map_err(|(why, _)| why)?;
/// # assert!(work(&mut driver)?);
/// # let sent = from_guest.next().unwrap()?;
/// # assert_eq!(sent.range(), GuestRange { at: 0x10_0000, len: 60 });
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct VirtualDriver<'m, const N: usize> {
    receive: FrontEnd<'m, N>,
    transmit: FrontEnd<'m, N>,
}

impl<'m, const N: usize> VirtualDriver<'m, N> {
    /// Finds the rings that the virtual interface laid out for either direction.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] if they are not there, too short, or used.
    pub fn new(receive: &'m [AtomicU32], transmit: &'m [AtomicU32]) -> Result<Self, LayoutError> {
        Ok(Self { receive: FrontEnd::new(receive)?, transmit: FrontEnd::new(transmit)? })
    }

    /// Posts an empty buffer to receive into.
    ///
    /// # Errors
    ///
    /// [`PostError`]; nothing is posted then.
    pub fn post(&mut self, buffer: GuestBuffer) -> Result<(), PostError> {
        self.receive.post(buffer)
    }

    /// Takes the next buffer that came back from receive.
    ///
    /// It holds a frame if it is [`Status::Done`](super::Status::Done). Post it again, or another, once the
    /// frame is read.
    ///
    /// # Errors
    ///
    /// [`ResponseError`] of this one response; only [`ResponseError::Corrupt`] is permanent.
    pub fn received(&mut self) -> Result<Option<Done>, ResponseError> {
        self.receive.take_done()
    }

    /// Posts a frame to send: a buffer as long as the frame, and the VLAN tag to insert.
    ///
    /// # Errors
    ///
    /// [`PostError`]; nothing is sent then.
    pub fn send(&mut self, frame: GuestBuffer, tag: Option<u16>) -> Result<(), PostError> {
        self.transmit.post_frame(frame, tag)
    }

    /// Takes the next buffer that came back from transmit, which may be written again.
    ///
    /// Its frame was taken if it is [`Status::Done`](super::Status::Done).
    ///
    /// # Errors
    ///
    /// [`ResponseError`] of this one response; only [`ResponseError::Corrupt`] is permanent.
    pub fn reclaim(&mut self) -> Result<Option<Done>, ResponseError> {
        self.transmit.take_done()
    }

    /// Tells whether the I/O container wants to be notified of buffers posted since the last call.
    ///
    /// Call it once after a batch.
    #[must_use = "the I/O container may be asleep"]
    pub fn needs_notify(&mut self) -> bool {
        // Both must be checked: each check is the last one for what it covers.
        let receive = self.receive.needs_notify();
        self.transmit.needs_notify() || receive
    }

    /// Asks to be notified of the next buffer that comes back; tells whether the driver may sleep until then.
    ///
    /// It may if none has come back in either direction.
    ///
    /// A driver that has buffers enough to send asks only [`receive`](Self::receive), and is not woken
    /// for sent frames.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Corrupt`] if the channel is broken.
    pub fn may_sleep(&mut self) -> Result<bool, ResponseError> {
        Ok(self.receive.may_sleep()? && self.transmit.may_sleep()?)
    }

    /// Returns the direction in which buffers are posted to receive into.
    pub const fn receive(&mut self) -> &mut FrontEnd<'m, N> {
        &mut self.receive
    }

    /// Returns the direction in which frames are posted to send.
    pub const fn transmit(&mut self) -> &mut FrontEnd<'m, N> {
        &mut self.transmit
    }
}
