//! One port and its life: out of reset, ready, VMDq on.

mod error;
mod state;

use core::fmt;
use core::marker::PhantomData;

use embedded_hal::delay::DelayNs;
use vmdq_core::{Accept, FrameLimit, MacAddress};

use crate::array::Array;
use crate::bus::{Bus, PortId};
use crate::config::{Causes, Config};
use crate::controller::{Controller, DefaultQueueChoice, LiveAccept, TimedOut, Warnings};
use crate::filter::{FilterSlot, FilterTable};
use crate::link::Link;
use crate::queue::{Pool, Queue};
use crate::statistics::Statistics;
use crate::vector::Vector;

pub use error::{DisableError, InitError, OtherPort};
pub use state::{Initialised, Ready, Reset, Vmdq, VmdqOff, VmdqOn};

/// One port in state `S`: [`Reset`], [`Ready`] or [`Vmdq`].
#[must_use]
pub struct Port<C, B, S> {
    pub(crate) bus: B,
    config: Config,
    address: MacAddress,
    statistics: Statistics,
    warnings: Warnings,
    state: PhantomData<fn() -> (C, S)>,
}

/// Everything that exists once VMDq is on: each of it once.
#[must_use]
pub struct Resources<C: Controller, B: Bus> {
    /// The port.
    pub port: Port<C, B, Vmdq>,
    /// The VMDq queues; queue 0 is the default one.
    pub queues: C::PerQueue<Queue<C, B>>,
    /// The right to program each filter.
    pub filters: C::PerFilter<FilterSlot<C>>,
    /// The filters themselves.
    pub table: FilterTable<C, B>,
    /// The MSI-X vectors.
    pub vectors: C::PerVector<Vector<C, B>>,
}

impl<C, B, S> Port<C, B, S> {
    fn into_state<T>(self) -> Port<C, B, T> {
        let Self { bus, config, address, statistics, warnings, .. } = self;
        Port { bus, config, address, statistics, warnings, state: PhantomData }
    }
}

impl<C, B: Bus> Port<C, B, Reset> {
    /// Takes a port over, in whatever state the device is.
    ///
    /// # Safety
    ///
    /// - `bus` reaches a controller of model `C`, and its `id` differs from that of every other
    ///   controller's bus.
    /// - Nothing else drives the controller: no other handle to its registers is written, and no ring
    ///   of an earlier life of the port is used again.
    /// - The controller touches only memory that it was given, and not after it has reported that it
    ///   stopped. What it writes there and what its registers say is not trusted.
    pub unsafe fn new(bus: B) -> Self
    where
        C: Controller,
    {
        Self {
            bus,
            config: Config::default(),
            address: MacAddress([0; 6]),
            statistics: Statistics::default(),
            warnings: Warnings::default(),
            state: PhantomData,
        }
    }
}

impl<C: Controller, B: Bus> Port<C, B, Reset> {
    /// Resets the device and configures it; receiver and transmitter stay off.
    ///
    /// # Errors
    ///
    /// [`InitError`] and the port, if the configuration is out of range, the device does not answer
    /// or the reset does not end in time.
    pub fn init(
        mut self,
        config: &Config,
        delay: &mut impl DelayNs,
    ) -> Result<Port<C, B, Ready>, (InitError, Self)> {
        if FrameLimit::new(config.max_frame, C::MAX_FRAME).is_none() {
            return Err((InitError::MaxFrame { least: FrameLimit::LEAST, most: C::MAX_FRAME }, self));
        }
        match C::reset(&self.bus, delay) {
            Ok(warnings) => self.warnings = warnings,
            Err(timed_out) if timed_out.value == u32::MAX => return Err((InitError::NoDevice, self)),
            Err(timed_out) => return Err((InitError::Reset(timed_out), self)),
        }
        if self.warnings.nvm_not_read {
            crate::warning!("{}: the controller did not report that it has read its NVM", C::NAME);
        }
        C::init(&self.bus, config, delay);
        self.config = *config;
        self.address = C::address(&self.bus);
        // What was counted before is nobody's.
        C::statistics(&self.bus, &mut Statistics::default());
        Ok(self.into_state())
    }
}

