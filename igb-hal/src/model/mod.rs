//! The models of the family, and their differences.
//!
//! A model is a value without size, [`Igb`] of the type that has its registers. The traits of
//! [`vmdq_hal::device`] are implemented once for all of them, one piece of hardware a file; what such a
//! sequence can't know for all models is a hook here: a count, a token, or the part of a sequence that
//! differs. Its limits are in its own implementation of [`Model`](vmdq_hal::device::Model).
//! What does not depend on the model is written with [`Common`](crate::regs::Common) and is
//! compiled once, however many models a program drives.
//!
//! The differences in one place:
//!
//! | | 82575 | 82576 |
//! |---|---|---|
//! | destination of a filter | number of a queue | set of pools |
//! | default pool | fixed | VT_CTL.DEF_PL |
//! | packet buffer | PBA, before the reset | divided by the device |
//! | behaviour of a ring without descriptors | SRRCTL.DROP_EN | QDE |
//! | tail of a disabled ring | writes are ignored | can be written |
//! | context of transmit descriptors | the ring's number | 0 |
//! | routing of causes | MSIXBM | IVAR |

mod common;
mod i82575;
mod i82576;

use core::fmt;
use core::marker::PhantomData;

use vmdq_hal::device::Io;
use vmdq_hal::{Config, Platform, PoolIndex, VectorIndex};

use crate::regs::{self, Regs};

/// The largest frame limit that Intel's drivers set on this family, in bytes with FCS.
pub(crate) const MAX_FRAME: u16 = 9728;

/// The largest header buffer that SRRCTL.BSIZEHEADER can name, in bytes: 4 bits in units of 64.
pub(crate) const LARGEST_HEADER: u16 = regs::SRRCTL::BSIZEHEADER.mask as u16 * 64;

/// A gigabit controller whose registers `R` has.
///
/// The wrapper is this crate's own, so that one implementation of each trait of [`vmdq_hal::device`]
/// covers every model. Name the models: [`I82575`](tyalias@I82575), [`I82576`](tyalias@I82576).
pub struct Igb<R>(PhantomData<fn() -> R>);

/// The type of Intel's 82575: 4 pools, 15 filters.
pub type I82575 = Igb<regs::I82575>;
/// Intel's 82575: 4 pools, 15 filters.
pub const I82575: I82575 = Igb(PhantomData);

/// The type of Intel's 82576: 8 pools, 23 filters.
pub type I82576 = Igb<regs::I82576>;
/// Intel's 82576: 8 pools, 23 filters.
pub const I82576: I82576 = Igb(PhantomData);

impl<R> Clone for Igb<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Igb<R> {}

impl<R> Default for Igb<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<R: Hooks> fmt::Debug for Igb<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(R::NAME)
    }
}

/// The properties and sequences in which models differ.
pub(crate) trait Hooks: Regs + 'static {
    /// The model's name.
    const NAME: &'static str;
    /// How many pools it has.
    const POOLS: u8;
    /// Whether a tail can be written while its ring is disabled. If not, a ring has to begin where the tail
    /// was left.
    const TAIL_WHILE_DISABLED: bool;
    /// Whether a data descriptor's context index is the number of its ring.
    const CONTEXT_IS_RING: bool;
    /// Whether SRRCTL.DROP_EN decides what a ring without descriptors does.
    const DROP_EN: bool;

    /// Returns the bits of RAH that name a pool.
    fn destination(pool: PoolIndex) -> u32;

    /// Looks, after a reset, whether a register is there that the other models don't have.
    fn is_this_model<P: Platform>(io: Io<'_, P>) -> bool;

    /// Writes what takes effect with the reset.
    fn before_reset<P: Platform>(_: Io<'_, P>) {}

    /// Initialises registers that only this model has.
    fn init<P: Platform>(_: Io<'_, P>) {}

    /// Clears the table of pools by VLAN.
    fn clear_pool_vlans<P: Platform>(_: Io<'_, P>) {}

    /// Turns sorting into pools on, with this default pool; the receiver is off.
    fn sort<P: Platform>(io: Io<'_, P>, config: &Config, default: PoolIndex);

    /// Sets which frames no filter has to match (`config.accept`); leaves RCTL to the caller, of which it
    /// returns the bits.
    fn accept<P: Platform>(io: Io<'_, P>, config: &Config) -> u32;

    /// Makes a pool the default one while the receiver is on, where there is a choice.
    fn set_default<P: Platform>(_: Io<'_, P>, _: &Config, _: PoolIndex) {}

    /// Returns the default pool.
    fn default_pool<P: Platform>(_: Io<'_, P>) -> PoolIndex {
        PoolIndex::new(0)
    }

    /// Turns MSI-X on, with automatic clear and mask of causes.
    fn enable_msix<P: Platform>(io: Io<'_, P>);

    /// Routes the causes of a pool's rings, both ways.
    fn route<P: Platform>(io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex);

    /// Routes the other causes.
    fn route_others<P: Platform>(io: Io<'_, P>, vector: VectorIndex);

    /// Returns the bits of EIMS, EIMC and EICS for a vector.
    fn mask_bits<P: Platform>(io: Io<'_, P>, vector: VectorIndex) -> u32;
}
