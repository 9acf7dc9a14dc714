//! The wire and the clock: every record of the source to the wire or not, in rounds in which the
//! hypervisor and the virtual machines take turns.

use anyhow::Result;
use vmdq::MacAddress;
use vmdq::device::Model;
use vmdq::vmm::GuestRange;
use vmdq_sim::{Guests, Sim};

use crate::cli::Options;
use crate::hypervisor::{Hypervisor, buffer_size};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{Front, Report};
use crate::source::{Fate, SHORTEST};
use crate::vm::{Attacker, Identity, Layout, Neighbours, Program, Programs, Receiver};

/// Turns after the last frame: the first brings what is on the wire, and then it is quiet.
const LAST_TURNS: usize = 4;

/// Runs the source through a controller of the chosen model.
pub(crate) fn run(bed: Sim, options: &Options, plan: &Plan) -> Result<Report> {
    let mut records = options.source.open()?;
    let progress = Progress::new("switching", records.progress().1);
    let guests = Guests::new();
    let machines = machines(&guests, options, &plan.guests)?;
    let mut hypervisor = Hypervisor::start(bed, options.model, guests, &machines)?;
    let mut programs = programs(&machines)?;
    hypervisor.refill();
    // Not a frame has come yet, but channels are open: there is something to attack.
    turn(&mut hypervisor, &mut programs)?;

    let (mut frame, mut any) = (Vec::new(), false);
    let (mut waiting, mut window) = (0, hypervisor.window(&mut programs));
    let end = loop {
        let record = match records.next() {
            Ok(Some(record)) => record,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        any = true;
        if record.fate() == Fate::Wire {
            anyhow::ensure!(window > 0, "the wire waits for ever: an honest machine has no buffers left");
            frame.clear();
            frame.extend_from_slice(record.bytes);
            frame.resize(frame.len().max(SHORTEST), 0);
            hypervisor.inject(&frame);
            waiting += 1;
        }
        if waiting == window {
            turn(&mut hypervisor, &mut programs)?;
            (waiting, window) = (0, hypervisor.window(&mut programs));
        }
        progress.show(records.progress().0);
    };
    for _ in 0..LAST_TURNS {
        turn(&mut hypervisor, &mut programs)?;
    }
    drop(progress);
    let fronts = machines.iter().map(|(identity, _)| *identity).zip(programs.0.iter().map(front)).collect();
    let mut report = Report::new(options.model.limits().name, fronts, hypervisor.stop()?);
    if let Some(error) = end {
        report.source_ended(&options.source.name(), &error, any);
    }
    Ok(report)
}

/// A round of the hypervisor, then one of the virtual machines; then the controller gets buffers.
fn turn(hypervisor: &mut Hypervisor, programs: &mut Programs) -> Result<()> {
    hypervisor.round(programs)?;
    programs.work()?;
    hypervisor.refill();
    Ok(())
}

/// Gives each machine a name and memory.
fn machines(guests: &Guests, options: &Options, macs: &[MacAddress]) -> Result<Vec<(Identity, Layout)>> {
    let size = buffer_size()?.bytes() as u32;
    let machine = |(number, mac): (usize, &MacAddress)| {
        let (shares, hostile) = (options.shares(number, macs.len()), options.is_hostile(number, macs.len()));
        Ok((Identity { mac: *mac, shares, hostile }, Layout::new(guests, size)?))
    };
    macs.iter().enumerate().map(machine).collect()
}

/// Starts each machine's program.
fn programs(machines: &[(Identity, Layout)]) -> Result<Programs> {
    let program = |(number, (identity, layout)): (usize, &(Identity, Layout))| {
        if !identity.hostile {
            return Ok(Program::Receiver(Box::new(Receiver::start(layout.clone(), identity.mac)?)));
        }
        let others = || machines.iter().enumerate().filter(|(other, _)| *other != number);
        let nobodys = GuestRange { at: 0x1000, len: 0 };
        let neighbours = Neighbours {
            addresses: others().map(|(_, (identity, _))| identity.mac).collect(),
            memory: others().map(|(_, (_, layout))| layout.buffers[0]).next().unwrap_or(nobodys),
        };
        Ok(Program::Attacker(Box::new(Attacker::start(layout.clone(), identity.mac, neighbours))))
    };
    machines.iter().enumerate().map(program).collect::<Result<_>>().map(Programs)
}

/// Asks a program what it has seen; of a hostile one there is nothing to believe.
fn front(program: &Program) -> Option<Front> {
    match program {
        Program::Receiver(receiver) => Some(Front { account: receiver.account(), faults: receiver.faults() }),
        Program::Attacker(_) => None,
    }
}