impl<C: Controller, B: Bus, S: Initialised> Port<C, B, S> {
    /// Returns the port's own address.
    #[must_use]
    pub const fn address(&self) -> MacAddress {
        self.address
    }

    /// Returns how the port was set up.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Returns what could not be waited for in the last reset.
    #[must_use]
    pub const fn warnings(&self) -> Warnings {
        self.warnings
    }

    /// Names the port among several.
    #[must_use]
    pub fn id(&self) -> PortId {
        self.bus.id()
    }

    /// Reads the state of the link.
    #[must_use]
    pub fn link(&self) -> Link {
        C::link(&self.bus)
    }

    /// Asks for the link and waits up to `milliseconds` for it; returns its state at the end.
    ///
    /// Asking may take a second more, where the firmware has the PHY.
    pub fn bring_link_up(&mut self, milliseconds: u32, delay: &mut impl DelayNs) -> Link {
        C::start_link(&self.bus, delay);
        for _ in 0..milliseconds.div_ceil(10) {
            let link = C::link(&self.bus);
            if link.is_up() {
                return link;
            }
            delay.delay_ms(10);
        }
        C::link(&self.bus)
    }

    /// Reads what the device counted, and returns the sums since [`init`](Port::init).
    pub fn statistics(&mut self) -> Statistics {
        C::statistics(&self.bus, &mut self.statistics);
        self.statistics
    }
}

impl<C: Controller, B: Bus, S> Port<C, B, S> {
    /// Turns VMDq on, and receiver and transmitter with it.
    ///
    /// Queue 0 is the default queue. No queue runs yet: until one is started, the device drops the
    /// frames for it.
    pub fn enable(self, delay: &mut impl DelayNs) -> Resources<C, B>
    where
        S: VmdqOff,
    {
        C::enable_vmdq(&self.bus, &self.config, delay);
        let limit = self.limit();
        let id = self.bus.id();
        Resources {
            queues: C::PerQueue::from_fn(|i| {
                Queue::new(self.bus.clone(), i as u8, limit, self.config.default_drops)
            }),
            filters: C::PerFilter::from_fn(|i| FilterSlot::new(id, i as u8 + 1)),
            table: FilterTable::new(self.bus.clone(), self.address),
            vectors: C::PerVector::from_fn(|i| Vector::new(self.bus.clone(), i as u8)),
            port: self.into_state(),
        }
    }
}

impl<C: Controller, B: Bus, S> Port<C, B, S> {
    /// Sets which frames beyond those of the filters are accepted.
    ///
    /// Sorting by filters goes on meanwhile.
    pub fn set_accept(&mut self, accept: Accept)
    where
        C: LiveAccept,
        S: VmdqOn,
    {
        self.config.accept = accept;
        C::accept(&self.bus, &self.config);
    }

    /// Makes the queue of a pool the default one.
    ///
    /// The receiver pauses for it: frames that arrive meanwhile are lost.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] if the pool belongs to another port.
    pub fn set_default(&mut self, pool: &Pool<C, B>) -> Result<(), OtherPort>
    where
        C: DefaultQueueChoice,
        S: VmdqOn,
    {
        if pool.port() != self.bus.id() {
            return Err(OtherPort);
        }
        C::set_default(&self.bus, &self.config, pool.queue() as u8);
        Ok(())
    }

    /// Routes the interrupts of a queue, both ways, to a vector. Several queues may share one.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] if the vector or the pool belongs to another port.
    pub fn route(&mut self, vector: &mut Vector<C, B>, pool: &Pool<C, B>) -> Result<(), OtherPort>
    where
        S: VmdqOn,
    {
        if pool.port() != self.bus.id() || vector.port() != self.bus.id() {
            return Err(OtherPort);
        }
        C::route_queue(&self.bus, vector.index() as u8, pool.queue() as u8);
        vector.serves(pool.queue());
        Ok(())
    }

