//! Queues that change hands or kind while the port runs.

use vmdq::device::HeaderReplication;
use vmdq::targeted::TargetedRing;
use vmdq::{Started, Stopped};
use vmdq_sim::{Sim, Testbed};

use crate::common::{Concrete, STRANGER, SimMachine, frame, number, vm};
use crate::hypervisor::{Machine, PAGES};
use crate::life::{goes_on, run};
use crate::targeted_queue::size;
use crate::watch::WatchedVmm;
use crate::{How, Hypervisor, Shape, Targeted};

/// A machine dies and another takes its queue, on the same memory: it has nothing of the first one's.
pub(crate) fn a_queue_passes_from_machine_to_machine<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    hypervisor.unbind(1);
    let pair = hypervisor.pairs.remove(&1).expect("the queue runs");
    let first = pair.guest.vm();
    let Stopped { pool, rx, tx } = pair.stop(&hypervisor.setup.table);
    // Stopped before it is removed: nothing of it is mapped.
    hypervisor.guests.remove(first);
    assert_eq!(hypervisor.guests.violations(), []);
    let next = Machine::new(&hypervisor.guests, PAGES);
    let targeting = How::Hardware(64).targeting(&next.guest);
    let started = hypervisor.setup.port.start_targeted(pool, rx, tx, targeting, hypervisor.vmm.clone());
    let Started { rx, tx, pool } = started.expect("the pool starts");
    assert_eq!((rx.vm(), rx.held(), rx.posted(), rx.delivered()), (next.guest.vm(), 0, 0, 0));
    assert!((0..64).all(|id| rx.shared(id).is_none()));
    let (headers, memory) = crate::common::buffers(&hypervisor.setup.bed, 128, size());
    let mut pair = Targeted { rx, tx, pool, headers, memory, guest: next.guest.clone() };
    pair.share(0, 8);
    hypervisor.machines[0] = next;
    hypervisor.pairs.insert(1, pair);
    goes_on(&mut hypervisor);
    hypervisor.finish();
}

/// Gives queue 1 to machine 0 as an ordinary queue, or takes it back, while the filter leads to the
/// default queue; sees that every frame arrives once, in order and nowhere else.
pub(crate) fn a_queue_changes_at_run_time<M: HeaderReplication + Concrete>(bed: Sim) {
    for how in [How::Hardware(64), How::Software] {
        let mut hypervisor = Hypervisor::<M>::start(Sim::new(bed.kind()), Shape { how, ..Shape::default() });
        let id = hypervisor.setup.table.find(vm(1)).expect("the filter is bound").id;
        let mut next = 0;
        let mut some = || {
            next += 5;
            run(next - 5..next)
        };
        for _ in 0..3 {
            let sent = some();
            assert!(hypervisor.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent), "targeted");
            let sent = some();
            hypervisor.setup.inject(&sent);
            hypervisor.setup.move_to(id, 0);
            let late = some();
            hypervisor.setup.inject(&late);
            // What came before the filter moved is in the machine; what came after waits for a copy.
            assert!(hypervisor.pair(1).receive().iter().map(|got| &got.bytes).eq(&sent));
            assert_eq!(hypervisor.setup.pair(0).receive(), late);
            hypervisor.stop(1);
            let sent = some();
            hypervisor.setup.inject(&sent);
            assert_eq!(hypervisor.setup.pair(0).receive(), sent);
            hypervisor.see_no_stray();

            let queue = hypervisor.idle(1);
            hypervisor.setup.run(queue);
            let sent = some();
            hypervisor.setup.inject(&sent);
            assert_eq!(hypervisor.setup.pair(0).receive(), sent, "the filter has not moved yet");
            hypervisor.setup.move_to(id, 1);
            let sent = some();
            hypervisor.setup.inject(&sent);
            assert_eq!(hypervisor.setup.pair(1).receive(), sent, "ordinary");
            // No byte of it is in the machine: its buffers are as they were.
            hypervisor.see_no_stray();

            hypervisor.setup.move_to(id, 0);
            hypervisor.setup.stop(1);
            hypervisor.run_targeted(0);
            let sent = some();
            hypervisor.setup.inject(&sent);
            assert_eq!(hypervisor.setup.pair(0).receive(), sent);
            let pool = &hypervisor.pairs[&1].pool;
            hypervisor.setup.table.move_to(id, pool).expect("the filter moves");
            hypervisor.see_no_stray();
        }
        assert_eq!(hypervisor.setup.bed.drops(), vmdq_sim::ModelDrops::default());
        hypervisor.finish();
    }
}

/// One port serves one machine targeted, one by an ordinary queue, and the switch by the default queue.
pub(crate) fn targeted_and_ordinary_queues_side_by_side<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape { machines: 1, ..Shape::default() });
    let queue = hypervisor.idle(2);
    hypervisor.setup.run(queue);
    hypervisor.setup.bind(vm(2), 2);
    for round in 0..30 {
        let sent = Vec::from_iter((0..9).map(|i| {
            let to = [vm(1), vm(2), STRANGER][i as usize % 3];
            frame(to, 9 * round + i, 60 + 7 * i as usize)
        }));
        hypervisor.setup.inject(&sent);
        let third = |n: usize| sent.iter().skip(n).step_by(3);
        assert!(hypervisor.pair(1).receive().iter().map(|got| &got.bytes).eq(third(0)));
        assert!(hypervisor.setup.pair(2).receive().iter().eq(third(1)));
        assert!(hypervisor.setup.pair(0).receive().iter().eq(third(2)));
        // And each sends, the targeted one too.
        let reply = frame(STRANGER, round, 60);
        hypervisor.setup.pair(2).send(std::slice::from_ref(&reply));
        let pair = hypervisor.pair(1);
        let mut away = pair.headers.take().expect("a buffer");
        away.fill(&reply).expect("room in the buffer");
        pair.tx.send_one(away).expect("room in the ring");
        let _ = hypervisor.setup.bed.settle();
        let sent = hypervisor.setup.bed.take_sent();
        assert_eq!(sent.iter().map(|sent| number(&sent.bytes)).collect::<Vec<_>>(), [round; 2]);
        let pair = hypervisor.pair(1);
        assert_eq!(pair.tx.reclaim(&mut pair.headers), 1);
        assert_eq!(hypervisor.setup.pair(2).reclaim(), 1);
    }
    hypervisor.finish();
}

/// A targeted ring serves from another core.
pub(crate) fn a_ring_moves_to_another_thread<M: HeaderReplication + Concrete>(bed: Sim) {
    fn moves<R: Send + 'static>(_: &R) {}
    let mut hypervisor = Hypervisor::<M>::start(bed, Shape::default());
    let mut pair = hypervisor.pairs.remove(&1).expect("the queue runs");
    moves::<TargetedRing<SimMachine, WatchedVmm>>(&pair.rx);
    let sent = run(0..4);
    hypervisor.setup.inject(&sent);
    let there = std::thread::spawn(move || {
        let got = pair.receive();
        (got, pair)
    });
    let (got, pair) = there.join().expect("it ends");
    assert!(got.iter().map(|got| &got.bytes).eq(&sent));
    hypervisor.pairs.insert(1, pair);
    hypervisor.finish();
}
