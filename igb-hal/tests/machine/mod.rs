//! A machine without a controller: registers that a test makes up, and a clock that counts.
#![allow(dead_code, reason = "each test program uses its part")]

use core::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use vmdq_hal::Platform;
use vmdq_hal::bus::{Bus, Offset, PortId};
use vmdq_hal::dma::Identity;

/// What happened, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Read(u32),
    Write(u32, u32),
    Wait(u32),
}

/// Answers a read of a register, given what was written there last.
type Answer = dyn Fn(u32, Option<u32>) -> u32;

struct Inner {
    written: RefCell<HashMap<u32, u32>>,
    events: RefCell<Vec<Event>>,
    waited: Cell<u64>,
    answer: Box<Answer>,
}

/// Registers that hold what is written unless `answer` says otherwise, and a clock.
#[derive(Clone)]
pub(crate) struct Machine(Rc<Inner>, Identity);

impl Machine {
    pub(crate) fn new(answer: impl Fn(u32, Option<u32>) -> u32 + 'static) -> Self {
        let answer = Box::new(answer);
        let inner =
            Inner { written: RefCell::default(), events: RefCell::default(), waited: Cell::new(0), answer };
        // SAFETY: no device reads or writes memory here.
        Self(Rc::new(inner), unsafe { Identity::new() })
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.events.borrow().clone()
    }

    pub(crate) fn waited(&self) -> u64 {
        self.0.waited.get()
    }
}

// SAFETY: one set of registers; accesses are recorded in order, nothing panics.
unsafe impl Bus for Machine {
    fn read32(&self, at: Offset) -> u32 {
        let at = at.bytes();
        self.0.events.borrow_mut().push(Event::Read(at));
        (self.0.answer)(at, self.0.written.borrow().get(&at).copied())
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        self.0.events.borrow_mut().push(Event::Write(at.bytes(), value));
        self.0.written.borrow_mut().insert(at.bytes(), value);
    }

    fn id(&self) -> PortId {
        PortId(1)
    }
}

// SAFETY: a clone shares the registers; time is counted, and no device is there for which it would matter.
unsafe impl Platform for Machine {
    type Bus = Self;
    type Dma = Identity;

    fn bus(&self) -> &Self {
        self
    }

    fn dma(&self) -> &Identity {
        &self.1
    }

    fn wait_us(&self, micros: u32) {
        self.0.events.borrow_mut().push(Event::Wait(micros));
        self.0.waited.set(self.0.waited.get() + u64::from(micros));
    }
}
