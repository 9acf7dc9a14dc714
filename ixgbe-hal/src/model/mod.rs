//! The models of the family, and their differences.
//!
//! [`Ixgbe`] implements each trait of [`vmdq_hal::device`] once, in the file of that piece of hardware. Where
//! models differ it asks their [`Hooks`], of which each model has an implementation in a file of its own.
//! Registers that all devices have need no hook: they are constants of [`Regs`], and of
//! [`Common`](crate::regs::Common) where they are at one place on all devices, so that a sequence which needs
//! no others is compiled once. A model's limits are in its own implementation of
//! [`Model`](vmdq_hal::device::Model).
//!
//! A model is a value without size, and a type of the same name: `Port<I82598, _, _>` is a port that was made
//! with the value `I82598`.

mod i82598;

use core::fmt;
use core::marker::PhantomData;

use tock_registers::fields::FieldValue;
use vmdq_hal::device::Io;
use vmdq_hal::{Platform, PoolIndex, Speed, Statistics, VectorIndex};

use crate::regs::{self, RAH, RXCTRL, RXDCTL, Regs, SRRCTL, VLNCTRL};

/// A ten-gigabit controller; `M` are its registers.
///
/// The wrapper is this crate's own, so that one implementation of each trait of [`vmdq_hal::device`] covers
/// every model. Users name a model: [`I82598`](type@I82598).
pub struct Ixgbe<M>(PhantomData<fn() -> M>);

/// Intel 82598: 16 pools, 15 filters, 16 vectors.
pub type I82598 = Ixgbe<regs::I82598>;

/// Intel 82598.
pub const I82598: I82598 = Ixgbe(PhantomData);

impl<M> Clone for Ixgbe<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for Ixgbe<M> {}

impl<M> Default for Ixgbe<M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<M: Hooks> fmt::Debug for Ixgbe<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(M::NAME)
    }
}

/// The properties and sequences in which models differ.
///
/// It can't be named outside of this crate, and so not be implemented there. Of the values that hooks return,
/// none is a register write by itself; those that take an [`Io`] write registers of their model alone.
pub(crate) trait Hooks: Regs + 'static {
    /// The model's name.
    const NAME: &'static str;
    /// Errors in the status word of a receive descriptor, valid while bad packets are stored.
    const RECEIVE_ERRORS: u32;
    /// Whether RXDCTL and TXDCTL show the state of a ring only while the link is up.
    const ENABLE_NEEDS_LINK: bool;
    /// The largest header buffer, in bytes.
    const LARGEST_HEADER: u16;

    /// Corrects what a reset leaves wrong.
    fn after_reset<P: Platform>(io: Io<'_, P>);
    /// Initialises what only this model has: flow control off, transmit rings in turn.
    fn init<P: Platform>(io: Io<'_, P>);

    /// The field of RAH that names a pool.
    fn destination(pool: PoolIndex) -> FieldValue<u32, RAH::Register>;
    /// Clears the tables of pools by VLAN.
    fn clear_vlans<P: Platform>(io: Io<'_, P>);
    /// The field of VLNCTRL that has the controller remove tags, or leave them.
    fn strip(strip: bool) -> FieldValue<u32, VLNCTRL::Register>;

    /// Gives each pool control registers of its own, or all pools one; the receiver is off.
    fn separate_pools<P: Platform>(io: Io<'_, P>, separate: bool);
    /// Turns the sorting of frames by address on, with pool 0 as the default pool, or off; the receiver is off.
    fn sort<P: Platform>(io: Io<'_, P>, sort: bool);
    /// The fields of FCTRL with which MAC control frames are delivered.
    fn accept_always() -> u32;
    /// The fields of RXCTRL that turn the receiver on.
    fn receiver_on() -> FieldValue<u32, RXCTRL::Register>;

    /// The fields of RXDCTL with which a ring runs, beside ENABLE.
    fn thresholds() -> FieldValue<u32, RXDCTL::Register>;
    /// The values with which a ring replicates headers: PSRTYPE with every type of packets, and
    /// SRRCTL.DESCTYPE.
    fn replication() -> (u32, FieldValue<u32, SRRCTL::Register>);

    /// Starts bringing the link up.
    fn start_link<P: Platform>(io: Io<'_, P>);
    /// The speed of a link that is up, from LINKS.
    fn speed(links: u32) -> Speed;

    /// Routes both causes of a pool.
    fn route<P: Platform>(io: Io<'_, P>, vector: VectorIndex, pool: PoolIndex);
    /// Routes the other causes.
    fn route_others<P: Platform>(io: Io<'_, P>, vector: VectorIndex);
    /// Reads the causes that are pending, without clearing any.
    fn pending<P: Platform>(io: Io<'_, P>) -> u32;
    /// Raises causes by software.
    fn fire<P: Platform>(io: Io<'_, P>, causes: u32);

    /// Adds counters that differ between models: good frames and those without a descriptor.
    fn count<P: Platform>(io: Io<'_, P>, missed: u64, into: &mut Statistics);
}
