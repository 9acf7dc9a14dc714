//! A virtual machine whose memory is bytes here, and what was asked of it.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use vmdq_core::FrameLimit;
use vmdq_core::channel::{BackEnd, GuestBuffer, words};
use vmdq_core::guest::{GuestMemory, GuestRange, NotOwned, VmId};

/// Entries of the channels here.
pub(crate) const ENTRIES: usize = 8;
pub(crate) const LIMIT: u16 = 1518;

/// Where the machine's memory begins.
pub(crate) const BASE: u64 = 0x10_0000;
const BYTES: usize = 64 << 10;

pub(crate) fn shared() -> Vec<AtomicU32> {
    (0..words(ENTRIES as u32)).map(|_| AtomicU32::new(0)).collect()
}

pub(crate) fn back_end(memory: &[AtomicU32]) -> BackEnd<'_> {
    BackEnd::new(memory, ENTRIES as u32).unwrap()
}

pub(crate) fn limit() -> FrameLimit {
    FrameLimit::new(LIMIT, 9728).unwrap()
}

/// The machine's buffer of this number, 2048 bytes.
pub(crate) fn buffer(id: u16) -> GuestBuffer {
    GuestBuffer { id, range: GuestRange { at: BASE + 2048 * u64::from(id), len: 2048 } }
}

/// The machine's frame of this number and length, away from the buffers.
pub(crate) fn frame(id: u16, len: u32) -> GuestBuffer {
    GuestBuffer { id, range: GuestRange { at: BASE + (32 << 10) + 2048 * u64::from(id), len } }
}

/// Bytes that both sides may touch at any time.
pub(crate) struct Memory(Vec<AtomicU8>);

impl Memory {
    pub(crate) fn new() -> Self {
        Self((0..BYTES).map(|_| AtomicU8::new(0)).collect())
    }

    fn bytes(&self, at: u64, len: usize) -> Result<&[AtomicU8], NotOwned> {
        let from = usize::try_from(at.checked_sub(BASE).ok_or(NotOwned)?).map_err(|_| NotOwned)?;
        self.0.get(from..from.checked_add(len).ok_or(NotOwned)?).ok_or(NotOwned)
    }

    pub(crate) fn read(&self, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        let bytes = self.bytes(at, into.len())?;
        into.iter_mut().zip(bytes).for_each(|(to, from)| *to = from.load(Ordering::Relaxed));
        Ok(())
    }

    pub(crate) fn write(&self, at: u64, from: &[u8]) -> Result<(), NotOwned> {
        let bytes = self.bytes(at, from.len())?;
        from.iter().zip(bytes).for_each(|(from, to)| to.store(*from, Ordering::Relaxed));
        Ok(())
    }
}

/// What the I/O container asked of a machine's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Read(GuestRange),
    Write(GuestRange),
}

/// One machine, which can do something of its own in the midst of each call.
pub(crate) struct Machine<'f> {
    pub(crate) vm: VmId,
    pub(crate) memory: Memory,
    pub(crate) calls: RefCell<Vec<Call>>,
    pub(crate) notified: Cell<usize>,
    pub(crate) meanwhile: RefCell<Box<dyn FnMut() + 'f>>,
}

impl Machine<'_> {
    pub(crate) fn new() -> Self {
        Self {
            vm: VmId(1),
            memory: Memory::new(),
            calls: RefCell::default(),
            notified: Cell::new(0),
            meanwhile: RefCell::new(Box::new(|| ())),
        }
    }

    fn called(&self, vm: VmId, call: Call) {
        assert_eq!(vm, self.vm);
        self.calls.borrow_mut().push(call);
        self.meanwhile.borrow_mut()();
    }
}

impl GuestMemory for Machine<'_> {
    fn validate(&self, _: VmId, range: GuestRange) -> Result<(), NotOwned> {
        self.memory.bytes(range.at, range.len as usize).map(drop)
    }

    fn read(&self, vm: VmId, at: u64, into: &mut [u8]) -> Result<(), NotOwned> {
        self.called(vm, Call::Read(GuestRange { at, len: into.len() as u32 }));
        self.memory.read(at, into)
    }

    fn write(&self, vm: VmId, at: u64, from: &[u8]) -> Result<(), NotOwned> {
        self.called(vm, Call::Write(GuestRange { at, len: from.len() as u32 }));
        self.memory.write(at, from)
    }

    fn notify(&self, vm: VmId) {
        assert_eq!(vm, self.vm);
        self.notified.set(self.notified.get() + 1);
    }
}
