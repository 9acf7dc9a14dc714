//! The way out when queues can't be seen to stop: all DMA of the port ends, and a reset follows.

use vmdq::{Controller, MacAddress, Stopped};

use crate::bed::Bed;
use crate::common::{Lane, Plan, Rig, frame, parts, vm};

/// Silences a port with traffic under way, takes everything back, and resets it.
fn silence_and_reset<M: Concrete, T: Bed>(bed: T) -> Rig<M, PlatformOf<T>, T> {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    let id = rig.bind(vm(1), 1);
    rig.inject(&[frame(vm(1), 0, 60), frame(MacAddress::BROADCAST, 1, 60)]);
    rig.lane(2).send(&[frame(vm(9), 2, 60)]);
    let silence = rig.port.silence().expect("the device goes silent");
    for lane in rig.lanes.iter_mut() {
        let Lane { rx, tx, pool, mut buffers, lent } = lane.take().expect("the queue runs");
        let put = |frame| buffers.put(frame).expect("room on the shelf");
        let Stopped { queue, .. } = pool.stop_silenced(rx, tx, &silence, put).expect("it is silent");
        let _ = lent.release(buffers).expect("all frames are home");
        rig.idle.push(queue);
    }
    // No filter has to go before the queue does: nothing moves any more.
    assert!(rig.table.leads_to(1));
    rig.unbind(id);
    let Rig { bed, mut delay, plan, port, table, slots, vectors, idle, .. } = rig;
    let port = port.disable(parts::<M, _>(idle, slots, table, vectors));
    let port = port.map_err(|(error, _)| error).expect("VMDq goes off");
    let mut port = port.into_reset().init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    Rig::enable(bed, port, plan)
}

pub(crate) fn a_silenced_port_gives_memory_back<M: Concrete, T: Bed>(bed: T) {
    silence_and_reset::<M, T>(bed).finish();
}

pub(crate) fn a_silenced_port_starts_over<M: Concrete, T: Bed>(bed: T) {
    let mut rig = silence_and_reset::<M, T>(bed);
    // What was on its way before is not delivered to the new life.
    assert_eq!(rig.receive(), []);
    rig.bind(vm(1), 3);
    assert_eq!(rig.lands(&frame(vm(1), 5, 60)), [3]);
    let sent = frame(vm(9), 6, 60);
    rig.lane(1).send(std::slice::from_ref(&sent));
    let _ = rig.bed.settle();
    let wire: Vec<_> = rig.bed.take_sent().into_iter().map(|sent| sent.bytes).collect();
    assert_eq!(wire.last(), Some(&sent));
    rig.finish();
}
