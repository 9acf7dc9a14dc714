//! Boots an image under a bound, and plays the wire.

use std::fmt::Write;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::machine::{Machine, PASSED};
use super::play::{self, CHECKS};
use super::player::Player;
use super::row::Outcome;

/// When QEMU is ended, whatever happens.
const LIMIT: Duration = Duration::from_secs(120);
/// How often it is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// What came of a run.
#[derive(Debug)]
pub(super) struct Ran {
    /// The outcomes of [`CHECKS`].
    pub(super) played: Vec<Outcome>,
    /// Whether the firmware ended with its status.
    pub(super) ended: Outcome,
    /// What it printed.
    pub(super) printed: Vec<u8>,
}

/// A QEMU that is ended when it is no longer looked at.
struct Running(Child);

impl Running {
    /// Waits until it ends by itself.
    fn end(&mut self, deadline: Instant) -> Result<Option<ExitStatus>> {
        loop {
            let ended = self.0.try_wait()?;
            if ended.is_some() || Instant::now() >= deadline {
                return Ok(ended);
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What came of a run that played anything on the wire.
#[derive(Debug)]
pub(super) struct Booted<T> {
    /// What was played.
    pub(super) played: T,
    /// Whether the firmware ended with its status.
    pub(super) ended: Outcome,
    /// What it printed.
    pub(super) printed: Vec<u8>,
}

/// Boots an image and plays the wire.
pub(super) fn boot(machine: &Machine, qemu: &Path, image: &Path) -> Result<Ran> {
    let play = |wire, deadline| play::play(&mut Player::new(wire, deadline), machine.interrupts);
    let Booted { played, ended, printed } = boot_with(machine, qemu, image, play, |it| !it.to_the_end)?;
    Ok(Ran { played: played.outcomes, ended, printed })
}

/// Boots an image and lets `play` have the wire until a deadline; ends the machine if that was `lost`.
pub(super) fn boot_with<T>(
    machine: &Machine,
    qemu: &Path,
    image: &Path,
    play: impl FnOnce(UnixDatagram, Instant) -> T,
    lost: impl FnOnce(&T) -> bool,
) -> Result<Booted<T>> {
    let deadline = Instant::now() + LIMIT;
    let (near, far) = UnixDatagram::pair()?;
    let mut command = machine.command(qemu, image);
    command.stdin(Stdio::from(OwnedFd::from(far))).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().with_context(|| format!("can't start {}", qemu.display()))?);
    // With it goes this process's copy of QEMU's end of the wire.
    drop(command);
    let mut outputs = Vec::new();
    let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
    let readers: [Option<Box<dyn Read + Send>>; 2] =
        [stdout.map(|it| Box::new(it) as _), stderr.map(|it| Box::new(it) as _)];
    for mut reader in readers.into_iter().flatten() {
        outputs.push(thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = reader.read_to_end(&mut bytes);
            bytes
        }));
    }
    let played = play(near, deadline);
    // Nobody gives orders any more: what hangs is ended.
    let status = running.end(if lost(&played) { Instant::now() } else { deadline })?;
    let ended = match status {
        Some(status) if status.code() == Some(PASSED) => Outcome::Passed(None),
        Some(status) => Outcome::Failed(format!("QEMU ended with {status}")),
        None => Outcome::Failed("the firmware does not end".into()),
    };
    drop(running);
    let mut printed = Vec::new();
    for output in outputs {
        printed.extend(output.join().unwrap_or_default());
    }
    Ok(Booted { played, ended, printed })
}

/// Returns how deep the stack was, as the firmware printed it.
pub(super) fn stack(printed: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(printed);
    let line = text.lines().find_map(|line| line.strip_prefix("stack: "))?;
    line.split(' ').next()?.parse().ok()
}

impl Ran {
    /// Returns all checks with their outcomes.
    pub(super) fn checks(&self) -> impl Iterator<Item = (&'static str, &Outcome)> {
        CHECKS.into_iter().zip(&self.played).chain([("ends_with_its_status", &self.ended)])
    }

    /// Returns what failed, in one line.
    pub(super) fn failure(&self) -> Option<String> {
        let mut text = String::new();
        for (check, outcome) in self.checks() {
            if let Outcome::Failed(why) = outcome {
                let _ = write!(text, "{}{check}: {why}", if text.is_empty() { "" } else { "; " });
            }
        }
        (!text.is_empty()).then_some(text)
    }
}
