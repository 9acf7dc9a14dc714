//! A port and its life cycle: reset, ready, VMDq on, quiesced, and back.
//!
//! ```text
//! Reset ──init──> Ready ──enable──> Vmdq ──quiesce──> Quiesced ──reset──> Reset
//!                   └──<──disable──<──┘
//! ```
//!
//! Each step takes the port and returns it in its new state, so that a call which a state does not allow does
//! not compile. [`Port::enable`] hands out every resource once; [`Port::disable`] and [`Port::reset`] take
//! all of them back ([`Parts`]).

mod end;
mod error;
mod init;
mod parts;
mod plan;
mod state;
mod vmdq;

use core::fmt;
use core::marker::PhantomData;

use vmdq_core::{FrameLimit, MacAddress};

use crate::bus::{Bus, PortId};
use crate::config::Config;
use crate::device::{Io, Model, Warnings};
use crate::fault::Gone;
use crate::fmt::{event, warning};
use crate::index::PoolIndex;
use crate::link::Link;
use crate::owner::Owner;
use crate::platform::Platform;
use crate::statistics::Statistics;

pub use error::{InitError, Missing, OtherPort};
pub use parts::{Part, Parts, Resources};
use plan::Routes;
pub use plan::{Plan, Restore, RestoreError};
pub use state::{HandedOut, Initialised, Quiesced, Ready, Reset, Vmdq, VmdqOff, VmdqOn};
pub use vmdq::SetDefaultError;

/// A port in state `S`: [`Reset`], [`Ready`], [`Vmdq`] or [`Quiesced`].
///
/// # Examples
///
/// ```
/// use vmdq_hal::device::Model;
/// use vmdq_hal::{Config, Platform, Port, Resources};
///
/// fn open<M: Model, P: Platform + 'static>(
///     model: M,
///     platform: P,
/// ) -> Result<Resources<M, P>, Box<dyn std::error::Error>> {
///     // SAFETY: the platform reaches a controller of this model, which nobody else drives.
///     let port = unsafe { Port::new(model, platform) };
///     let mut port = port.init(&Config::DEFAULT)?; // Reset -> Ready
///     if !port.bring_link_up(5000).is_up() {
///         return Err("no link".into());
///     }
///     Ok(port.enable()) // Ready -> Vmdq, with pools, filters and vectors
/// }
/// ```
#[must_use]
pub struct Port<M, P, S> {
    model: M,
    platform: P,
    /// How often VMDq was turned on.
    life: u32,
    known: Known,
    state: PhantomData<fn() -> S>,
}

/// What is known of a port: how it was set up, what it reported, and what leads where.
#[derive(Clone, Copy)]
struct Known {
    config: Config,
    limit: FrameLimit,
    address: MacAddress,
    statistics: Statistics,
    warnings: Warnings,
    default_pool: PoolIndex,
    routes: Routes,
}

impl Known {
    const NOTHING: Self = Self {
        config: Config::DEFAULT,
        limit: FrameLimit::ETHERNET,
        address: MacAddress([0; 6]),
        statistics: Statistics::ZERO,
        warnings: Warnings { nvm_not_read: false, master_not_quiet: false },
        default_pool: PoolIndex::new(0),
        routes: Routes::NONE,
    };
}

impl<M, P, S> Port<M, P, S> {
    fn into_state<T>(self) -> Port<M, P, T> {
        let Self { model, platform, life, known, .. } = self;
        Port { model, platform, life, known, state: PhantomData }
    }
}

impl<M: Model, P: Platform, S> Port<M, P, S> {
    /// Returns the id that distinguishes the port from others.
    #[must_use]
    pub fn id(&self) -> PortId {
        self.platform.bus().id()
    }

    /// Looks whether the device is still there, by one register read: for what writes alone, such as routes
    /// and the default pool.
    ///
    /// # Errors
    ///
    /// [`Gone`] if it is not.
    pub fn check(&self) -> Result<(), Gone> {
        if self.model.is_gone(self.io()) { Err(Gone) } else { Ok(()) }
    }

    /// Returns the model of the controller.
    #[must_use]
    pub const fn model(&self) -> M {
        self.model
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner { port: self.id(), life: self.life }
    }

    pub(crate) const fn platform(&self) -> &P {
        &self.platform
    }

    fn io(&self) -> Io<'_, P> {
        // SAFETY: the port is the one driver of its device (`Port::new`). What its methods write hands no
        // memory to the device: `Pool` does, for the rings that own it.
        unsafe { Io::new(&self.platform) }
    }
}

impl<M: Model, P: Platform, S: Initialised> Port<M, P, S> {
    /// Returns the port's own address.
    #[must_use]
    pub const fn address(&self) -> MacAddress {
        self.known.address
    }

    /// Returns the port's configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.known.config
    }

    /// Returns the waits that timed out in the last reset.
    #[must_use]
    pub const fn warnings(&self) -> Warnings {
        self.known.warnings
    }

    /// Reads the state of the link.
    #[must_use]
    pub fn link(&self) -> Link {
        self.model.state(self.io())
    }

    /// Starts bringing the link up, waits up to `milliseconds`, and returns its state.
    ///
    /// Takes a second more at most, where the firmware holds the PHY.
    pub fn bring_link_up(&mut self, milliseconds: u32) -> Link {
        if let Err(fault) = self.model.start(self.io()) {
            // The link may come up even if the PHY does not answer.
            warning!("{}: the link was not started: {}", self.model.limits().name, fault);
        }
        for _ in 0..milliseconds.div_ceil(10) {
            let link = self.link();
            if link.is_up() {
                event!("{}: link {:?}", self.model.limits().name, link);
                return link;
            }
            self.io().wait_us(10_000);
        }
        let link = self.link();
        event!("{}: link {:?} after {} ms", self.model.limits().name, link, milliseconds);
        link
    }

    /// Reads what the device counted, and returns the sums since [`init`](Port::init).
    ///
    /// The device's counters clear when they are read. [`diagnose`](Port::diagnose) reads them, too, and adds to
    /// the same sums.
    pub fn statistics(&mut self) -> Statistics {
        let mut statistics = self.known.statistics;
        self.model.add_to(self.io(), &mut statistics);
        self.known.statistics = statistics;
        statistics
    }
}

#[cfg(feature = "defmt")]
impl<M: Model, P: Platform, S> defmt::Format for Port<M, P, S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Port({=str}, {})", self.model.limits().name, self.known.address);
    }
}

impl<M: Model, P: Platform, S> fmt::Debug for Port<M, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("model", &self.model.limits().name)
            .field("address", &self.known.address)
            .finish_non_exhaustive()
    }
}
