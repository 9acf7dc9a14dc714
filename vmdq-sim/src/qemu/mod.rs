//! QEMU's `igb`, an independent model of the Intel 82576, as a test bed.
//!
//! [`Qemu`] starts a virtual machine without a guest: the test itself is what runs on it, over
//! QEMU's qtest protocol (register accesses), memory that both map (DMA) and a pair of datagram
//! sockets (the wire). Nothing is left behind, even when the test is killed.
//!
//! The model departs from the datasheet: it never checks an order, knows no round robin in
//! transmit, counts no frame that it drops for want of descriptors, and drops what is longer than
//! RLPML without counting. A test here shows that a driver *works*, not that it follows the
//! datasheet; the strict models show that.

mod bus;
mod error;
mod find;
mod launch;
mod machine;
mod qtest;
mod ram;
mod settle;
mod swallow;
mod wire;

use std::alloc::Layout;
use std::path::Path;
use std::ptr::NonNull;

pub use bus::{QemuBus, QemuDelay};
pub use error::QemuError;
pub use ram::QemuDma;

use bus::Shared;
use machine::Machine;
use ram::Ram;

use vmdq_hal::dma::Direction;

use crate::{Ledger, Settled, Testbed, Violation, WireFrame};

/// The controller's own address.
const MAC: [u8; 6] = [0x02, 0x00, 0x00, 0x00, 0x75, 0xfe];
/// The default size of guest memory. Untouched pages cost nothing.
const RAM: usize = 128 << 20;

/// QEMU's `igb` (an 82576) as a test bed.
///
/// Frames wait in the test bed until [`settle`](Testbed::settle), which delivers them exactly: when
/// it returns, every frame was sorted or dropped, and no counter of the controller was touched. The
/// driver must leave RCTL.SBP off.
///
/// # Examples
///
/// ```
/// use vmdq_hal::bus::{Bus, Offset};
/// use vmdq_sim::{Qemu, Testbed};
///
/// match Qemu::start() {
///     Ok(qemu) => assert_ne!(qemu.bus().read32(Offset::new(0x8)), u32::MAX),
///     Err(error) if error.is_absent() => eprintln!("left out: {error}"),
///     Err(error) => panic!("{error}"),
/// }
/// ```
#[derive(Debug)]
pub struct Qemu {
    machine: Shared,
    ram: Ram,
    books: Ledger<QemuDma>,
}

impl Qemu {
    /// The controller's own address, which receive address 0 holds after a reset.
    pub const MAC: [u8; 6] = MAC;

    /// Starts a virtual machine with 128 MiB of memory.
    ///
    /// Takes the program that the environment variable `VMDQ_QEMU` names; else the one that `cargo
    /// xtask qemu` unpacked below `target/` (`CARGO_TARGET_DIR`), here or in a folder above; else
    /// `qemu-system-x86_64` on the `PATH`.
    ///
    /// # Errors
    ///
    /// If there is no QEMU, or it has no `igb`.
    pub fn start() -> Result<Self, QemuError> {
        Self::with_memory(RAM)
    }

    /// Starts a virtual machine with `bytes` of memory, 2 MiB to 2 GiB in whole pages.
    ///
    /// The first 1 MiB can't be allocated.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start), or if the size is not allowed.
    pub fn with_memory(bytes: usize) -> Result<Self, QemuError> {
        Self::with_program(&find::find()?, bytes)
    }

    /// Starts the virtual machine with a program of the caller's choice.
    ///
    /// # Errors
    ///
    /// As for [`with_memory`](Self::with_memory).
    pub fn with_program(program: &Path, bytes: usize) -> Result<Self, QemuError> {
        if !(2 * ram::FIRST..=ram::LARGEST).contains(&bytes) || !bytes.is_multiple_of(4096) {
            return Err(QemuError::RamSize(bytes));
        }
        let (machine, ram) = Machine::start(program, bytes)?;
        let books = Ledger::new(ram.dma());
        Ok(Self { machine: Shared::new(machine), ram, books })
    }

    /// Reads a word of PCI configuration space, all ones where no function is or QEMU is gone.
    ///
    /// `function` is bus, device and function as one number (bits 15:8, 7:3 and 2:0). The controller is
    /// device 4 of bus 0.
    #[must_use]
    pub fn config_read(&self, function: u16, at: u8) -> u32 {
        let mut machine = self.machine.lock();
        machine.unless_gone(|machine| machine.config_read(function, at)).unwrap_or(u32::MAX)
    }

    /// Writes a word of PCI configuration space; lost once QEMU is gone.
    ///
    /// The test bed has assigned addresses, which a test puts back if it changes them.
    pub fn config_write(&self, function: u16, at: u8, value: u32) {
        let mut machine = self.machine.lock();
        machine.unless_gone(|machine| machine.config_write(function, at, value));
    }

    /// Returns why QEMU is gone, if it is. Registers read all ones then, and
    /// [`settle`](Testbed::settle) returns [`Settled::Blocked`].
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.machine.lock().failure().map(str::to_owned)
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // Handles to the registers may live on.
        self.machine.lock().end();
    }
}

impl Testbed for Qemu {
    type Bus = QemuBus;
    type Dma = Ledger<QemuDma>;
    type Delay = QemuDelay;

    fn name(&self) -> &'static str {
        "qemu"
    }

    fn bus(&self) -> QemuBus {
        QemuBus(self.machine.clone())
    }

    fn dma(&self) -> Ledger<QemuDma> {
        self.books.clone()
    }

    fn delay(&self) -> QemuDelay {
        QemuDelay(self.machine.clone())
    }

    fn alloc(&self, layout: Layout) -> NonNull<u8> {
        self.ram.alloc(layout)
    }

    fn inject(&mut self, frame: &[u8]) {
        self.machine.lock().inject(frame);
    }

    fn settle(&mut self) -> Settled {
        self.machine.lock().settle()
    }

    fn take_sent(&mut self) -> Vec<WireFrame> {
        self.machine.lock().take_sent()
    }

    fn may_swallow(&self, frame: &[u8]) -> bool {
        swallow::may_swallow(frame)
    }

    fn uncounted_drops(&self) -> u64 {
        self.machine.lock().uncounted
    }

    fn mapped(&self) -> Vec<(u64, usize, Direction)> {
        self.books.mapped()
    }

    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }
}
