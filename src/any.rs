//! The model that is chosen at run time.
//!
//! Every trait of a model passes the call on to the concrete one. Rings, pools and filters carry the
//! model as a value, so that a program for all models has their code once.
#![allow(unsafe_code, reason = "the traits of a model are unsafe; each method passes on what it promises")]

use core::fmt;

use igb_hal::{I82575, I82576};
use ixgbe_hal::I82598;
use vmdq_hal::bus::Offset;
use vmdq_hal::device::{
    Counters, DefaultPoolChoice, Filters, HeaderReplication, Io, Life, Limits, LinkControl, LiveAccept,
    Model, NotStopped, Pools, Queues, ReceiveSetup, RingKind, RingSetup, RingState, Vectors, Vlans, Warnings,
};
use vmdq_hal::{
    Causes, Config, Fault, FilterIndex, FilterMemory, Link, MacAddress, Mint, Minted, Platform, PoolIndex,
    PoolSet, RingIndex, Statistics, VectorIndex,
};

use crate::ids::ModelName;

/// A model that is chosen at run time, by the PCI id for example.
///
/// A port, its pools and its vectors can be kept in a `static` without naming a model. A capability that
/// the device lacks is an error ([`Lack`]), where it does not compile for a concrete model. Pools, filters and
/// vectors come as iterators.
///
/// # Examples
///
/// A kernel's port of any driven controller:
///
/// ```no_run
/// use core::ptr::NonNull;
/// use std::sync::Mutex; // a kernel has one of its own
///
/// use vmdq::bus::Mmio;
/// use vmdq::dma::Identity;
/// use vmdq::{Any, Config, Host, Idle, ModelName, Pool, Port, Resources, Vector, Vmdq, WaitWith};
///
/// type Machine = Host<Mmio, Identity, WaitWith>;
///
/// static PORT: Mutex<Option<Port<Any, Machine, Vmdq>>> = Mutex::new(None);
/// static POOLS: Mutex<Vec<Pool<Any, Machine, Idle>>> = Mutex::new(Vec::new());
/// static VECTORS: Mutex<Vec<Vector<Any, Machine>>> = Mutex::new(Vec::new());
///
/// fn found(
///     (vendor, device): (u16, u16),
///     registers: NonNull<u32>,
///     wait_us: fn(u32),
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let name = ModelName::from_pci_id(vendor, device).ok_or("no controller with VMDq")?;
///     let model = Any::new(name)?;
///     // SAFETY: BAR 0 is mapped here, for this driver alone; no IOMMU, identity paging, coherent caches;
///     // and the function waits as long as it is asked to.
///     let machine = unsafe { Host::new(Mmio::new(registers), Identity::new(), WaitWith(wait_us)) };
///     // SAFETY: the PCI id says that it is this model, and it accesses only memory that it is given.
///     let port = unsafe { Port::new(model, machine) };
///     let Resources { port, pools, vectors, .. } = port.init(&Config::DEFAULT)?.enable();
///     *PORT.lock().unwrap() = Some(port);
///     POOLS.lock().unwrap().extend(pools);
///     VECTORS.lock().unwrap().extend(vectors);
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Any(Driven);

/// The models that are driven.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Driven {
    I82575,
    I82576,
    I82598,
}

impl Any {
    /// Makes the model with a name.
    ///
    /// # Errors
    ///
    /// [`NotDriven`], if this crate family does not drive the model.
    pub const fn new(name: ModelName) -> Result<Self, NotDriven> {
        match name {
            ModelName::I82575 => Ok(Self(Driven::I82575)),
            ModelName::I82576 => Ok(Self(Driven::I82576)),
            ModelName::I82598 => Ok(Self(Driven::I82598)),
            ModelName::I350 | ModelName::I82599 | ModelName::X540 => Err(NotDriven(name)),
        }
    }

    /// Returns the name of the model.
    #[must_use]
    pub const fn name(self) -> ModelName {
        match self.0 {
            Driven::I82575 => ModelName::I82575,
            Driven::I82576 => ModelName::I82576,
            Driven::I82598 => ModelName::I82598,
        }
    }

    const fn lacks(self, what: &'static str) -> Lack {
        Lack { model: self.name(), what }
    }
}

/// This crate family does not drive the model yet: use an 82575, an 82576 or an 82598.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NotDriven(pub ModelName);

impl fmt::Display for NotDriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} is not driven yet: use an 82575, an 82576 or an 82598", self.0)
    }
}
impl core::error::Error for NotDriven {}

/// The device that was found lacks a capability; for a concrete model the call does not compile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lack {
    model: ModelName,
    what: &'static str,
}

impl Lack {
    /// Returns the model that lacks it.
    #[must_use]
    pub const fn model(self) -> ModelName {
        self.model
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} can't {}: do without it on this device", self.model, self.what)
    }
}
impl core::error::Error for Lack {}

/// Passes a call on to the concrete model.
macro_rules! pass {
    ($any:expr, $model:ident => $call:expr) => {
        match $any.0 {
            Driven::I82575 => {
                let $model = I82575;
                $call
            }
            Driven::I82576 => {
                let $model = I82576;
                $call
            }
            Driven::I82598 => {
                let $model = I82598;
                $call
            }
        }
    };
}

