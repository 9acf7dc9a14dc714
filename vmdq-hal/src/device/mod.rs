//! What a family crate implements for its controllers: one trait for each piece of hardware.
//!
//! A family implements each trait once, for all of its models. The methods take an [`Io`], which safe code
//! can't make: this crate does, so that no user calls a register sequence. A model is a value, not only a
//! type: concrete models have no size, and `vmdq::Any` is the model that is chosen at run time.
//!
//! | trait | hardware |
//! |---|---|
//! | [`Life`] | reset, initialisation, master disable |
//! | [`Filters`] | receive addresses (RAL, RAH) |
//! | [`Vlans`] | removal of 802.1Q tags, VLAN filter tables |
//! | [`Pools`] | VMDq itself: pools, the default pool, what is accepted beyond filters |
//! | [`Queues`] | descriptor rings |
//! | [`Vectors`] | MSI-X vectors and interrupt causes |
//! | [`LinkControl`] | the link |
//! | [`Counters`] | statistics |

mod counters;
mod filters;
mod life;
mod link;
mod pools;
mod queues;
pub mod shared;
mod vectors;
mod vlans;

pub use counters::Counters;
pub use filters::Filters;
pub use life::{Life, Warnings};
pub use link::LinkControl;
pub use pools::{DefaultPoolChoice, LiveAccept, Pools};
pub use queues::{HeaderReplication, NotStopped, Queues, ReceiveSetup, RingKind, RingSetup, RingState};
pub use shared::SharedRegs;
pub use vectors::Vectors;
pub use vlans::Vlans;

pub use crate::reg::io::Io;

use crate::collection::{Collection, Mint};
use crate::filter_memory::Shadow;

/// The numbers of pools, filters and vectors that a controller has, and its largest frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// The name of the model.
    pub name: &'static str,
    /// Pools: at most 64.
    pub pools: u8,
    /// Filters that can be bound, at most 127. Entry 0, the port's own address, does not count.
    pub filters: u8,
    /// MSI-X vectors: at most 64.
    pub vectors: u8,
    /// The largest frame limit, in bytes with FCS.
    pub max_frame: u16,
    /// Whether there is a choice of the default pool; else it is pool 0.
    pub default_pool_choice: bool,
    /// The largest header buffer into which headers are replicated, in bytes; 0 if they can't be.
    pub largest_header: u16,
}

/// A controller with VMDq.
///
/// Implemented by the family crates alone; users name the models that those export.
///
/// # Safety
///
/// The sequences do what their names say. Apart from [`Queues::start_receive`] and [`Queues::start_transmit`],
/// they give the device no memory. Those of different rings, filter entries and vectors write different
/// registers, or bits of registers in which zeros change nothing. [`Queues::stop`] and
/// [`Life::quiesce`] return `Ok` only after the device was seen to have
/// stopped and the writes that were in flight have completed. No sequence panics, and all waits are bounded.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a controller with VMDq",
    note = "use a model that `igb-hal` or `ixgbe-hal` exports, such as `I82576` or `I82598`, or `vmdq::Any`"
)]
pub unsafe trait Model:
    Life
    + Filters
    + Vlans
    + Pools
    + Queues
    + Vectors
    + LinkControl
    + Counters
    + core::fmt::Debug
    + Send
    + Sync
    + 'static
{
    /// A collection with one item for each pool.
    type PerPool<T: Mint>: Collection<T>;
    /// A collection with one item for each filter that can be bound.
    type PerFilter<T: Mint>: Collection<T>;
    /// A collection with one item for each MSI-X vector.
    type PerVector<T: Mint>: Collection<T>;
    /// What the filter table remembers of each filter.
    type Shadow: Shadow;
    /// The error of a capability that the device lacks; uninhabited where the compiler refuses the call.
    type Lack: core::error::Error + Copy + 'static;

    /// Returns the limits of the controller.
    fn limits(self) -> Limits;
}
