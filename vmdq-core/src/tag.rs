//! 802.1Q tags in the bytes of frames, inserted and removed by software.
//!
//! Controllers can remove tags from received frames (`Config::strip_tags` of `vmdq-hal`). Software inserts
//! tags into frames that are sent: an advanced transmit descriptor has no field for a tag, so the
//! controller would need a context descriptor before the frame, which the rings of this crate don't
//! write. [`TagAction`](crate::switch::TagAction) is what a switch wants done.
//!
//! Everything here is about the outermost tag of type 0x8100 at byte 12. Provider tags (0x88a8) are
//! payload.
//!
//! # Examples
//!
//! ```
//! use vmdq_core::tag;
//!
//! let mut buffer = [0; 64];
//! let frame = [&[2, 0, 0, 0, 0, 1][..], &[2, 0, 0, 0, 0, 2], &[0x08, 0x00], &[0x45; 46]].concat();
//! buffer[..60].copy_from_slice(&frame);
//!
//! let len = tag::insert(&mut buffer, 60, 0x6005)?;
//! assert_eq!((len, tag::control(&buffer[..len])), (64, Some(0x6005)));
//!
//! assert_eq!(tag::remove(&mut buffer[..len]), Some(0x6005));
//! assert_eq!(buffer[..len - tag::LEN], frame);
//! # Ok::<(), tag::TagError>(())
//! ```
#![forbid(unsafe_code)]

use core::fmt;

/// Bytes of a tag: its type, then priority, DEI and VLAN id.
pub const LEN: usize = 4;

/// Where a tag is: behind both addresses.
pub const AT: usize = 12;

/// The type of a tag (TPID).
const KIND: [u8; 2] = [0x81, 0x00];

/// Returns the control information (priority, DEI and VLAN id) of the frame's tag, if it has one.
#[inline]
#[must_use]
pub fn control(frame: &[u8]) -> Option<u16> {
    match *frame.get(AT..AT + LEN)? {
        [a, b, high, low] if [a, b] == KIND => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

/// Returns the bytes of a tag.
#[inline]
#[must_use]
pub const fn bytes(control: u16) -> [u8; LEN] {
    let [high, low] = control.to_be_bytes();
    [KIND[0], KIND[1], high, low]
}

/// Inserts a tag into the frame in the first `len` bytes of a buffer; returns the new length.
///
/// All bytes behind the addresses move.
///
/// # Errors
///
/// [`TagError`] if the frame has no two addresses, or the buffer no room; nothing is changed then.
pub fn insert(buffer: &mut [u8], len: usize, control: u16) -> Result<usize, TagError> {
    if len < AT {
        return Err(TagError::TooShort);
    }
    let longer = len.saturating_add(LEN);
    let frame = buffer.get_mut(..longer).ok_or(TagError::NoRoom)?;
    frame.copy_within(AT..len, AT + LEN);
    frame[AT..AT + LEN].copy_from_slice(&bytes(control));
    Ok(longer)
}

/// Removes the tag of a frame, if it has one, and returns its control information. The frame is
/// then [`LEN`] bytes shorter, and can be shorter than Ethernet allows: pad it before it is sent.
pub fn remove(frame: &mut [u8]) -> Option<u16> {
    let control = control(frame)?;
    cut(frame);
    Some(control)
}

/// Removes a tag of any type: moves the bytes behind it to its place.
pub fn cut(frame: &mut [u8]) {
    if frame.len() >= AT + LEN {
        frame.copy_within(AT + LEN.., AT);
    }
}

/// A frame in a buffer of its own, whose tag can be inserted and removed.
pub trait Taggable {
    /// Returns the bytes of the frame for writing.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Inserts a tag with this control information into the bytes.
    ///
    /// # Errors
    ///
    /// [`TagError`] if the frame has no two addresses, or the buffer no room; nothing is changed then.
    fn insert_tag(&mut self, control: u16) -> Result<(), TagError>;

    /// Removes bytes 12 to 15, a tag of any type.
    ///
    /// # Errors
    ///
    /// [`TagError::TooShort`] if the frame has no such bytes; nothing is changed then.
    fn cut_tag(&mut self) -> Result<(), TagError>;
}

/// Why a tag could not be inserted, changed or removed.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TagError {
    /// The frame ends before or in the place of a tag: drop it.
    TooShort,
    /// The buffer has no room for 4 bytes more: take a larger one.
    NoRoom,
}

impl fmt::Display for TagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the frame ends before or in the place of a tag: drop it",
            Self::NoRoom => "the buffer has no room for the tag: take a larger one",
        })
    }
}
impl core::error::Error for TagError {}
