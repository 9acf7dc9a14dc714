//! What the models of the family do unlike each other.

mod i82598;

use core::marker::PhantomData;

use tock_registers::fields::FieldValue;
use vmdq_hal::bus::Bus;
use vmdq_hal::{Array, Config, FrameLimit, Speed, Statistics};

use crate::regs::{self, Regs, SRRCTL};

/// A ten-gigabit controller of model `M`.
///
/// The wrapper is this crate's own, so that one implementation of
/// [`Controller`](vmdq_hal::Controller) covers every model.
pub struct Ixgbe<M>(PhantomData<M>);

/// Intel 82598: 16 queues, 15 filters.
pub type I82598 = Ixgbe<regs::I82598>;

/// A model of the family: its counts and what it does unlike its siblings. Sealed.
pub trait Model: Regs + sealed::Sealed + 'static {
    #[doc(hidden)]
    type PerQueue<T>: Array<T>;
    #[doc(hidden)]
    type PerFilter<T>: Array<T>;
    #[doc(hidden)]
    type PerVector<T>: Array<T>;
    #[doc(hidden)]
    const NAME: &'static str;
    /// The largest frame limit, in bytes with FCS.
    #[doc(hidden)]
    const MAX_FRAME: u16;
    /// Error bits in the status word of a receive descriptor.
    #[doc(hidden)]
    const RX_ERRORS: u32;
    /// Whether RXDCTL and TXDCTL show the state of a queue only while the link is up.
    #[doc(hidden)]
    const ENABLE_NEEDS_LINK: bool;

    /// The bits of RAH that name a queue.
    #[doc(hidden)]
    fn destination(queue: u8) -> u32;
    /// What a reset leaves to be mended.
    #[doc(hidden)]
    fn after_reset<B: Bus>(bus: &B);
    /// Clears what the siblings do not have, and turns flow control off.
    #[doc(hidden)]
    fn init<B: Bus>(bus: &B);
    /// Turns VMDq on, with queue 0 as the default queue; the receiver is off.
    #[doc(hidden)]
    fn enable<B: Bus>(bus: &B, config: &Config);
    /// Turns VMDq off; the receiver is off.
    #[doc(hidden)]
    fn disable<B: Bus>(bus: &B);
    /// The fields of RXCTRL that turn the receiver on.
    #[doc(hidden)]
    fn receiver_on() -> u32;
    /// The bits of RXDCTL with which a queue runs.
    #[doc(hidden)]
    fn rx_thresholds() -> u32;
    /// What has a queue replicate headers: PSRTYPE with every type of packets, and SRRCTL.DESCTYPE.
    #[doc(hidden)]
    fn replication() -> (u32, FieldValue<u32, SRRCTL::Register>);
    /// The speed of a link that is up, from LINKS.
    #[doc(hidden)]
    fn speed(links: u32) -> Speed;
    /// Asks for the link.
    #[doc(hidden)]
    fn start_link<B: Bus>(bus: &B);
    /// Routes both causes of a queue.
    #[doc(hidden)]
    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8);
    /// Routes the other causes.
    #[doc(hidden)]
    fn route_others<B: Bus>(bus: &B, vector: u8);
    /// Reads the causes that are pending, without clearing any.
    #[doc(hidden)]
    fn pending<B: Bus>(bus: &B) -> u32;
    /// Raises causes by software.
    #[doc(hidden)]
    fn fire<B: Bus>(bus: &B, mask: u32);
    /// Adds what is counted unlike the siblings: good frames and those without a descriptor.
    #[doc(hidden)]
    fn count<B: Bus>(bus: &B, missed: u64, into: &mut Statistics);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::regs::I82598 {}
}

/// The length to which hardware that knows one limit for all frames is set.
pub(crate) fn hardware_limit(config: &Config) -> u32 {
    // `Port::init` has refused what is out of range; saturate all the same.
    FrameLimit::new(config.max_frame, u16::MAX)
        .map_or(u32::from(FrameLimit::LEAST), |limit| limit.hardware().into())
}
