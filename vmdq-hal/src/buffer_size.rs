//! The sizes that buffers can have.

use vmdq_core::FrameLimit;

/// The size of a queue's buffers: 1 to 16 KiB.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferSize(u8);

impl BufferSize {
    /// Makes a size of `kib` KiB, or `None` if the devices don't have it.
    #[must_use]
    pub const fn kib(kib: usize) -> Option<Self> {
        if kib >= 1 && kib <= 16 { Some(Self(kib as u8)) } else { None }
    }

    /// Returns the smallest size that holds `bytes`, or `None` if the devices have none.
    #[must_use]
    pub const fn for_bytes(bytes: usize) -> Option<Self> {
        Self::kib(bytes.div_ceil(1024))
    }

    /// Returns the smallest size with which pools can be started at a frame limit.
    ///
    /// `None` if the devices have no size that large.
    #[must_use]
    pub const fn for_limit(limit: FrameLimit) -> Option<Self> {
        Self::for_bytes(limit.buffer_bytes())
    }

    /// Tells whether every frame that the hardware lets pass at a limit fits a buffer of this size.
    #[must_use]
    pub const fn fits(self, limit: FrameLimit) -> bool {
        limit.buffer_bytes() <= self.bytes()
    }

    /// Returns the size in KiB, as SRRCTL.BSIZEPACKET counts.
    #[must_use]
    pub const fn in_kib(self) -> u32 {
        self.0 as u32
    }

    /// Returns the size in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0 as usize * 1024
    }
}

/// A size in KiB, for the bound on [`BufferMemory`](crate::ring::BufferMemory).
pub enum Kib<const KIB: usize> {}

/// The sizes that buffers can have: 1 to 16 KiB.
///
/// Code that is generic over the size of buffers states `Kib<KIB>: BufferKib`.
#[diagnostic::on_unimplemented(
    message = "buffers can't have this size: `{Self}`",
    label = "not a size of buffers",
    note = "use 1 to 16 KiB"
)]
pub trait BufferKib {
    /// The size.
    const SIZE: BufferSize;
}

macro_rules! sizes {
    ($($kib:literal)+) => { $(impl BufferKib for Kib<$kib> { const SIZE: BufferSize = BufferSize($kib); })+ };
}
sizes! { 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_limits_fit_their_buffers() {
        let limit = |bytes, most| FrameLimit::new(bytes, most).unwrap();
        assert!(BufferSize::kib(10).unwrap().fits(limit(9728, 9728)));
        assert!(BufferSize::kib(16).unwrap().fits(limit(16128, 16128)));
        assert!(!BufferSize::kib(2).unwrap().fits(limit(2048, 9728)));
        assert_eq!(BufferSize::for_limit(limit(1518, 9728)), BufferSize::kib(2));
        assert_eq!(BufferSize::for_limit(limit(u16::MAX, u16::MAX)), None);
    }
}