    /// Routes the interrupts that are not a queue's to a vector.
    ///
    /// # Errors
    ///
    /// [`OtherPort`] if the vector belongs to another port.
    pub fn route_others(&mut self, vector: &mut Vector<C, B>) -> Result<(), OtherPort>
    where
        S: VmdqOn,
    {
        if vector.port() != self.bus.id() {
            return Err(OtherPort);
        }
        C::route_others(&self.bus, vector.index() as u8);
        vector.serves_others();
        Ok(())
    }

    /// Reads and clears why the port interrupted, queues aside.
    pub fn causes(&mut self) -> Causes
    where
        S: VmdqOn,
    {
        C::causes(&self.bus)
    }

    fn limit(&self) -> FrameLimit {
        match FrameLimit::new(self.config.max_frame, C::MAX_FRAME) {
            Some(limit) => limit,
            // `init` refused any other configuration.
            None => unreachable!(),
        }
    }

    /// Stops all DMA of the port, for when a queue can't be seen to stop by itself.
    ///
    /// While the returned proof lives, the port can't be used: only a reset starts it again. With it
    /// [`Pool::stop_silenced`] gives the memory of queues back.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if the device does not report that it stopped; no memory may be freed then.
    pub fn silence(&mut self, delay: &mut impl DelayNs) -> Result<Silence<'_>, TimedOut>
    where
        S: VmdqOn,
    {
        C::silence(&self.bus, delay)?;
        Ok(Silence { port: self.bus.id(), held: PhantomData })
    }
}

impl<C: Controller, B: Bus> Port<C, B, Vmdq> {
    /// Turns VMDq, receiver and transmitter off. Takes everything back, so that nothing can be in
    /// use.
    ///
    /// # Errors
    ///
    /// [`DisableError`] and everything that was passed, if some of it belongs to another port.
    pub fn disable(
        self,
        parts: Parts<C, B>,
        delay: &mut impl DelayNs,
    ) -> Result<Port<C, B, Ready>, (DisableError, Resources<C, B>)> {
        let id = self.bus.id();
        let own = parts.queues.as_ref().iter().all(|queue| queue.port() == id)
            && parts.filters.as_ref().iter().all(|slot| slot.port() == id)
            && parts.vectors.as_ref().iter().all(|vector| vector.port() == id)
            && parts.table.port() == id;
        let error = if !own { Some(DisableError::OtherPort) } else { None };
        if let Some(error) = error {
            let Parts { queues, filters, table, vectors } = parts;
            return Err((error, Resources { port: self, queues, filters, table, vectors }));
        }
        C::disable_vmdq(&self.bus, delay);
        Ok(self.into_state())
    }
}

impl<C: Controller, B: Bus> Port<C, B, Ready> {
    /// Goes back to the beginning: from here only [`init`](Port::init) leads on.
    ///
    /// This is the way on after [`silence`](Port::silence) and [`disable`](Port::disable), since
    /// only a reset lets the device move data again.
    pub fn into_reset(self) -> Port<C, B, Reset> {
        self.into_state()
    }
}

/// Everything but the port of [`Resources`]: what [`Port::disable`] takes back.
#[must_use]
pub struct Parts<C: Controller, B: Bus> {
    /// All queues, stopped.
    pub queues: C::PerQueue<Queue<C, B>>,
    /// All filter slots, unbound.
    pub filters: C::PerFilter<FilterSlot<C>>,
    /// The filter table.
    pub table: FilterTable<C, B>,
    /// All vectors.
    pub vectors: C::PerVector<Vector<C, B>>,
}

/// Proof that the device has stopped all DMA; the port is held until it is dropped.
#[must_use]
#[derive(Debug)]
pub struct Silence<'p> {
    pub(crate) port: PortId,
    held: PhantomData<&'p mut ()>,
}

impl<C: Controller, B, S> fmt::Debug for Port<C, B, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("model", &C::NAME)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
