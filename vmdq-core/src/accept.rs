//! What a port accepts beyond its filters.
#![forbid(unsafe_code)]

bitflags::bitflags! {
    /// The frames that a port accepts beyond those that a filter matches; they go to the default queue.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Accept: u8 {
        /// Broadcast frames.
        const BROADCAST = 1;
        /// All multicast frames.
        const MULTICAST = 2;
        /// Unicast frames for any address: promiscuous mode. Sorting stays on.
        const PROMISCUOUS = 4;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Accept {
    fn format(&self, f: defmt::Formatter<'_>) {
        // `defmt::bitflags!` is for bitflags 1.
        self.iter_names().for_each(|(name, _)| defmt::write!(f, "{=str} ", name));
    }
}
