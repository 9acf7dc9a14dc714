//! One virtual machine: registers, the controller's time, and the frames on the wire.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::launch::{Parts, Process};
use super::qtest::Qtest;
use super::ram::Ram;
use super::wire::Wire;
use super::{MAC, QemuError};
use crate::WireFrame;

/// Device status; bit 1: the link is up.
pub(super) const STATUS: u32 = 0x0008;

/// Where BAR 0, the register window, is put: in the hole below 4 GiB.
const BAR0: u32 = 0xe000_0000;
/// Where BAR 3, the table of MSI-X vectors, is put.
const BAR3: u32 = 0xe010_0000;
/// PCI device and vendor of the controller.
const ID: u32 = 0x10c9_8086;
/// PCI device number of the controller on bus 0.
const SLOT: u16 = 4;
/// The controller's bus, device and function as one number.
const NIC: u16 = SLOT << 3;

/// What a register reads when no device answers.
const NOBODY: u32 = u32::MAX;

/// One virtual machine and what is on its wire.
#[derive(Debug)]
pub(super) struct Machine {
    process: Process,
    qtest: Qtest,
    /// Whether the machine's time only passes when it is stepped.
    stepped: bool,
    pub(super) wire: Wire,
    /// Frames that were not given to QEMU yet.
    pub(super) backlog: VecDeque<Box<[u8]>>,
    /// Whether QEMU holds a frame that its controller has no room for.
    pub(super) held: bool,
    /// Frames that QEMU drops without counting.
    pub(super) uncounted: u64,
    sent: Vec<WireFrame>,
    /// Why QEMU is gone.
    failure: Option<String>,
}

impl Machine {
    /// Starts QEMU and does what a firmware does: addresses, memory decoding, bus mastering.
    pub(super) fn start(program: &Path, len: usize) -> Result<(Self, Ram), QemuError> {
        let (ram, file) = Ram::new(len).map_err(QemuError::system("make guest memory"))?;
        let wire = Wire::new().map_err(QemuError::system("make a pair of sockets"))?;
        let [a, b, c, d, e, f] = MAC;
        let device = format!(
            "igb,netdev=wire,addr={SLOT:02}.0,romfile=,mac={a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"
        );
        let parts = Parts { program, ram: (file, len), wire: wire.far(), device: &device };
        let (process, channel) = Process::start(parts).map_err(QemuError::system("start QEMU"))?;
        let qtest = Qtest::new(channel).map_err(QemuError::system("talk to QEMU"))?;
        let mut machine = Self {
            process,
            qtest,
            stepped: false,
            wire,
            backlog: VecDeque::new(),
            held: false,
            uncounted: 0,
            sent: Vec::new(),
            failure: None,
        };
        machine.boot().map_err(|error| machine.unfit(program.into(), &error))?;
        // QEMU also refuses a step of nothing.
        machine.stepped = machine.qtest.step(1).is_ok();
        Ok((machine, ram))
    }

    fn boot(&mut self) -> io::Result<()> {
        let id = self.config_read(NIC, 0x00)?;
        if id != ID {
            return Err(io::Error::other(format!("its igb has the PCI id {id:#010x}, not {ID:#010x}")));
        }
        self.config_write(NIC, 0x10, BAR0)?;
        self.config_write(NIC, 0x1c, BAR3)?;
        let command = self.config_read(NIC, 0x04)?;
        self.config_write(NIC, 0x04, command | 0x6)
    }

    /// Reads configuration space; `function` is the bus, device and function as one number.
    pub(super) fn config_read(&mut self, function: u16, at: u8) -> io::Result<u32> {
        self.qtest.port_out(0xcf8, config_address(function, at))?;
        self.qtest.port_in(0xcfc)
    }

    /// Writes configuration space.
    pub(super) fn config_write(&mut self, function: u16, at: u8, value: u32) -> io::Result<()> {
        self.qtest.port_out(0xcf8, config_address(function, at))?;
        self.qtest.port_out(0xcfc, value)
    }

    fn unfit(&mut self, program: PathBuf, error: &io::Error) -> QemuError {
        let end = self.process.end();
        let why = match error.kind() {
            // The end of the channel says less than the end of the process.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => end,
            _ => error.to_string(),
        };
        QemuError::Unfit { program, why, stderr: self.process.said() }
    }

    /// Reads a register: all ones once QEMU is gone, as from a device that was pulled out.
    pub(super) fn read(&mut self, at: u32) -> u32 {
        self.unless_gone(|machine| machine.register(at)).unwrap_or(NOBODY)
    }

