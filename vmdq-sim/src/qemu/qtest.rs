//! QEMU's qtest protocol: one line of text per access, one line back.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A reply that takes longer than this means that QEMU hangs. Never waited for otherwise.
const HANGS: Duration = Duration::from_secs(20);

/// The channel to one QEMU.
#[derive(Debug)]
pub(super) struct Qtest {
    channel: BufReader<UnixStream>,
    line: String,
}

impl Qtest {
    /// Takes this side of the channel.
    pub(super) fn new(channel: UnixStream) -> io::Result<Self> {
        channel.set_read_timeout(Some(HANGS))?;
        channel.set_write_timeout(Some(HANGS))?;
        Ok(Self { channel: BufReader::new(channel), line: String::new() })
    }

    /// Reads 32 bits of the guest's physical address space.
    pub(super) fn read(&mut self, at: u64) -> io::Result<u32> {
        self.command(format_args!("readl {at:#x}"))?;
        self.number()
    }

    /// Writes 32 bits of the guest's physical address space.
    pub(super) fn write(&mut self, at: u64, value: u32) -> io::Result<()> {
        self.command(format_args!("writel {at:#x} {value:#x}"))
    }

    /// Reads 32 bits from an I/O port.
    pub(super) fn port_in(&mut self, port: u16) -> io::Result<u32> {
        self.command(format_args!("inl {port:#x}"))?;
        self.number()
    }

    /// Writes 32 bits to an I/O port.
    pub(super) fn port_out(&mut self, port: u16, value: u32) -> io::Result<()> {
        self.command(format_args!("outl {port:#x} {value:#x}"))
    }

    /// Lets the machine's time pass. QEMU refuses unless its accelerator is `qtest`.
    pub(super) fn step(&mut self, nanoseconds: u64) -> io::Result<()> {
        self.command(format_args!("clock_step {nanoseconds}"))
    }

    /// Sends one command and waits until QEMU has done it. The reply stays in `self.line`.
    fn command(&mut self, command: std::fmt::Arguments<'_>) -> io::Result<()> {
        // One write: a reply must not be waited for with half a line on its way.
        let text = format!("{command}\n");
        self.channel.get_mut().write_all(text.as_bytes())?;
        loop {
            self.line.clear();
            if self.channel.read_line(&mut self.line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match self.line.split_whitespace().next() {
                Some("OK") => return Ok(()),
                // Interrupt lines are reported between replies.
                Some("IRQ") => {}
                _ => {
                    let (command, reply) = (text.trim_end(), self.line.trim_end());
                    return Err(io::Error::other(format!("QEMU answered `{command}` with `{reply}`")));
                }
            }
        }
    }

    /// Returns the number in the last reply.
    fn number(&self) -> io::Result<u32> {
        let word = self.line.split_whitespace().nth(1).and_then(|word| word.strip_prefix("0x"));
        word.and_then(|digits| u64::from_str_radix(digits, 16).ok())
            // QEMU prints 64 bits for every width of access.
            .map(|value| value as u32)
            .ok_or_else(|| {
                io::Error::other(format!("QEMU's reply holds no number: `{}`", self.line.trim_end()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A far side that has its answers ready; returns what it was asked at the end.
    fn answered(answers: &str) -> (Qtest, UnixStream) {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.write_all(answers.as_bytes()).unwrap();
        (Qtest::new(near).unwrap(), far)
    }

    #[test]
    fn reads_numbers_between_interrupt_lines() {
        let (mut qtest, far) = answered("IRQ raise 4\nOK 0x00000000deadbeef\nOK\n");
        assert_eq!(qtest.read(0xe000_0008).unwrap(), 0xdead_beef);
        qtest.write(0x10, 7).unwrap();
        let mut asked = BufReader::new(far).lines();
        assert_eq!(asked.next().unwrap().unwrap(), "readl 0xe0000008");
        assert_eq!(asked.next().unwrap().unwrap(), "writel 0x10 0x7");
    }

    #[test]
    fn refusals_and_ends_are_errors() {
        let (mut qtest, far) = answered("FAIL Unknown command 'clock_step'\nOK twelve\n");
        assert!(qtest.step(1).unwrap_err().to_string().contains("Unknown command"));
        assert!(qtest.port_in(0xcfc).is_err());
        drop(far);
        assert!(qtest.port_out(0xcf8, 0).is_err());
    }
}
