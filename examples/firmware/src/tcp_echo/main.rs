#![no_std]
#![no_main]
//! A TCP/IP stack on one queue pair, without an operating system: it answers pings, and sends back what comes over
//! TCP port 7.
//!
//! It ends when the first connection is closed: every buffer must be back then. `cargo xtask firmware` has the
//! other side of the wire.
//!
//! - `net`: the controller, the default queue and the machine's.
//! - `echo`: the stack and its service.
//! - the other modules are those of the first program.

#[path = "../arch/mod.rs"]
#[allow(dead_code, unused_imports, reason = "this program polls, and takes no interrupts")]
mod arch;
#[path = "../ecam.rs"]
mod ecam;
mod echo;
#[path = "../ending.rs"]
mod ending;
mod net;
#[path = "../nic.rs"]
#[allow(dead_code, reason = "this program polls, and takes no interrupts")]
mod nic;
#[path = "../report.rs"]
mod report;
#[path = "../stack.rs"]
mod stack;

use echo::Echo;
use net::Net;
use nic::Nic;
use report::{Stop, say};

/// How long nobody may have closed a connection, in microseconds.
const PATIENCE: u64 = 40_000_000;

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    ending::end(run())
}

fn run() -> Result<(), Stop> {
    say!("{}", arch::NAME);
    let nic = Nic::find()?;
    let machine = nic.machine();
    let mut net = Net::new(nic.port(machine)?, machine)?;
    let mut echo = Echo::new(&mut net.machine)?;
    let start = arch::micros();
    while !echo.is_over() {
        net.default.fan_out(&mut [&mut net.machine]); // ARP requests are broadcast
        net.default.discard(); // the default queue has no stack of its own
        echo.poll(arch::micros(), &mut net.machine)?;
        if arch::micros().wrapping_sub(start) > PATIENCE {
            return Err(Stop("nobody has closed a connection"));
        }
    }
    say!("{} bytes echoed", echo.echoed());
    say!("{:?}", net.machine.counters());
    net.close()
}
