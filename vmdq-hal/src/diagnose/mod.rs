//! Why no frames come or go: which of the known mistakes fits what a running pool shows.
//!
//! Nothing here is on the way of a frame. It reads the controller's counters, heads and tails, the mask of
//! interrupts and the state of the link, compares them with what the rings know, waits a millisecond and
//! looks again: what has moved meanwhile is at work.
//!
//! Trap: the head of a ring is no basis for a driver ("the host cannot rely on this value", *82575EB Software
//! Developer's Manual*, page 359). Here it is a hint for whoever looks for a mistake, and nothing else.

mod finding;

pub use finding::{Diagnosis, Finding};

use crate::device::{Io, Model, RingKind, RingState};
use crate::filter::FilterTable;
use crate::index::PoolSet;
use crate::link::Link;
use crate::platform::Platform;
use crate::pool::{Pool, Running};
use crate::port::{OtherPort, Port, Vmdq};
use crate::ring::{RxProgress, TxProgress, TxRing};
use crate::start::ReceiveRing;

/// How long a controller that works needs at most to show it, in microseconds.
const MOVES: u32 = 1_000;

impl<M: Model, P: Platform> Port<M, P, Vmdq> {
    /// Looks for what keeps frames from a pool, or in it.
    ///
    /// Takes a millisecond, reads some thirty registers and writes none. The rings stay as they are, and may be
    /// diagnosed while traffic runs; but a finding is about the moment. The counters clear when they are
    /// read: what is read here goes into the sums of [`statistics`](Self::statistics), so that the two can be
    /// called in any order, and nothing is counted twice or lost.
    ///
    /// A pool to which nobody sends shows the same as one that frames do not reach: [`Finding::NothingCounted`]
    /// and [`Finding::NothingReceived`] are mistakes only if frames were sent to it. A frame that takes longer
    /// than a millisecond on the wire (10 Mb/s, many queues at 100 Mb/s, PAUSE) shows as
    /// [`Finding::NothingSent`]: look again.
    ///
    /// # Errors
    ///
    /// [`OtherPort`], if pool, rings or table belong to another port, or do not belong together.
    ///
    /// # Examples
    ///
    /// ```
    /// use vmdq_hal::device::Model;
    /// use vmdq_hal::{FilterTable, Finding, OtherPort, Platform, Port, Started, Vmdq};
    ///
    /// /// To be called when a pool has been silent for longer than expected.
    /// fn why<M: Model, P: Platform>(
    ///     port: &mut Port<M, P, Vmdq>,
    ///     guest: &Started<M, P>,
    ///     table: &FilterTable<M, P>,
    ///     mut log: impl FnMut(Finding),
    /// ) -> Result<(), OtherPort> {
    ///     let diagnosis = port.diagnose(&guest.pool, &guest.rx, &guest.tx, table)?;
    ///     diagnosis.findings().for_each(&mut log); // each says what to do, as `Display`
    ///     Ok(())
    /// }
    /// ```
    pub fn diagnose<R: ReceiveRing<P>>(
        &mut self,
        pool: &Pool<M, P, Running>,
        rx: &R,
        tx: &TxRing<P>,
        table: &FilterTable<M, P>,
    ) -> Result<Diagnosis, OtherPort> {
        let same = (pool.owner(), pool.index());
        if pool.owner() != self.owner()
            || table.owner() != self.owner()
            || rx.belongs_to() != same
            || (tx.owner(), tx.pool()) != same
        {
            return Err(OtherPort);
        }
        let index = pool.index();
        let mut diagnosis = Diagnosis::new(self.statistics());
        let (model, platform) = (self.model(), self.platform());
        // SAFETY: reads alone.
        let io = unsafe { Io::new(platform) };
        let before = look(model, io, rx, tx);
        io.wait_us(MOVES);
        let now = look(model, io, rx, tx);

        let link = model.state(io);
        let bus_master = platform.is_bus_master();
        let masked = self.route_of(index).is_some_and(|vector| {
            let bits = model.mask_bits(io, vector, PoolSet::EMPTY.with(index), false);
            // On the 82575 a bit is one direction of a pool, and each masks itself.
            model.unmasked(io) & bits != bits
        });
        let reached = table.leads_to(index) || self.default_pool() == index;
        // At the end: then all that was read before was read of a device.
        if model.is_gone(io) {
            diagnosis.note(Finding::Gone, true);
            return Ok(diagnosis);
        }
        diagnosis.note(Finding::NotBusMaster, bus_master == Some(false));
        diagnosis.note(Finding::LinkDown, link == Link::Down);
        // Rings of the 82598 read as off while there is no link.
        let off = link.is_up() && !(now.receive.enabled && now.transmit.enabled);
        diagnosis.note(Finding::RingsOff, off);
        diagnosis.note(Finding::NoFilter, !reached);
        receiving(&mut diagnosis, before, now, masked);
        // What follows from these needs no finding of its own.
        if !off && link.is_up() && bus_master != Some(false) {
            silence(&mut diagnosis, before, now, reached);
        }
        Ok(diagnosis)
    }
}

/// What rings and controller show at one time.
#[derive(Clone, Copy)]
struct Look {
    rx: RxProgress,
    tx: TxProgress,
    receive: RingState,
    transmit: RingState,
}

