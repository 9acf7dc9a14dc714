//! The state of the link.

/// The state of the link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Link {
    /// No link.
    Down,
    /// A link at this speed, full or half duplex.
    Up(Speed),
}

impl Link {
    /// Tells whether there is a link.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up(_))
    }
}

/// The speed of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Speed {
    /// 10 Mb/s.
    Mbit10,
    /// 100 Mb/s.
    Mbit100,
    /// 1 Gb/s.
    Gbit1,
    /// 10 Gb/s.
    Gbit10,
}
