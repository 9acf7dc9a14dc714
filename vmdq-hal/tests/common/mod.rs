//! A machine without a controller: a model that writes no register, and a test that plays the device by
//! writing descriptors through the memory that was mapped for it.
#![allow(dead_code, reason = "each test program uses its part")]

mod model;

use core::cell::{Cell, RefCell};
use core::ptr::NonNull;
use std::collections::HashMap;
use std::rc::Rc;

use vmdq_hal::bus::{Bus, Offset, PortId};
use vmdq_hal::dma::{Direction, DmaSpace};
use vmdq_hal::ring::{BufferKib, BufferMemory, BufferPool, Kib, Length, RingLength, RingMemory};
use vmdq_hal::{Config, FilterTable, Idle, Platform, Pool, Port, Started, Vmdq};

pub(crate) use model::Plain;

/// Where the model has its tails.
pub(crate) const RX_TAIL: u32 = 0x100;
pub(crate) const TX_TAIL: u32 = 0x200;

/// Status of a good frame: done, end of packet.
const GOOD: u64 = 1 << 0 | 1 << 1;
/// A transmit descriptor is done.
const SENT: u64 = 1 << 32;

#[derive(Default)]
struct State {
    /// The last value and the count of writes of each register.
    registers: RefCell<HashMap<u32, (u32, u32)>>,
    mapped: RefCell<Vec<(usize, usize)>>,
    /// How many bytes at an address were passed to `for_device`, since the last `for_cpu` there.
    synced: RefCell<HashMap<usize, usize>>,
    /// How many calls of `for_device` return before one panics.
    panic_after: Cell<Option<u32>>,
}

/// Registers that are not read, memory mapped one to one, no clock.
#[derive(Clone, Default)]
pub(crate) struct Machine(Rc<State>);

// SAFETY: one machine, of which no device has anything; `for_device` panics where a test wants it, which
// is what those tests are about.
unsafe impl Platform for Machine {
    type Bus = Self;
    type Dma = Self;

    fn bus(&self) -> &Self {
        self
    }

    fn dma(&self) -> &Self {
        self
    }

    fn wait_us(&self, _: u32) {}
}

// SAFETY: the address of the state names it.
unsafe impl Bus for Machine {
    fn read32(&self, at: Offset) -> u32 {
        self.register(at.bytes()).0
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        let mut registers = self.0.registers.borrow_mut();
        let (last, count) = registers.entry(at.bytes()).or_default();
        (*last, *count) = (value, *count + 1);
    }

    fn id(&self) -> PortId {
        PortId(Rc::as_ptr(&self.0).addr())
    }
}

// SAFETY: the device is the test itself, on the same thread.
unsafe impl DmaSpace for Machine {
    fn map(&self, at: NonNull<u8>, len: usize, _: Direction) -> Option<u64> {
        self.0.mapped.borrow_mut().push((at.addr().get(), len));
        Some(at.as_ptr().expose_provenance() as u64)
    }

    unsafe fn unmap(&self, bus: u64, len: usize, _: Direction) {
        self.0.mapped.borrow_mut().retain(|&range| range != (bus as usize, len));
    }

    unsafe fn for_device(&self, at: NonNull<u8>, len: usize) {
        if let Some(left) = self.0.panic_after.get() {
            if left == 0 {
                self.0.panic_after.set(None);
                panic!("a platform that breaks its word");
            }
            self.0.panic_after.set(Some(left - 1));
        }
        self.0.synced.borrow_mut().insert(at.addr().get(), len);
    }

    unsafe fn for_cpu(&self, at: NonNull<u8>, _: usize) {
        self.0.synced.borrow_mut().remove(&at.addr().get());
    }
}

impl Machine {
    /// The last value that was written to a register, and how often it was written.
    pub(crate) fn register(&self, at: u32) -> (u32, u32) {
        self.0.registers.borrow().get(&at).copied().unwrap_or_default()
    }

    pub(crate) fn mapped(&self) -> usize {
        self.0.mapped.borrow().len()
    }

    /// Has one of the next calls of `for_device` panic.
    pub(crate) fn panic_after(&self, calls: u32) {
        self.0.panic_after.set(Some(calls));
    }

    /// Whether no panic is to come: all happened that were asked for.
    pub(crate) fn has_panicked(&self) -> bool {
        self.0.panic_after.replace(None).is_none()
    }

    /// Counts memory that a virtual machine shares as the device's to write.
    pub(crate) fn share(&self, at: u64, len: usize) {
        self.0.synced.borrow_mut().insert(at as usize, len);
    }

    fn assert_synced(&self, at: u64, len: usize) {
        let synced = self.0.synced.borrow().get(&(at as usize)).copied();
        assert!(
            synced.is_some_and(|synced| synced >= len),
            "{at:#x}: {len} bytes, but {synced:?} for the device"
        );
    }
}

