//! The configuration of a port, and its interrupt causes.

use crate::buffer_size::BufferSize;
use vmdq_core::{Accept, FrameLimit};

bitflags::bitflags! {
    /// Interrupt causes of a port other than those of its queues.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Causes: u32 {
        /// The link came up or went down.
        const LINK = 1;
        /// A receive queue had no descriptor for a frame.
        const OVERRUN = 2;
        /// The device stopped because of an error and needs a reset.
        const FATAL = 4;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Causes {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.iter_names().for_each(|(name, _)| defmt::write!(f, "{=str} ", name));
    }
}

/// The configuration of a port.
///
/// # Examples
///
/// ```
/// use vmdq_hal::{Accept, Config};
///
/// /// Jumbo frames, and only what a filter or broadcast brings.
/// const JUMBO: Config = Config { max_frame: 9018, accept: Accept::BROADCAST, ..Config::DEFAULT };
/// assert_eq!(JUMBO.buffer_size().map(|size| size.bytes()), Some(9 << 10));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// The longest frame in bytes with FCS; 4 bytes more are allowed for one 802.1Q tag. 64 up to
    /// the model's [`max_frame`](crate::device::Limits::max_frame).
    pub max_frame: u16,
    /// Which frames beyond those of the filters are accepted.
    pub accept: Accept,
    /// Whether the default queue drops frames when it has no descriptor, as all other queues do. If it
    /// does not, it blocks the other queues until it gets one.
    pub default_drops: bool,
    /// Whether the controller removes 802.1Q tags (0x8100, only the outermost) from received frames.
    ///
    /// [`Frame::tag`](crate::ring::Frame::tag) has them then, and a [`group`](vmdq_core::group) never mixes
    /// tags. Otherwise tags stay in the frames. Provider tags (0x88a8) always stay.
    pub strip_tags: bool,
}

impl Config {
    /// Returns the smallest size of buffers with which pools can be started.
    ///
    /// `None` if the frame limit is out of range.
    #[must_use]
    pub const fn buffer_size(&self) -> Option<BufferSize> {
        match FrameLimit::new(self.max_frame, u16::MAX) {
            Some(limit) => BufferSize::for_limit(limit),
            None => None,
        }
    }
}

impl Config {
    /// The default configuration: 1518 bytes, broadcast and multicast accepted, the default pool drops,
    /// tags stay in the frames.
    pub const DEFAULT: Self = Self {
        max_frame: 1518,
        accept: Accept::BROADCAST.union(Accept::MULTICAST),
        default_drops: true,
        strip_tags: false,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}
