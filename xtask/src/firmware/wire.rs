//! This side's end of the wire.

use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

/// Longer than any frame.
const LARGEST: usize = 1 << 14;
/// No time at all would mean no limit.
const LEAST: Duration = Duration::from_millis(1);

/// What frames travel on.
pub(super) trait Wire {
    /// Sends a frame; waits for room, but not longer than `most`.
    fn send(&mut self, frame: &[u8], most: Duration) -> io::Result<()>;
    /// Returns the next frame, or `None` if none came for as long as `most`.
    fn receive(&mut self, most: Duration) -> io::Result<Option<Vec<u8>>>;
}

/// To QEMU: one datagram is one frame.
impl Wire for UnixDatagram {
    fn send(&mut self, frame: &[u8], most: Duration) -> io::Result<()> {
        self.set_write_timeout(Some(most.max(LEAST)))?;
        UnixDatagram::send(self, frame).map(drop)
    }

    fn receive(&mut self, most: Duration) -> io::Result<Option<Vec<u8>>> {
        let end = Instant::now() + most;
        let mut frame = vec![0; LARGEST];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            self.set_read_timeout(Some(left.max(LEAST)))?;
            match self.recv(&mut frame) {
                Ok(length) => {
                    frame.truncate(length);
                    return Ok(Some(frame));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_one_by_one_and_nothing_takes_for_ever() {
        let (mut near, mut far) = UnixDatagram::pair().unwrap();
        Wire::send(&mut near, &[1; 60], LEAST).unwrap();
        Wire::send(&mut near, &[2; 1514], LEAST).unwrap();
        assert_eq!(far.receive(LEAST).unwrap().unwrap(), [1; 60]);
        assert_eq!(far.receive(LEAST).unwrap().unwrap(), [2; 1514]);
        assert_eq!(far.receive(Duration::ZERO).unwrap(), None);
        // Nobody reads: there is no room at last.
        assert!((0..100_000).any(|_| Wire::send(&mut near, &[3; 1514], LEAST).is_err()));
    }
}
