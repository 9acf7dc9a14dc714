//! What the models of the family do unlike each other.

mod i82575;
mod i82576;

use core::marker::PhantomData;

use vmdq_hal::bus::Bus;
use vmdq_hal::{Accept, Array, Config, FrameLimit};

use crate::regs::{self, RCTL, Regs};

/// A gigabit controller of model `M`.
///
/// The wrapper is this crate's own, so that one implementation of
/// [`Controller`](vmdq_hal::Controller) covers every model.
pub struct Igb<M>(PhantomData<M>);

/// Intel 82575: 4 queues, 15 filters.
pub type I82575 = Igb<regs::I82575>;
/// Intel 82576: 8 pools, 23 filters.
pub type I82576 = Igb<regs::I82576>;

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
    /// Whether a tail can be written while its queue is disabled. The 82575 ignores that (manual
    /// page 359), so that a ring has to begin where the tail was left.
    #[doc(hidden)]
    const TAIL_FOLLOWS: bool;

    /// The bits of RAH that name a queue.
    #[doc(hidden)]
    fn destination(queue: u8) -> u32;
    /// What the 82575 needs before the reset.
    #[doc(hidden)]
    fn before_reset<B: Bus>(bus: &B);
    /// Clears what the siblings do not have.
    #[doc(hidden)]
    fn init<B: Bus>(bus: &B);
    /// Turns VMDq on with this default queue; the receiver is off.
    #[doc(hidden)]
    fn enable<B: Bus>(bus: &B, config: &Config, default: u8);
    /// Sets which frames no filter has to match (`config.accept`); leaves RCTL to the caller, of which
    /// it returns the bits.
    #[doc(hidden)]
    fn accept<B: Bus>(bus: &B, config: &Config) -> u32;
    /// Whether SRRCTL.DROP_EN says what a queue does without descriptors. On the 82576 QDE says it
    /// for all queues, from when VMDq is turned on.
    #[doc(hidden)]
    const DROP_EN: bool;
    /// Returns the default queue.
    #[doc(hidden)]
    fn default_queue<B: Bus>(bus: &B) -> u8;
    /// Turns MSI-X with automatic mask and clear on.
    #[doc(hidden)]
    fn enable_msix<B: Bus>(bus: &B);
    /// Routes both causes of a queue.
    #[doc(hidden)]
    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8);
    /// Routes the other causes.
    #[doc(hidden)]
    fn route_others<B: Bus>(bus: &B, vector: u8);
    /// The bits of EIMS and its siblings for a vector.
    #[doc(hidden)]
    fn vector_mask<B: Bus>(bus: &B, vector: u8) -> u32;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::regs::I82575 {}
    impl Sealed for crate::regs::I82576 {}
}

/// The length to which hardware that knows one limit for all frames is set.
fn hardware_limit(config: &Config) -> u32 {
    // `Port::init` has refused what is out of range; saturate all the same.
    FrameLimit::new(config.max_frame, u16::MAX)
        .map_or(u32::from(FrameLimit::LEAST), |limit| limit.hardware().into())
}

/// RCTL bits that accept what is not filtered, as far as they are the same on all models.
fn accepted(accept: Accept) -> u32 {
    let mut bits = 0;
    if accept.contains(Accept::BROADCAST) {
        bits |= RCTL::BAM::SET.value;
    }
    if accept.contains(Accept::PROMISCUOUS) {
        bits |= RCTL::UPE::SET.value;
    }
    bits
}

/// Lets causes clear and mask themselves when their message is sent.
fn add_auto<M: Model, B: Bus>(bus: &B, bits: u32) {
    M::EIAC.on(bus).set(M::EIAC.on(bus).get() | bits);
    M::EIAM.on(bus).set(M::EIAM.on(bus).get() | bits);
}