/// What a test starts with.
pub(crate) struct Bench {
    pub(crate) machine: Machine,
    pub(crate) port: Port<Plain, Machine, Vmdq>,
    pub(crate) pool: Pool<Plain, Machine, Idle>,
    pub(crate) table: FilterTable<Plain, Machine>,
}

/// A started pool, the buffers that are left, and the device.
pub(crate) struct Run {
    pub(crate) started: Started<Plain, Machine>,
    pub(crate) table: FilterTable<Plain, Machine>,
    pub(crate) buffers: BufferPool,
    pub(crate) device: Device,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let machine = Machine::default();
        // SAFETY: there is no controller.
        let port = unsafe { Port::new(Plain, machine.clone()) };
        let resources = port.init(&Config::DEFAULT).expect("nothing can fail").enable();
        let [pool] = resources.pools;
        Self { machine, port: resources.port, pool, table: resources.table }
    }

    /// Makes a pool of buffers.
    pub(crate) fn buffers<const N: usize, const KIB: usize>(&self) -> BufferPool
    where
        Kib<KIB>: BufferKib,
    {
        let memory: &'static mut _ = Box::leak(Box::new(BufferMemory::<N, KIB>::new()));
        memory.pool(self.machine.clone()).expect("memory can be mapped").0
    }

    /// Starts the pool on rings of `N` descriptors with a number of buffers.
    pub(crate) fn run<const N: usize, const BUFFERS: usize>(self) -> Run
    where
        Length<N>: RingLength,
    {
        let mut buffers = self.buffers::<BUFFERS, 2>();
        let before = self.machine.mapped();
        let started = self.port.start_with(self.pool, ring::<N>(), ring::<N>(), &mut buffers);
        let started = started.expect("nothing can fail");
        let device = Device::new(self.machine, before);
        Run { started, table: self.table, buffers, device }
    }
}

/// Makes ring memory.
pub(crate) fn ring<const N: usize>() -> &'static mut RingMemory<N>
where
    Length<N>: RingLength,
{
    Box::leak(Box::new(RingMemory::new()))
}

/// The device, played by the test.
pub(crate) struct Device {
    machine: Machine,
    rx: Side,
    tx: Side,
}

/// A ring as the device sees it.
struct Side {
    base: usize,
    count: u32,
    head: u32,
}

impl Side {
    /// Points to the quad words of the descriptor at the head.
    fn descriptor(&self) -> *mut u64 {
        core::ptr::with_exposed_provenance_mut::<u64>(self.base + self.head as usize * 16)
    }

    fn read(&self, word: usize) -> u64 {
        // SAFETY: ring memory, which was mapped.
        u64::from_le(unsafe { self.descriptor().add(word).read_volatile() })
    }

    fn write(&mut self, value: u64) {
        // SAFETY: ring memory, which was mapped.
        unsafe { self.descriptor().add(1).write_volatile(value.to_le()) };
        self.head = (self.head + 1) % self.count;
    }
}

impl Device {
    /// Knows the rings that were mapped after `before` other ranges: receive, then transmit.
    pub(crate) fn new(machine: Machine, before: usize) -> Self {
        let side = |at: usize| {
            let (base, len) = machine.0.mapped.borrow()[before + at];
            Side { base, count: (len / 16) as u32, head: 0 }
        };
        let (rx, tx) = (side(0), side(1));
        Self { machine, rx, tx }
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// How many buffers the device knows of.
    pub(crate) fn known(&self) -> u32 {
        let (tail, _) = self.machine.register(RX_TAIL);
        (tail + self.rx.count - self.rx.head) % self.rx.count
    }

    /// Receives a frame; `false` if it has no descriptor.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> bool {
        self.receive_as(bytes, GOOD)
    }

    /// Receives something with this status.
    pub(crate) fn receive_as(&mut self, bytes: &[u8], status: u64) -> bool {
        if self.known() == 0 {
            return false;
        }
        let at = self.rx.read(0);
        self.machine.assert_synced(at, 2048);
        let to = core::ptr::with_exposed_provenance_mut::<u8>(at as usize);
        // SAFETY: a buffer of 2 KiB that was posted.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        self.rx.write(status | (bytes.len() as u64) << 32);
        true
    }

    /// Sends what was handed over; returns the frames.
    pub(crate) fn send(&mut self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while self.tx.head != self.machine.register(TX_TAIL).0 {
            let (at, word) = (self.tx.read(0), self.tx.read(1));
            let len = word as u16 as usize;
            self.machine.assert_synced(at, len);
            let from = core::ptr::with_exposed_provenance::<u8>(at as usize);
            // SAFETY: the buffer of a frame that was handed over, so long.
            frames.push(unsafe { core::slice::from_raw_parts(from, len) }.to_vec());
            self.tx.write(word | SENT);
        }
        frames
    }
}