    /// Writes a register; lost once QEMU is gone.
    pub(super) fn write(&mut self, at: u32, value: u32) {
        self.unless_gone(|machine| {
            machine.qtest.write(u64::from(BAR0 + at), value)?;
            if is_transmit_tail(at) { machine.collect() } else { Ok(()) }
        });
    }

    /// Lets the controller's time pass.
    pub(super) fn pass(&mut self, nanoseconds: u64) {
        if self.stepped && nanoseconds > 0 {
            self.unless_gone(|machine| machine.qtest.step(nanoseconds));
        } else {
            thread::sleep(Duration::from_nanos(nanoseconds));
        }
    }

    /// Takes what the controller put on the wire.
    pub(super) fn take_sent(&mut self) -> Vec<WireFrame> {
        self.unless_gone(Self::collect);
        std::mem::take(&mut self.sent)
    }

    /// Returns why QEMU is gone, if it is.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Ends QEMU.
    pub(super) fn end(&mut self) {
        self.failure.get_or_insert_with(|| "QEMU was ended".into());
        self.process.end();
    }

    /// Reads a register for the test bed itself; only for registers without side effects.
    pub(super) fn register(&mut self, at: u32) -> io::Result<u32> {
        self.qtest.read(u64::from(BAR0 + at))
    }

    /// Does something with QEMU unless it is gone; remembers when it goes.
    pub(super) fn unless_gone<T>(&mut self, action: impl FnOnce(&mut Self) -> io::Result<T>) -> Option<T> {
        if self.failure.is_some() {
            return None;
        }
        match action(self) {
            Ok(value) => Some(value),
            Err(error) => {
                let end = self.process.end();
                self.failure = Some(format!("{error}; {end}; {}", self.process.said()));
                None
            }
        }
    }

    /// Collects what the controller sent. It sends within the write of the tail, but what the
    /// socket has no room for waits in QEMU until its main loop finds room.
    fn collect(&mut self) -> io::Result<()> {
        if self.drain()? < 2 {
            // The socket holds two frames at least: it was never full.
            return Ok(());
        }
        let mut empty = 0;
        while empty < 2 {
            self.turn()?;
            empty = if self.drain()? == 0 { empty + 1 } else { 0 };
        }
        Ok(())
    }

    fn drain(&mut self) -> io::Result<usize> {
        let before = self.sent.len();
        while let Some(frame) = self.wire.receive()? {
            self.sent.push(WireFrame { bytes: frame.to_vec(), queue: None });
        }
        Ok(self.sent.len() - before)
    }

    /// Waits for one turn of QEMU's main loop. It serves the register access and the wire on one
    /// thread, so a wire that was found empty before is a wire whose frames are all dealt with after.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        self.register(STATUS).map(drop)
    }
}

/// Returns what the port 0xCF8 takes for a word of configuration space.
fn config_address(function: u16, at: u8) -> u32 {
    1 << 31 | u32::from(function) << 8 | u32::from(at & 0xfc)
}

/// Returns whether a register is one of the 16 queues' TDT, at its address or, for the first four
/// queues, at that of the 82575.
fn is_transmit_tail(at: u32) -> bool {
    let now = (0xe000..0xe400).contains(&at) && at & 0x3f == 0x18;
    let before = (0x3800..0x3c00).contains(&at) && at & 0xff == 0x18;
    now || before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settled;
    use crate::qemu::find::find;

    #[test]
    fn a_machine_that_dies_is_a_device_that_was_pulled_out() {
        // Where there is no QEMU, `tests/qemu_igb` says so.
        let Ok(program) = find() else { return };
        let (mut machine, _ram) = Machine::start(&program, 4 << 20).unwrap();
        machine.inject(&[0; 60]);
        assert_eq!(machine.settle(), Settled::Blocked { waiting: 1 });
        machine.process.end();
        assert_eq!(machine.failure(), None);
        assert_eq!(machine.read(0x8), NOBODY);
        assert!(machine.failure().is_some());
        machine.write(0xe018, 1);
        machine.pass(1_000);
        assert_eq!(machine.settle(), Settled::Blocked { waiting: 1 });
        assert_eq!(machine.take_sent(), []);
    }

    #[test]
    fn knows_the_transmit_tails() {
        let tails = (0..0x2_0000).step_by(4).filter(|&at| is_transmit_tail(at));
        let queues = (0..16).map(|queue| 0xe018 + 0x40 * queue);
        assert_eq!(
            tails.collect::<Vec<_>>(),
            (0..4).map(|queue| 0x3818 + 0x100 * queue).chain(queues).collect::<Vec<_>>()
        );
    }
}
