//! What a controller has under way when it says that it stopped still lands: memory is released after a
//! wait that the platform answers for.

use core::ptr::NonNull;
use std::sync::{Arc, Mutex};

use embedded_hal::delay::DelayNs;
use vmdq::bus::{Bus, Offset, PortId};
use vmdq::dma::{Direction, DmaSpace};
use vmdq::ring::BufferSize;
use vmdq::{Config, FilterTable, Platform, Port, Resources, Vmdq};
use vmdq_sim::{Sim, SimBus, SimDelay, SimDma, Testbed};

use crate::common::{Concrete, ready, rings, tails};

/// How long what is under way may take, in microseconds.
const IN_FLIGHT: u64 = 100;
/// ENABLE of RXDCTL and TXDCTL.
const ENABLE: u32 = 1 << 25;
/// STATUS, and GIO_MASTER_ENABLE in it, at the same place on all devices.
const STATUS: Offset = Offset::new(8);
const GIO_MASTER_ENABLE: u32 = 1 << 19;

/// One thing that the driver did.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Event {
    Read(Offset, u32),
    Wait(u32),
    Unmap,
}

/// A model's machine that writes down what the driver does. Clones share the list.
#[derive(Clone)]
struct Watched {
    bus: WatchedBus,
    dma: WatchedDma,
    clock: SimDelay,
}

#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<Event>>>);

#[derive(Clone)]
struct WatchedBus(SimBus, Events);

#[derive(Clone)]
struct WatchedDma(SimDma, Events);

impl Events {
    fn push(&self, event: Event) {
        self.0.lock().expect("nobody panics while writing a line").push(event);
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().expect("nobody panics while writing a line"))
    }
}

// SAFETY: it is the model's bus.
unsafe impl Bus for WatchedBus {
    fn read32(&self, at: Offset) -> u32 {
        let value = self.0.read32(at);
        self.1.push(Event::Read(at, value));
        value
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        // SAFETY: the caller's promise.
        unsafe { self.0.write32(at, value) };
    }

    fn id(&self) -> PortId {
        self.0.id()
    }
}

// SAFETY: it is the model's map.
unsafe impl DmaSpace for WatchedDma {
    fn map(&self, at: NonNull<u8>, len: usize, direction: Direction) -> Option<u64> {
        self.0.map(at, len, direction)
    }

    unsafe fn unmap(&self, bus: u64, len: usize, direction: Direction) {
        self.1.push(Event::Unmap);
        // SAFETY: the caller's promise.
        unsafe { self.0.unmap(bus, len, direction) };
    }
}

// SAFETY: bus and map are the model's; the model's time passes as long as was asked for.
unsafe impl Platform for Watched {
    type Bus = WatchedBus;
    type Dma = WatchedDma;

    fn bus(&self) -> &WatchedBus {
        &self.bus
    }

    fn dma(&self) -> &WatchedDma {
        &self.dma
    }

    fn wait_us(&self, micros: u32) {
        self.bus.1.push(Event::Wait(micros));
        self.clock.clone().delay_us(micros);
    }
}

/// What the driver did last before the first of its `Unmap`s, from the last event on that proves that the
/// device stopped; returns how long it waited.
fn waited(events: &[Event], proof: impl Fn(&Event) -> bool) -> u64 {
    let unmap = events.iter().position(|event| *event == Event::Unmap).expect("memory is unmapped");
    let seen = events[..unmap].iter().rposition(proof).expect("the device is seen to have stopped");
    let waits = events[seen..unmap].iter().map(|event| match event {
        Event::Wait(micros) => u64::from(*micros),
        _ => 0,
    });
    waits.sum()
}

type Started<M> = (Port<M, Watched, Vmdq>, FilterTable<M, Watched>, vmdq::Started<M, Watched>);

/// A port with VMDq on whose pool 1 runs, and what the driver does from here on.
fn start<M: Concrete>(bed: &Sim) -> (Started<M>, Events) {
    let events = Events::default();
    let bus = WatchedBus(bed.bus(), events.clone());
    let machine = Watched { bus, dma: WatchedDma(bed.dma(), events.clone()), clock: bed.delay() };
    let Resources { port, pools, table, .. } = ready::<M, _>(machine, &Config::DEFAULT).enable();
    let pool = pools.into_iter().nth(1).expect("a second pool");
    let (rx, tx) = rings(bed, 64);
    let started = port.start(pool, rx, tx, BufferSize::kib(2).expect("a size")).expect("the pool starts");
    events.take();
    ((port, table, started), events)
}

pub(crate) fn a_stop_waits_for_what_is_under_way<M: Concrete>(bed: fn() -> Sim) {
    let bed = bed();
    let ((_port, table, started), events) = start::<M>(&bed);
    let began = bed.now();
    let _stopped = started.stop(&table, |_| panic!("no buffer was posted")).expect("the pool stops");
    let events = events.take();
    let (rx, tx) = tails::<M>(1);
    for tail in [rx, tx] {
        // Both families keep the control register 16 bytes behind the tail.
        let control = Offset::new(tail.bytes() + 0x10);
        let off =
            |event: &Event| matches!(event, Event::Read(at, value) if *at == control && value & ENABLE == 0);
        assert!(waited(&events, off) >= IN_FLIGHT, "{events:?}");
    }
    assert!(bed.now() - began >= 1000 * IN_FLIGHT, "the clock went on");
    assert_eq!(bed.violations(), []);
}

pub(crate) fn a_quiesced_port_has_waited_for_what_is_under_way<M: Concrete>(bed: fn() -> Sim) {
    let bed = bed();
    let ((port, _table, started), events) = start::<M>(&bed);
    let port = port.quiesce().expect("the device comes to rest");
    let _stopped = started.recover(&port, |_| panic!("no buffer was posted")).expect("it is at rest");
    let quiet = |event: &Event| matches!(event, Event::Read(STATUS, value) if value & GIO_MASTER_ENABLE == 0);
    let events = events.take();
    assert!(waited(&events, quiet) >= IN_FLIGHT, "{events:?}");
    assert_eq!(bed.violations(), []);
}
