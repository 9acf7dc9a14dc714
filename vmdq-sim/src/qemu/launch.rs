//! Starts a QEMU that leaves nothing behind: no file, no socket path, no process.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::thread;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

use super::ram::memory_file;

/// Length of the firmware: the smallest that the machine takes.
const FIRMWARE: usize = 64 << 10;
/// `cli; hlt; jmp` to the `hlt`: where the accelerator runs instructions, the processor stands still.
const HALT: [u8; 4] = [0xfa, 0xf4, 0xeb, 0xfd];

/// A started QEMU.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stderr: File,
}

/// What the machine is made of.
pub(super) struct Parts<'a> {
    pub(super) program: &'a Path,
    /// The guest's memory and its length.
    pub(super) ram: (File, usize),
    /// QEMU's end of the wire.
    pub(super) wire: &'a UnixDatagram,
    /// What follows `-device`.
    pub(super) device: &'a str,
}

impl Process {
    /// Starts QEMU; also returns this side of the channel that it takes commands from.
    pub(super) fn start(parts: Parts<'_>) -> io::Result<(Self, UnixStream)> {
        let (near, far) = UnixStream::pair()?;
        let stderr = memory_file("qemu-stderr")?;
        let (ram, len) = parts.ram;
        let inherited: [OwnedFd; 4] =
            [far.into(), parts.wire.try_clone()?.into(), ram.into(), firmware()?.into()];
        let [channel, wire, ram, bios] = inherited.each_ref().map(AsRawFd::as_raw_fd);

        let mut command = Command::new(parts.program);
        command
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-qtest-log", "none"])
            // The first is the better one (time stands still until it is stepped) but not in every build.
            .args(["-machine", "q35,accel=qtest:tcg,memory-backend=ram"])
            .args(["-m", &format!("{}k", len >> 10)])
            .args([
                "-object",
                &format!("memory-backend-file,id=ram,size={len},mem-path=/proc/self/fd/{ram},share=on"),
            ])
            .args(["-bios", &format!("/proc/self/fd/{bios}")])
            .args(["-chardev", &format!("socket,id=qtest,fd={channel}"), "-qtest", "chardev:qtest"])
            .args(["-netdev", &format!("dgram,id=wire,local.type=fd,local.str={wire}")])
            .args(["-device", parts.device])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr.try_clone()?);
        let parent = getpid();
        let before_exec = move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            if getppid() != Some(parent) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            inherited.iter().try_for_each(|fd| Ok(fcntl_setfd(fd, FdFlags::empty())?))
        };
        // SAFETY: between fork and exec, the closure only makes system calls; it does not allocate.
        unsafe { command.pre_exec(before_exec) };
        Ok((Self { child: spawn(command)?, stderr }, near))
    }

    /// Ends QEMU, if it still runs, and returns how it ended.
    pub(super) fn end(&mut self) -> String {
        // It may have ended on its own, which is what the caller wants to know about.
        let own = self.child.try_wait().ok().flatten();
        let _ = self.child.kill();
        let _ = self.child.wait();
        own.map_or_else(|| "it was ended".into(), |status| format!("it ended with {status}"))
    }

    /// Returns what QEMU printed.
    pub(super) fn said(&self) -> String {
        let mut text = vec![0; 4096];
        let len = self.stderr.read_at(&mut text, 0).unwrap_or(0);
        String::from_utf8_lossy(&text[..len]).trim_end().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Makes the firmware: nothing but a halt at the reset vector, 16 bytes below the end.
fn firmware() -> io::Result<File> {
    let file = memory_file("halt")?;
    file.set_len(FIRMWARE as u64)?;
    file.write_all_at(&HALT, FIRMWARE as u64 - 16)?;
    Ok(file)
}

/// Starts a command from a thread that lives as long as the process does: the death signal is sent
/// when the *thread* that made the child ends, and a test's thread may end before its machine.
fn spawn(command: Command) -> io::Result<Child> {
    type Job = (Command, SyncSender<io::Result<Child>>);
    static PARENT: LazyLock<Sender<Job>> = LazyLock::new(|| {
        let (jobs, queue) = channel::<Job>();
        thread::spawn(move || {
            for (mut command, reply) in queue {
                let child = command.spawn();
                // Closes this process's copies of what the child inherited.
                drop(command);
                let _ = reply.send(child);
            }
        });
        jobs
    });
    let (reply, child) = sync_channel(1);
    let gone = |_| io::Error::other("the thread that starts QEMU is gone");
    PARENT.send((command, reply)).map_err(|_| gone(()))?;
    child.recv().map_err(|_| gone(()))?
}
