//! What the controller counts.

/// What the controller counted since the port was made.
///
/// The device's counters clear when they are read; this adds up what was read. Frames that a receive
/// ring dropped on its own account are in its [`RxCounters`](crate::ring::RxCounters).
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Statistics {
    /// Good frames received (GPRC). It may contain frames that were then dropped for want of a
    /// descriptor, or by a ring.
    pub received: u64,
    /// Good broadcast frames received (BPRC).
    pub broadcast: u64,
    /// Good multicast frames received (MPRC).
    pub multicast: u64,
    /// Good frames sent (GPTC).
    pub sent: u64,
    /// Frames dropped because they were over the limit (ROC).
    pub too_long: u64,
    /// Frames dropped because they were shorter than 64 bytes (RUC).
    pub too_short: u64,
    /// Frames with a wrong FCS (CRCERRS).
    pub crc_errors: u64,
    /// Frames lost because the packet buffer was full (MPC).
    ///
    /// The 82598 is taken to count here, too, what it drops for want of a descriptor: then this is all
    /// that it lost, [`no_descriptor`](Self::no_descriptor) tells why, and the two must not be added.
    pub missed: u64,
    /// Frames dropped because a queue had no descriptor (RQDPC).
    ///
    /// The 82598 counts frames that found none (RNBC): also those that waited in the packet buffer
    /// and were received in the end, where the queue does not drop.
    pub no_descriptor: u64,
}

impl Statistics {
    /// Nothing counted.
    pub const ZERO: Self = Self {
        received: 0,
        broadcast: 0,
        multicast: 0,
        sent: 0,
        too_long: 0,
        too_short: 0,
        crc_errors: 0,
        missed: 0,
        no_descriptor: 0,
    };
}
