//! What a family crate says of a controller: its counts, and the register sequences that differ.

use embedded_hal::delay::DelayNs;

use crate::array::Array;
use crate::bus::{Bus, Offset};
use crate::config::{Causes, Config};
use crate::link::Link;
pub use crate::receive::ReceiveSetup;
use crate::statistics::Statistics;
use vmdq_core::MacAddress;

/// Seals [`Controller`](crate::Controller): implemented by the family crates alone.
#[doc(hidden)]
pub mod seal {
    /// A family crate's own wrapper type.
    pub trait Family {}
}

/// A bounded wait that ended without what was waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimedOut {
    /// Where the driver was looking.
    pub register: Offset,
    /// What it saw last.
    pub value: u32,
}

impl core::fmt::Display for TimedOut {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "timed out; register {:#07x} reads {:#010x}", self.register.bytes(), self.value)
    }
}
impl core::error::Error for TimedOut {}

/// What could not be waited for but does no harm.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Warnings {
    /// The controller did not report that it has read its NVM (EECD.AUTO_RD, EEC.ARD).
    pub nvm_not_read: bool,
    /// The controller did not report that its DMA is at rest before the reset.
    pub master_not_quiet: bool,
}

/// How stopping a queue ended where it did not end well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NotStopped {
    /// The queue never reported that it is disabled.
    TimedOut(TimedOut),
    /// The queue's state can't be seen while the link is down (82598).
    LinkDown,
}

/// One ring, as it is told to the device.
#[derive(Clone, Copy, Debug)]
pub struct RingSetup {
    /// Number of the queue.
    pub queue: u8,
    /// Bus address of the descriptors, a multiple of 128.
    pub base: u64,
    /// Length in descriptors, a multiple of 8.
    pub descriptors: u32,
    /// The descriptor at which the ring begins: head and tail alike.
    pub first: u32,
}

