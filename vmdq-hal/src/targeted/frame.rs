//! A targeted frame: its header in the I/O container, and the shared buffer that has the whole.

use vmdq_core::group::Described;
use vmdq_core::relay::Received;

use crate::ring::{Burst, Frame};
use crate::vmm::GuestRange;

/// A frame that was received into a buffer of the virtual machine.
#[must_use = "its header frame goes back into a pool"]
#[derive(Debug)]
pub struct Targeted {
    /// The first bytes of the frame, in memory of the I/O container; its tag and flags are the whole
    /// frame's.
    pub header: Frame,
    /// The buffer that has the frame, as it was shared.
    pub id: u16,
    /// The buffer; the frame begins where it begins.
    pub range: GuestRange,
    /// The length of the frame in bytes, without FCS and without a tag that was removed.
    pub len: u16,
    /// Whether the device wrote the header. If not, it was fetched from the buffer once, and may be forged by
    /// the virtual machine (empty, if its memory is no longer there).
    pub replicated: bool,
}

impl Described for Targeted {
    #[inline(always)]
    fn tag(&self) -> Option<u16> {
        self.header.tag()
    }

    #[inline(always)]
    fn has_error(&self) -> bool {
        self.header.has_error()
    }

    #[inline(always)]
    fn header_is_guests(&self) -> bool {
        !self.replicated
    }

    #[inline(always)]
    fn is_like(&self, other: &Self) -> bool {
        self.header.is_like(&other.header)
    }
}

impl Received for Targeted {
    #[inline(always)]
    fn header(&self) -> &[u8] {
        self.header.bytes()
    }

    #[inline(always)]
    fn length(&self) -> usize {
        self.len.into()
    }
}

/// A burst of at most `N` targeted frames.
///
/// # Examples
///
/// See [the module](crate::targeted).
pub type TargetedBurst<const N: usize> = Burst<N, Targeted>;
