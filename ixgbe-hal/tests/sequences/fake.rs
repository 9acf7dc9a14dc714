//! Registers that remember, and behave as the 82598 does where the sequences wait for it.
//!
//! Offsets are typed from `FACTS.md` and not from the table.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use embedded_hal::delay::DelayNs;
use vmdq_hal::bus::{Bus, Offset, PortId};
use vmdq_hal::device::Io;
use vmdq_hal::dma::Identity;
use vmdq_hal::{Host, Platform};

pub(crate) const CTRL: u32 = 0x0000;
pub(crate) const STATUS: u32 = 0x0008;
pub(crate) const EEC: u32 = 0x10010;
pub(crate) const SW_FW_SYNC: u32 = 0x10160;
pub(crate) const EICS: u32 = 0x0808;
pub(crate) const EIMC: u32 = 0x0888;
pub(crate) const GCR: u32 = 0x11000;
pub(crate) const GHECCR: u32 = 0x110b0;
pub(crate) const MTA: u32 = 0x5200;
pub(crate) const VFTA: u32 = 0xa000;
pub(crate) const RDRXCTL: u32 = 0x2f00;
pub(crate) const RXCTRL: u32 = 0x3000;
pub(crate) const LINKS: u32 = 0x42a4;
pub(crate) const AUTOC: u32 = 0x42a0;
pub(crate) const MASTER_DISABLE: u32 = 1 << 2;
pub(crate) const RST: u32 = 1 << 26;
pub(crate) const ENABLE: u32 = 1 << 25;
pub(crate) const UP_10G: u32 = 1 << 30 | 1 << 29;

pub(crate) const fn ral(entry: u32) -> u32 {
    0x5400 + 8 * entry
}
pub(crate) const fn rah(entry: u32) -> u32 {
    0x5404 + 8 * entry
}
pub(crate) const fn rxdctl(ring: u32) -> u32 {
    0x1028 + 0x40 * ring
}
pub(crate) const fn txdctl(ring: u32) -> u32 {
    0x6028 + 0x40 * ring
}
pub(crate) const fn srrctl(pool: u32) -> u32 {
    0x2100 + 4 * pool
}

/// What answers to reads.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Answers {
    Device,
    Zeros,
    Ones,
}

pub(crate) struct State {
    pub(crate) answers: Cell<Answers>,
    /// How many reads are answered before the device is gone.
    pub(crate) reads_left: Cell<u32>,
    cells: RefCell<BTreeMap<u32, u32>>,
    writes: RefCell<Vec<(u32, u32)>>,
    pub(crate) waited: Cell<u64>,
    /// What `waited` was when STATUS last said that the master is quiet.
    pub(crate) quiet_at: Cell<Option<u64>>,
    /// Whether the link goes down when a ring is disabled.
    pub(crate) link_falls: Cell<bool>,
}

/// Registers that hold what is written, and behave where the sequences wait for it.
#[derive(Clone)]
pub(crate) struct Fake(pub(crate) Rc<State>);

impl Fake {
    pub(crate) fn new(answers: Answers) -> Self {
        Self(Rc::new(State {
            answers: Cell::new(answers),
            reads_left: Cell::new(u32::MAX),
            cells: RefCell::default(),
            writes: RefCell::default(),
            waited: Cell::new(0),
            quiet_at: Cell::new(None),
            link_falls: Cell::new(false),
        }))
    }

    pub(crate) fn cell(&self, at: u32) -> u32 {
        self.0.cells.borrow().get(&at).copied().unwrap_or(0)
    }

    pub(crate) fn set(&self, at: u32, value: u32) {
        self.0.cells.borrow_mut().insert(at, value);
    }

    fn link_is_up(&self) -> bool {
        self.cell(LINKS) & 1 << 30 != 0
    }

    pub(crate) fn is_control(at: u32) -> bool {
        (0..64).any(|ring| at == rxdctl(ring)) || (0..32).any(|ring| at == txdctl(ring))
    }

    pub(crate) fn writes(&self) -> Vec<(u32, u32)> {
        self.0.writes.take()
    }
}

// SAFETY: one device, named by its place in memory; nothing here panics.
unsafe impl Bus for Fake {
    fn read32(&self, at: Offset) -> u32 {
        let state = &self.0;
        match state.reads_left.get() {
            0 => state.answers.set(Answers::Ones),
            left => state.reads_left.set(left - 1),
        }
        match state.answers.get() {
            Answers::Zeros => return 0,
            Answers::Ones => return u32::MAX,
            Answers::Device => {}
        }
        let value = self.cell(at.bytes());
        match at.bytes() {
            STATUS if self.cell(CTRL) & MASTER_DISABLE != 0 => {
                state.quiet_at.set(Some(state.waited.get()));
                0
            }
            STATUS => 1 << 19,
            EEC => value | 1 << 9,
            RDRXCTL => value | 1 << 3,
            // Reads the state, which shows with a link alone.
            control if Self::is_control(control) && !self.link_is_up() => value & !ENABLE,
            _ => value,
        }
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        let at = at.bytes();
        self.0.writes.borrow_mut().push((at, value));
        if Self::is_control(at) && value & ENABLE == 0 && self.0.link_falls.get() {
            self.set(LINKS, 0);
        }
        // A reset clears itself, and the master disable with it.
        self.set(at, if at == CTRL && value & RST != 0 { 0 } else { value });
    }

    fn id(&self) -> PortId {
        PortId(Rc::as_ptr(&self.0) as usize)
    }
}

/// A clock that only counts.
impl DelayNs for Fake {
    fn delay_ns(&mut self, ns: u32) {
        self.0.waited.set(self.0.waited.get() + u64::from(ns.div_ceil(1000)));
    }
}

pub(crate) fn platform(fake: &Fake) -> impl Platform {
    // SAFETY: nothing is mapped here.
    let dma = unsafe { Identity::new() };
    // SAFETY: no memory is ever handed out, so that nothing rests on the clock.
    unsafe { Host::new(fake.clone(), dma, fake.clone()) }
}

pub(crate) fn io<P: Platform>(platform: &P) -> Io<'_, P> {
    // SAFETY: no device is behind these registers.
    unsafe { Io::new(platform) }
}
