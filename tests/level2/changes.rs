//! Queues that change hands or kind while the port runs.

use vmdq::device::HeaderReplication;
use vmdq::targeted::TargetedRing;
use vmdq::{Started, Stopped};
use vmdq_sim::{Sim, Testbed};

use crate::common::{Concrete, STRANGER, SimMachine, frame, number, vm};
use crate::house::{Machine, PAGES};
use crate::lane::size;
use crate::life::{goes_on, run};
use crate::watch::WatchedVmm;
use crate::{House, How, Shape, Targeted};

/// A machine dies and another takes its queue, on the same memory: it has nothing of the first one's.
pub(crate) fn a_queue_passes_from_machine_to_machine<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape::default());
    house.unbind(1);
    let lane = house.lanes.remove(&1).expect("the queue runs");
    let first = lane.guest.vm();
    let Stopped { pool, rx, tx } = lane.stop(&house.rig.table);
    // Stopped before it is removed: nothing of it is mapped.
    house.guests.remove(first);
    assert_eq!(house.guests.violations(), []);
    let next = Machine::new(&house.guests, PAGES);
    let targeting = How::Hardware(64).targeting(&next.guest);
    let started = house.rig.port.start_targeted(pool, rx, tx, targeting, house.vmm.clone());
    let Started { rx, tx, pool } = started.expect("the pool starts");
    assert_eq!((rx.vm(), rx.held(), rx.posted(), rx.delivered()), (next.guest.vm(), 0, 0, 0));
    assert!((0..64).all(|id| rx.shared(id).is_none()));
    let (headers, memory) = crate::common::buffers(&house.rig.bed, 128, size());
    let mut lane = Targeted { rx, tx, pool, headers, memory, guest: next.guest.clone() };
    lane.share(0, 8);
    house.machines[0] = next;
    house.lanes.insert(1, lane);
    goes_on(&mut house);
    house.finish();
}

/// Gives queue 1 to machine 0 as an ordinary queue, or takes it back, while the filter leads to the
/// default queue; sees that every frame arrives once, in order and nowhere else.
pub(crate) fn a_queue_changes_at_run_time<M: HeaderReplication + Concrete>(bed: Sim) {
    for how in [How::Hardware(64), How::Software] {
        let mut house = House::<M>::start(Sim::new(bed.kind()), Shape { how, ..Shape::default() });
        let id = house.rig.table.find(vm(1)).expect("the filter is bound").id;
        let mut next = 0;
        let mut some = || {
            next += 5;
            run(next - 5..next)
        };
        for _ in 0..3 {
            let sent = some();
            assert!(house.get(1, &sent).iter().map(|got| &got.bytes).eq(&sent), "targeted");
            let sent = some();
            house.rig.inject(&sent);
            house.rig.move_to(id, 0);
            let late = some();
            house.rig.inject(&late);
            // What came before the filter moved is in the machine; what came after waits for a copy.
            assert!(house.lane(1).receive().iter().map(|got| &got.bytes).eq(&sent));
            assert_eq!(house.rig.lane(0).receive(), late);
            house.stop(1);
            let sent = some();
            house.rig.inject(&sent);
            assert_eq!(house.rig.lane(0).receive(), sent);
            house.see_no_stray();

            let queue = house.idle(1);
            house.rig.run(queue);
            let sent = some();
            house.rig.inject(&sent);
            assert_eq!(house.rig.lane(0).receive(), sent, "the filter has not moved yet");
            house.rig.move_to(id, 1);
            let sent = some();
            house.rig.inject(&sent);
            assert_eq!(house.rig.lane(1).receive(), sent, "ordinary");
            // No byte of it is in the machine: its buffers are as they were.
            house.see_no_stray();

            house.rig.move_to(id, 0);
            house.rig.stop(1);
            house.run_targeted(0);
            let sent = some();
            house.rig.inject(&sent);
            assert_eq!(house.rig.lane(0).receive(), sent);
            let pool = &house.lanes[&1].pool;
            house.rig.table.move_to(id, pool).expect("the filter moves");
            house.see_no_stray();
        }
        assert_eq!(house.rig.bed.drops(), vmdq_sim::ModelDrops::default());
        house.finish();
    }
}

/// One port serves one machine targeted, one by an ordinary queue, and the switch by the default queue.
pub(crate) fn targeted_and_ordinary_queues_side_by_side<M: HeaderReplication + Concrete>(bed: Sim) {
    let mut house = House::<M>::start(bed, Shape { machines: 1, ..Shape::default() });
    let queue = house.idle(2);
    house.rig.run(queue);
    house.rig.bind(vm(2), 2);
    for round in 0..30 {
        let sent = Vec::from_iter((0..9).map(|i| {
            let to = [vm(1), vm(2), STRANGER][i as usize % 3];
            frame(to, 9 * round + i, 60 + 7 * i as usize)
        }));
        house.rig.inject(&sent);
        let third = |n: usize| sent.iter().skip(n).step_by(3);
        assert!(house.lane(1).receive().iter().map(|got| &got.bytes).eq(third(0)));
        assert!(house.rig.lane(2).receive().iter().eq(third(1)));
        assert!(house.rig.lane(0).receive().iter().eq(third(2)));
        // And each sends, the targeted one too.
        let reply = frame(STRANGER, round, 60);
        house.rig.lane(2).send(std::slice::from_ref(&reply));
        let lane = house.lane(1);
        let mut away = lane.headers.take().expect("a buffer");
        away.fill(&reply).expect("room in the buffer");
        lane.tx.send_one(away).expect("room in the ring");
        let _ = house.rig.bed.settle();
        let sent = house.rig.bed.take_sent();
        assert_eq!(sent.iter().map(|sent| number(&sent.bytes)).collect::<Vec<_>>(), [round; 2]);
        let lane = house.lane(1);
        assert_eq!(lane.tx.reclaim(&mut lane.headers), 1);
        assert_eq!(house.rig.lane(2).reclaim(), 1);
    }
    house.finish();
}

/// A targeted ring serves from another core.
pub(crate) fn a_ring_moves_to_another_thread<M: HeaderReplication + Concrete>(bed: Sim) {
    fn moves<R: Send + 'static>(_: &R) {}
    let mut house = House::<M>::start(bed, Shape::default());
    let mut lane = house.lanes.remove(&1).expect("the queue runs");
    moves::<TargetedRing<SimMachine, WatchedVmm>>(&lane.rx);
    let sent = run(0..4);
    house.rig.inject(&sent);
    let there = std::thread::spawn(move || {
        let got = lane.receive();
        (got, lane)
    });
    let (got, lane) = there.join().expect("it ends");
    assert!(got.iter().map(|got| &got.bytes).eq(&sent));
    house.lanes.insert(1, lane);
    house.finish();
}
