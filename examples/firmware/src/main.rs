#![no_std]
#![no_main]
//! Three virtual machines on one controller, each with a queue pair of its own, without an operating system.
//!
//! `run` is the program from top to bottom: find the controller, bring it up, and serve the machines; meanwhile filters move, go
//! and come, a queue stops and starts, and the controller is reset. Each step ends when the host's side of
//! the wire says so (`cargo xtask firmware` plays it), or, should nobody, after a while.
//!
//! - `lan`, `device`: the controller and the four queues; everything that is done with VMDq.
//! - `machine`: the task of a virtual machine.
//! - `frame`: what the frames say.
//! - `nic`, `ecam`: the controller on the PCI bus.
//! - `report`, `stack`, `ending`: what is printed, and the status at the end.
//! - `arch`: start code, serial port, clock, interrupts.

#[cfg(all(feature = "defmt", target_arch = "riscv64"))]
compile_error!(
    "no defmt on this machine: code at 2 GiB does not reach its symbols, which are near address 0"
);

mod arch;
mod device;
mod ecam;
mod ending;
mod frame;
mod lan;
mod machine;
mod memory;
mod nic;
mod report;
mod stack;

use lan::Lan;
use memory::{MEMORY, STATE};
use nic::Nic;
use report::{Stop, say};
use vmdq::Platform;

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    ending::end(run())
}

fn run() -> Result<(), Stop> {
    say!("{}", arch::NAME);
    let taken = MEMORY.try_take().zip(STATE.try_take());
    let (memory, state) = taken.ok_or(Stop("the memory was taken before"))?;
    let mut nic = Nic::find()?;
    let messages = arch::messages();
    if let Some(messages) = &messages {
        nic.listen(messages)?;
    }
    let machine = nic.machine();
    let mut lan = Lan::new(memory, state, *machine.dma())?;
    lan.open(nic.port(machine)?)?;

    lan.serve()?; // frames to each machine, broadcast, strangers

    lan.accept_strangers()?;
    lan.done();
    lan.serve()?;

    lan.move_filter()?; // the first machine's frames to the second one's queue
    lan.done();
    lan.serve()?;

    lan.unbind_filter()?;
    lan.done();
    lan.serve()?;

    lan.bind_filter()?;
    lan.done();
    lan.serve()?;

    if messages.is_some() {
        lan.take_interrupts()?;
        lan.done();
    } else {
        lan.cannot();
    }
    lan.serve()?;

    lan.restart_queue()?;
    lan.done();
    lan.serve()?;

    lan.reset()?;
    lan.done();
    lan.serve()?;

    lan.done();
    lan.report()?;
    lan.close()
}