/// A controller with VMDq: its counts and its register sequences.
///
/// Implemented by the family crates alone; users name the models that those export.
///
/// # Safety
///
/// The sequences do what their names say. `start_rx` and `start_tx` aside, they hand the device no
/// memory. The sequences of different queues, and of different filter entries, write different
/// registers. `stop_rx`, `stop_tx` and `silence` return `Ok` only after the device was seen to
/// have stopped and what was in flight has landed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a controller with VMDq",
    note = "use a model that `igb-hal` or `ixgbe-hal` exports, such as `I82576` or `I82598`"
)]
pub unsafe trait Controller: seal::Family + Sized + 'static {
    /// One of something for each VMDq queue (or pool).
    type PerQueue<T>: Array<T>;
    /// One of something for each filter that can be bound: entry 0 is the port's own address.
    type PerFilter<T>: Array<T>;
    /// One of something for each MSI-X vector.
    type PerVector<T>: Array<T>;

    /// The name of the model.
    const NAME: &'static str;
    /// VMDq queues.
    const QUEUES: usize = <Self::PerQueue<()> as Array<()>>::LEN;
    /// Filters that can be bound.
    const FILTERS: usize = <Self::PerFilter<()> as Array<()>>::LEN;
    /// MSI-X vectors.
    const VECTORS: usize = <Self::PerVector<()> as Array<()>>::LEN;
    /// The largest frame limit, in bytes with FCS.
    const MAX_FRAME: u16;
    /// Error bits in the status word of a receive descriptor.
    const RX_ERRORS: u32;

    /// Stops all DMA and interrupts and resets the device.
    fn reset<B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<Warnings, TimedOut>;
    /// Brings the device from reset to a known state, receiver and transmitter off.
    fn init<B: Bus>(bus: &B, config: &Config, delay: &mut impl DelayNs);
    /// Reads the port's own address, as it was loaded from NVM.
    fn address<B: Bus>(bus: &B) -> MacAddress;
    /// Asks for the link.
    fn start_link<B: Bus>(bus: &B, delay: &mut impl DelayNs);
    /// Reads the state of the link.
    fn link<B: Bus>(bus: &B) -> Link;
    /// Turns VMDq on with queue 0 as the default queue, then receiver and transmitter. All queues
    /// are disabled.
    fn enable_vmdq<B: Bus>(bus: &B, config: &Config, delay: &mut impl DelayNs);
    /// Returns the default queue, while VMDq is on.
    fn default_queue<B: Bus>(bus: &B) -> u8 {
        let _ = bus;
        0
    }
    /// Turns receiver, transmitter and VMDq off. All queues are disabled.
    fn disable_vmdq<B: Bus>(bus: &B, delay: &mut impl DelayNs);
    /// Leads an address to a queue; `entry` is at least 1 and free.
    fn add_filter<B: Bus>(bus: &B, entry: u8, address: MacAddress, queue: u8);
    /// Leads the address of a filter to another queue, in one register write.
    fn move_filter<B: Bus>(bus: &B, entry: u8, address: MacAddress, queue: u8);
    /// Removes a filter.
    fn remove_filter<B: Bus>(bus: &B, entry: u8);

    /// Where the tail of a receive queue is written.
    fn rx_tail(queue: u8) -> Offset;
    /// Where the tail of a transmit queue is written.
    fn tx_tail(queue: u8) -> Offset;
    /// What the context index of a data descriptor has to be.
    fn tx_context(queue: u8) -> u8;
    /// Returns where the receive and the transmit ring of a stopped queue have to begin.
    fn first_descriptors<B: Bus>(bus: &B, queue: u8) -> (u32, u32);
    /// Sets up and enables a receive queue; no buffer is posted yet. All of its registers are set,
    /// whatever the queue was started with before. Returns whether the queue was seen enabled.
    ///
    /// # Safety
    ///
    /// The descriptors stay mapped at `setup.base` until the queue is seen stopped.
    unsafe fn start_rx<B: Bus>(
        bus: &B,
        setup: RingSetup,
        receive: ReceiveSetup<Self>,
        delay: &mut impl DelayNs,
    ) -> Result<bool, TimedOut>;
    /// Disables a receive queue and sees it disabled; `seen` tells whether it was seen enabled before,
    /// without which a queue that reads as disabled proves nothing.
    fn stop_rx<B: Bus>(bus: &B, queue: u8, seen: bool, delay: &mut impl DelayNs) -> Result<(), NotStopped>;
    /// Sets up and enables a transmit queue. Returns whether it was seen enabled.
    ///
    /// # Safety
    ///
    /// The descriptors stay mapped at `setup.base` until the queue is seen stopped.
    unsafe fn start_tx<B: Bus>(bus: &B, setup: RingSetup, delay: &mut impl DelayNs)
    -> Result<bool, TimedOut>;
    /// Disables a transmit queue and sees it disabled, as `stop_rx`.
    fn stop_tx<B: Bus>(bus: &B, queue: u8, seen: bool, delay: &mut impl DelayNs) -> Result<(), NotStopped>;
    /// Stops all DMA of the device and sees it stopped. Only a reset starts it again.
    fn silence<B: Bus>(bus: &B, delay: &mut impl DelayNs) -> Result<(), TimedOut>;

    /// Adds what the device counted since the last call. Reading clears the device's counters.
    fn statistics<B: Bus>(bus: &B, into: &mut Statistics);

    /// Routes both interrupt causes of a queue to a vector.
    fn route_queue<B: Bus>(bus: &B, vector: u8, queue: u8);
    /// Routes all other interrupt causes to a vector.
    fn route_others<B: Bus>(bus: &B, vector: u8);
    /// Returns the bits of the interrupt mask registers that stand for a vector to which these
    /// queues (as a set) are routed, and with [`OTHERS`] all other causes.
    fn vector_mask<B: Bus>(bus: &B, vector: u8, queues: u64) -> u32;
    /// Lets the causes in `mask` interrupt.
    fn unmask<B: Bus>(bus: &B, mask: u32);
    /// Keeps the causes in `mask` from interrupting.
    fn mask<B: Bus>(bus: &B, mask: u32);
    /// Raises the causes in `mask` by software.
    fn fire<B: Bus>(bus: &B, mask: u32);
    /// Reads and clears the causes that are not those of a queue.
    fn causes<B: Bus>(bus: &B) -> Causes;
}

/// Controllers on which it can be changed at run time what is accepted beyond the filters.
#[diagnostic::on_unimplemented(
    message = "what `{Self}` accepts can't be changed while VMDq is on",
    note = "82598: FCTRL is written with the receiver off, which is allowed with all queues disabled only; set `Config::accept` before `Port::init`"
)]
pub trait LiveAccept: Controller {
    /// Sets which frames beyond those of the filters are accepted (`config.accept`), while VMDq is on.
    fn accept<B: Bus>(bus: &B, config: &Config);
}

/// In a set of queues that are routed to a vector: all causes that are not a queue's.
pub const OTHERS: u64 = 1 << 63;

/// Controllers that can make another queue than queue 0 the default one.
#[diagnostic::on_unimplemented(
    message = "the default queue of `{Self}` can't be chosen: it is queue 0",
    note = "82575: the register field is not documented; 82598: its position is unverified; the 82576 offers it"
)]
pub trait DefaultQueueChoice: Controller {
    /// Makes `queue` the default one. The receiver pauses for it.
    fn set_default<B: Bus>(bus: &B, config: &Config, queue: u8);
}

/// Controllers whose hardware replicates headers: it writes the beginning of a frame to a buffer of
/// its own besides the whole frame (paper section 3.7; SRRCTL.DESCTYPE 3).
///
/// It does so for the types of packets that it recognises (PSRTYPE), and says in each descriptor
/// whether it did (SPH). Where it did not, the header buffer holds nothing of the frame.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not replicate headers in hardware",
    note = "the 82575, the 82576 and the 82598 do; elsewhere `start_targeted_by_software` fetches each header once"
)]
pub trait HeaderReplication: Controller {
    /// Largest header buffer, in bytes, a multiple of 64.
    const HEADER_MOST: u16;
}