/// Implements a trait by passing each of its methods on to the concrete model: `fn name(arguments) -> result`
/// for a method on a device, `on model` first for one that needs no device.
macro_rules! implement {
    ($trait:ident: $($rest:tt)*) => {
        // SAFETY: each call is passed on to a model that keeps the contract.
        unsafe impl $trait for Any {
            implement!(@ $trait $($rest)*);
        }
    };
    (@ $trait:ident) => {};
    (@ $trait:ident on model fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty; $($rest:tt)*) => {
        fn $name(self, $($arg: $type),*) -> $result {
            pass!(self, model => $trait::$name(model, $($arg),*))
        }
        implement!(@ $trait $($rest)*);
    };
    (@ $trait:ident fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)?; $($rest:tt)*) => {
        fn $name<P: Platform>(self, io: Io<'_, P>, $($arg: $type),*) $(-> $result)? {
            pass!(self, model => $trait::$name(model, io, $($arg),*))
        }
        implement!(@ $trait $($rest)*);
    };
    (@ $trait:ident unsafe fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty; $($rest:tt)*) => {
        unsafe fn $name<P: Platform>(self, io: Io<'_, P>, $($arg: $type),*) -> $result {
            // SAFETY: the caller's promise.
            pass!(self, model => unsafe { $trait::$name(model, io, $($arg),*) })
        }
        implement!(@ $trait $($rest)*);
    };
}

// SAFETY: what the model says of itself is passed on.
unsafe impl Model for Any {
    type PerPool<T: Mint> = Minted<T>;
    type PerFilter<T: Mint> = Minted<T>;
    type PerVector<T: Mint> = Minted<T>;
    // The 82576 has the most filters.
    type Shadow = FilterMemory<23>;
    type Lack = Lack;

    fn limits(self) -> Limits {
        pass!(self, model => model.limits())
    }
}

implement! { Life:
    fn reset() -> Result<Warnings, Fault>;
    fn holds_what_is_written() -> bool;
    fn init(config: &Config);
    fn address() -> MacAddress;
    fn quiesce() -> Result<(), Fault>;
    fn is_gone() -> bool;
}

implement! { Filters:
    fn add(entry: FilterIndex, address: MacAddress, pool: PoolIndex);
    fn redirect(entry: FilterIndex, address: MacAddress, pool: PoolIndex);
    fn remove(entry: FilterIndex);
}

implement! { Vlans:
    fn clear();
    fn strip(strip: bool);
}

implement! { Pools:
    fn enable(config: &Config);
    fn disable();
    fn restore_default(config: &Config, pool: PoolIndex);
    fn default_pool() -> PoolIndex;
    on model fn receive_ring(pool: PoolIndex) -> RingIndex;
    on model fn transmit_ring(pool: PoolIndex) -> RingIndex;
}

implement! { Queues:
    on model fn tail(kind: RingKind, ring: RingIndex) -> Offset;
    on model fn transmit_context(ring: RingIndex) -> u8;
    on model fn receive_errors() -> u32;
    fn first_descriptor(kind: RingKind, ring: RingIndex) -> u32;
    fn ring_state(kind: RingKind, ring: RingIndex) -> RingState;
    unsafe fn start_receive(setup: RingSetup, receive: ReceiveSetup) -> Result<bool, Fault>;
    unsafe fn start_transmit(setup: RingSetup) -> Result<bool, Fault>;
    fn stop(kind: RingKind, ring: RingIndex, seen: &mut bool) -> Result<(), NotStopped>;
}

implement! { Vectors:
    fn route(vector: VectorIndex, pool: PoolIndex);
    fn route_others(vector: VectorIndex);
    fn mask_bits(vector: VectorIndex, pools: PoolSet, others: bool) -> u64;
    fn unmask(mask: u64);
    fn unmasked() -> u64;
    fn mask(mask: u64);
    fn fire(mask: u64);
    fn causes() -> Causes;
}

implement! { LinkControl:
    fn start() -> Result<(), Fault>;
    fn state() -> Link;
}

implement! { Counters:
    fn add_to(statistics: &mut Statistics);
}

/// Unwraps the result of a call that can't fail on a concrete model.
fn surely<T>(result: Result<T, core::convert::Infallible>) -> T {
    let Ok(value) = result;
    value
}

// SAFETY: as for `Model`.
unsafe impl LiveAccept for Any {
    fn accept<P: Platform>(self, io: Io<'_, P>, config: &Config) -> Result<(), Lack> {
        match self.0 {
            Driven::I82575 => surely(I82575.accept(io, config)),
            Driven::I82576 => surely(I82576.accept(io, config)),
            Driven::I82598 => return Err(self.lacks("change what it accepts while VMDq is on")),
        }
        Ok(())
    }
}

// SAFETY: as for `Model`.
unsafe impl DefaultPoolChoice for Any {
    fn set_default<P: Platform>(self, io: Io<'_, P>, config: &Config, pool: PoolIndex) -> Result<(), Lack> {
        match self.0 {
            Driven::I82576 => surely(I82576.set_default(io, config, pool)),
            Driven::I82575 | Driven::I82598 => return Err(self.lacks("make another pool the default one")),
        }
        Ok(())
    }
}

// SAFETY: as for `Model`.
unsafe impl HeaderReplication for Any {
    fn largest_header(self) -> Result<u16, Lack> {
        Ok(pass!(self, model => surely(model.largest_header())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PCI_IDS;

    #[test]
    fn a_driven_model_is_what_its_name_says() {
        for known in &PCI_IDS {
            match Any::new(known.model) {
                Ok(any) => {
                    assert!(known.model.is_driven());
                    assert_eq!((any.name(), any.limits().name), (known.model, known.model.name()));
                }
                Err(NotDriven(name)) => assert!(!name.is_driven() && name == known.model),
            }
        }
    }

    #[test]
    fn the_shadow_holds_the_filters_of_every_model() {
        use vmdq_hal::Shadow as _;
        let room = <Any as Model>::Shadow::ROOM;
        for driven in [Driven::I82575, Driven::I82576, Driven::I82598] {
            assert!(usize::from(Any(driven).limits().filters) <= room, "{driven:?}");
        }
    }
}
