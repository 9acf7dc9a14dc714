//! A frame on its way through a forwarder.

use core::ops::Deref;

use super::{Frame, HEADER};

/// A received frame that a forwarder is about to send.
///
/// It can be read and changed, but keeps its buffer and its length.
#[derive(Debug)]
pub struct ForwardedFrame<'f>(pub(super) &'f mut Frame);

impl ForwardedFrame<'_> {
    /// Returns the bytes of the frame for writing.
    #[inline(always)]
    #[must_use]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.bytes_mut()
    }

    /// Returns the Ethernet header for writing.
    #[inline(always)]
    #[must_use]
    pub fn header_mut(&mut self) -> &mut [u8; HEADER] {
        self.0.header_mut()
    }
}

impl Deref for ForwardedFrame<'_> {
    type Target = Frame;

    #[inline(always)]
    fn deref(&self) -> &Frame {
        self.0
    }
}