/// Looks once. Not twice in the caller's code.
#[inline(never)]
fn look<M: Model, P: Platform, R: ReceiveRing<P>>(model: M, io: Io<'_, P>, rx: &R, tx: &TxRing<P>) -> Look {
    Look {
        rx: rx.progress(),
        tx: tx.progress(),
        receive: model.ring_state(io, RingKind::Receive, rx.ring()),
        transmit: model.ring_state(io, RingKind::Transmit, tx.ring()),
    }
}

/// Finds what the program does not do.
fn receiving(diagnosis: &mut Diagnosis, before: Look, now: Look, masked: bool) {
    let rx = now.rx;
    diagnosis.note(Finding::NeverFilled, rx.posted == 0 && !rx.taken);
    diagnosis.note(Finding::NotRefilled, rx.posted == 0 && rx.taken);
    // A frame that is there since the first look.
    let waits = before.rx.ready && rx.ready;
    diagnosis.note(Finding::NotTaken, waits && now.receive.head == now.receive.tail);
    diagnosis.note(Finding::VectorMasked, waits && masked);
    let full = now.tx.pending && now.tx.room == 0;
    diagnosis.note(Finding::NotReclaimed, full && now.tx.reported);
}

/// Finds where the controller does not reach memory.
fn silence(diagnosis: &mut Diagnosis, before: Look, now: Look, reached: bool) {
    let statistics = diagnosis.statistics();
    let counted = statistics.received > 0 || statistics.missed > 0;
    let waiting = now.rx.posted > 0 && !now.rx.ready;
    let used = before.receive.head != before.rx.head && now.receive.head != now.rx.head;
    diagnosis.note(Finding::ReceivedElsewhere, waiting && used);
    let nothing = waiting && !used && !now.rx.taken && reached;
    diagnosis.note(Finding::NothingCounted, nothing && !counted);
    diagnosis.note(Finding::NothingReceived, nothing && counted);

    let sent = now.transmit.head == now.transmit.tail;
    let stands = before.transmit.head == now.transmit.head;
    diagnosis.note(Finding::NothingSent, now.tx.pending && !sent && stands);
    // Sent at the first look already: a report has had time to come.
    let was_sent = before.transmit.head == before.transmit.tail && before.transmit.tail == now.transmit.tail;
    diagnosis.note(Finding::ReportedElsewhere, now.tx.pending && sent && was_sent && !now.tx.reported);
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::statistics::Statistics;

    /// A pool at rest: three buffers posted from descriptor 4 on, and one frame that is sent and reported.
    const REST: Look = Look {
        rx: RxProgress { head: 4, taken: true, posted: 3, ready: false },
        tx: TxProgress { pending: true, room: 6, reported: true },
        receive: RingState { head: 4, tail: 7, enabled: true },
        transmit: RingState { head: 1, tail: 1, enabled: true },
    };

    fn found(statistics: Statistics, before: Look, now: Look, masked: bool) -> Vec<Finding> {
        let mut diagnosis = Diagnosis::new(statistics);
        receiving(&mut diagnosis, before, now, masked);
        silence(&mut diagnosis, before, now, true);
        diagnosis.findings().collect()
    }

    #[test]
    fn what_has_moved_since_the_first_look_is_at_work() {
        let nothing = Statistics::ZERO;
        let twice = |look, masked| found(nothing, look, look, masked);
        assert_eq!(twice(REST, true), []);

        // A frame that came meanwhile has not waited for an interrupt, nor to be taken.
        let mut came = REST;
        (came.rx.ready, came.receive.head) = (true, 7);
        assert_eq!(twice(came, true), [Finding::NotTaken, Finding::VectorMasked]);
        assert_eq!(found(nothing, REST, came, true), []);

        // A buffer that was used just now may be written back in a moment.
        let mut used = REST;
        used.receive.head = 5;
        assert_eq!(twice(used, false), [Finding::ReceivedElsewhere]);
        assert_eq!(found(nothing, REST, used, false), []);
        assert_eq!(found(nothing, used, REST, false), []);

        // So may the report of a frame that was fetched just now, or handed over just now.
        let (mut fetched, mut fetching) = (REST, REST);
        fetched.tx.reported = false;
        (fetching.tx.reported, fetching.transmit.head) = (false, 0);
        assert_eq!(twice(fetched, false), [Finding::ReportedElsewhere]);
        assert_eq!(found(nothing, fetching, fetched, false), []);
        let mut earlier = fetched;
        earlier.transmit = RingState { head: 0, tail: 0, enabled: true };
        assert_eq!(found(nothing, earlier, fetched, false), []);
        // One that is not fetched for that long is stuck.
        assert_eq!(twice(fetching, false), [Finding::NothingSent]);
    }

    #[test]
    fn a_frame_that_is_counted_has_come_if_only_to_be_dropped() {
        let mut silent = REST;
        silent.rx.taken = false;
        let with = |statistics| found(statistics, silent, silent, false);
        assert_eq!(with(Statistics::ZERO), [Finding::NothingCounted]);
        assert_eq!(with(Statistics { received: 1, ..Statistics::ZERO }), [Finding::NothingReceived]);
        assert_eq!(with(Statistics { missed: 1, ..Statistics::ZERO }), [Finding::NothingReceived]);
    }
}
