//! Stop, in the order that the types require, and the counts.

use anyhow::{Result, ensure};
use vmdq::channel::Status;
use vmdq::ring::{Frame, RxCounters};
use vmdq::{Any, FilterTable, Idle, MacAddress, Pool, Refused, Started};
use vmdq_sim::{Guests, Testbed};

use super::line::{Line, Lost, Receive};
use super::{Host, Hypervisor, Store};

/// What the hypervisor knows of a virtual machine.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) mac: MacAddress,
    /// Frames that the switch had for it.
    pub(crate) delivered: u64,
    /// Frames of its own that went somewhere.
    pub(crate) sent: u64,
    /// Frames that were not copied.
    pub(crate) in_place: u64,
    pub(crate) headers_replicated: u64,
    /// Bytes that software copied from its memory or to it.
    pub(crate) bytes_copied: u64,
    pub(crate) refused_buffers: u64,
    /// The controller had no buffer left for its frames, and may have dropped some.
    pub(crate) ran_dry: bool,
    /// Frames for it and from it that got lost behind the switch, or before.
    pub(crate) lost: Lost,
}

/// The totals of all frames.
#[derive(Clone, Default, Debug)]
pub(crate) struct Totals {
    pub(crate) on_wire: u64,
    /// Frames from the wire that the switch saw.
    pub(crate) switched: u64,
    /// Frames that virtual machines have put on the wire.
    pub(crate) sent: u64,
    pub(crate) decisions: u64,
    pub(crate) flooded: u64,
    pub(crate) local: u64,
    /// By the controller and the driver, before the switch saw them.
    pub(crate) dropped_before: Lost,
    pub(crate) dropped_by_switch: Lost,
}

/// The outcome of the run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) machines: Vec<Machine>,
    pub(crate) totals: Totals,
    pub(crate) violations: Vec<String>,
}

impl Hypervisor {
    /// Stops everything and adds up.
    pub(crate) fn stop(mut self) -> Result<Outcome> {
        self.settle()?;
        let mut totals = self.totals()?;
        let machines = self.machines()?;
        let Self { bed, guests, port, mut table, default, lines, buffers, headers, unused, .. } = self;
        let (mut parts, mut lost) = (unused, 0);
        let mut stores = (buffers, headers);
        for line in lines {
            // No filter may name a queue that stops.
            parts.put(table.unbind(line.binding)?).map_err(Refused::into_error)?;
            let vm = line.interface.channel.vm();
            let (pool, counters) = line.stop(&table, &guests, &mut stores, &mut lost)?;
            totals.count_ring(counters);
            parts.put(pool).map_err(Refused::into_error)?;
            // Its memory is unmapped: the machine may end.
            guests.remove(vm);
        }
        totals.count_ring(default.rx.counters());
        let home = |frame| lost += u64::from(stores.0.pool.put(frame).is_err());
        let stopped = default.stop(&table, home).map_err(Refused::into_error)?;
        parts.put(stopped.pool).map_err(Refused::into_error)?;
        parts.put(table).map_err(Refused::into_error)?;
        let _off = port.disable(parts).map_err(Refused::into_error)?;
        ensure!(lost == 0, "{lost} buffers are not the pool's");
        for Store { pool, memory } in [stores.0, stores.1] {
            memory.release(pool).map_err(Refused::into_error)?;
        }
        let of_model = bed.violations().into_iter().map(|violation| violation.to_string());
        let of_guests = guests.violations().into_iter().map(|violation| violation.to_string());
        Ok(Outcome { machines, totals, violations: of_model.chain(of_guests).collect() })
    }

    fn totals(&mut self) -> Result<Totals> {
        let statistics = self.port.statistics();
        let counters = self.switch.counters().traffic;
        let uplink = self.switch.interface_counters(self.uplink)?;
        let dropped_before = [
            ("too_long", statistics.too_long),
            ("too_short", statistics.too_short),
            ("crc_errors", statistics.crc_errors),
            // See `Statistics::missed`: the 82598 counts a frame without descriptor there, too.
            ("missed", statistics.missed.saturating_sub(statistics.no_descriptor)),
            ("no_descriptor", statistics.no_descriptor),
        ];
        let by_switch = counters.dropped.iter().map(|(reason, frames)| (reason.name(), frames));
        Ok(Totals {
            on_wire: self.on_wire,
            switched: uplink.received.frames,
            sent: self.sent,
            decisions: counters.decisions,
            flooded: counters.flooded,
            local: counters.local,
            dropped_before: dropped_before.into_iter().filter(|(_, frames)| *frames > 0).collect(),
            dropped_by_switch: by_switch.filter(|(_, frames)| *frames > 0).collect(),
        })
    }

    fn machines(&mut self) -> Result<Vec<Machine>> {
        let Self { lines, switch, guests, .. } = self;
        let machine = |line: &mut Line| {
            let Line { mac, interface, .. } = line;
            let copied = guests.counters(interface.channel.vm());
            let counters = switch.interface_counters(interface.id)?;
            Ok(Machine {
                mac: *mac,
                delivered: counters.delivered.frames,
                sent: counters.forwarded + counters.flooded,
                in_place: interface.in_place,
                headers_replicated: interface.headers_replicated,
                bytes_copied: copied.read + copied.written,
                refused_buffers: interface.refused_buffers(),
                ran_dry: interface.ran_dry,
                lost: interface.lost.clone(),
            })
        };
        lines.iter_mut().map(machine).collect()
    }
}

impl Totals {
    /// Adds what a ring dropped on its own account.
    fn count_ring(&mut self, counters: RxCounters) {
        for (reason, frames) in [("too_long", counters.too_long), ("malformed", counters.malformed)] {
            if frames > 0 {
                *self.dropped_before.entry(reason).or_default() += frames;
            }
        }
    }
}

impl Line {
    /// Stops the queue pair; only then are shared buffers unmapped, and only then does the guest get
    /// back those that it has posted.
    fn stop(
        self,
        table: &FilterTable<Any, Host>,
        guests: &Guests,
        (buffers, headers): &mut (Store, Store),
        lost: &mut u64,
    ) -> Result<(Pool<Any, Host, Idle>, RxCounters)> {
        let Self { receive, tx, pool, mut interface, .. } = self;
        // Headers come home from a targeted ring, and whole frames from every other.
        let home = |frame: Frame| {
            let store =
                if frame.capacity() == headers.pool.size().bytes() { &mut *headers } else { &mut *buffers };
            *lost += u64::from(store.pool.put(frame).is_err());
        };
        let (pool, counters) = match receive {
            Receive::Copying(rx) => {
                let counters = rx.counters();
                let stopped = Started { rx, tx, pool }.stop(table, home).map_err(Refused::into_error)?;
                (stopped.pool, counters)
            }
            Receive::Targeted(rx) => {
                let counters = rx.counters();
                let stopped = Started { rx, tx, pool }.stop(table, home).map_err(Refused::into_error)?;
                (stopped.pool, counters)
            }
        };
        for place in &mut interface.shared {
            if let Some(posted) = place.take() {
                // Fails on a broken channel: then there is nobody to give it to.
                let _ = interface.channel.receive().give_back(posted, Status::Dropped);
            }
        }
        interface.channel.notify_if_needed(guests);
        Ok((pool, counters))
    }
}
