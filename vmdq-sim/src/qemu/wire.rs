//! The wire: a pair of datagram sockets, one datagram a frame.

use std::io;
use std::os::unix::net::UnixDatagram;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Larger than any frame that the controller sends.
const LARGEST: usize = 1 << 16;

/// Both ends of the wire. QEMU has the far end too; it is kept here to look whether frames lie
/// there unread, and to take them back.
#[derive(Debug)]
pub(super) struct Wire {
    near: UnixDatagram,
    far: UnixDatagram,
    buffer: Box<[u8]>,
}

impl Wire {
    pub(super) fn new() -> io::Result<Self> {
        let (near, far) = UnixDatagram::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        Ok(Self { near, far, buffer: vec![0; LARGEST].into() })
    }

    /// Returns the end that QEMU inherits.
    pub(super) fn far(&self) -> &UnixDatagram {
        &self.far
    }

    /// Puts a frame on the wire; returns whether there was room.
    pub(super) fn send(&self, frame: &[u8]) -> io::Result<bool> {
        match self.near.send(frame) {
            Ok(_) => Ok(true),
            Err(error) if full(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns whether QEMU has read every frame that was sent.
    pub(super) fn all_read(&self) -> io::Result<bool> {
        let mut unread = [PollFd::new(&self.far, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        Ok(poll(&mut unread, Some(&now))? == 0)
    }

    /// Takes back the frames that QEMU has not read; returns how many.
    pub(super) fn take_back(&mut self) -> io::Result<usize> {
        let mut taken = 0;
        while next(&self.far, &mut self.buffer)?.is_some() {
            taken += 1;
        }
        Ok(taken)
    }

    /// Takes the next frame that the controller sent, if there is one.
    pub(super) fn receive(&mut self) -> io::Result<Option<&[u8]>> {
        let len = next(&self.near, &mut self.buffer)?;
        Ok(len.map(|len| &self.buffer[..len]))
    }
}

fn next(end: &UnixDatagram, into: &mut [u8]) -> io::Result<Option<usize>> {
    match end.recv(into) {
        Ok(len) => Ok(Some(len)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// The kernel may also be short of buffers for a moment, which is no other thing than a full wire.
fn full(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::AGAIN | Errno::NOBUFS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_was_read_and_takes_back_the_rest() {
        let mut wire = Wire::new().unwrap();
        assert!(wire.all_read().unwrap());
        for byte in 1..=3 {
            assert!(wire.send(&[byte; 60]).unwrap());
        }
        assert!(!wire.all_read().unwrap());
        let mut frame = [0; 100];
        assert_eq!(wire.far().recv(&mut frame).unwrap(), 60);
        assert_eq!(wire.take_back().unwrap(), 2);
        assert!(wire.all_read().unwrap());
    }

    #[test]
    fn is_full_rather_than_blocked() {
        let wire = Wire::new().unwrap();
        let frame = vec![0; 60_000];
        let sent = (0..10_000).take_while(|_| wire.send(&frame).unwrap()).count();
        assert!((1..10_000).contains(&sent));
    }
}
