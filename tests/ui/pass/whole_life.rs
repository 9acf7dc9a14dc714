//! What the failing cases leave out, done right; and a case that passes makes the compiler evaluate
//! the assertions of the others.

use vmdq::device::HeaderReplication;
use vmdq::igb::I82575;
use vmdq::ring::{BufferMemory, Burst, RingMemory};
use vmdq::{Accept, Config, MacAddress, Port, Resources};
use vmdq_sim::{Settled, Sim, Testbed};

fn main() {
    let mut bed = Sim::i82575();
    let port = unsafe { Port::new(I82575, bed.platform()) };
    let mut port = port.init(&Config::DEFAULT).unwrap();
    assert!(port.bring_link_up(5000).is_up());
    let Resources { mut port, pools: [p0, p1, p2, p3], filters, mut table, vectors, .. } = port.enable();
    port.set_accept(Accept::all()).unwrap();
    assert_eq!(I82575.largest_header(), Ok(960));

    let (rx, tx) = (bed.place(RingMemory::<64>::new()), bed.place(RingMemory::<64>::new()));
    let (mut buffers, memory) = bed.place(BufferMemory::<16, 2>::new()).pool(bed.dma()).unwrap();
    let mut running = port.start(p1, rx, tx, buffers.size()).unwrap();
    running.rx.refill(&mut buffers);
    let [slot, rest @ ..] = filters;
    let id = table.bind(slot, MacAddress([2, 0, 0, 0, 0, 1]), &running.pool).unwrap();

    let mut frame = [0; 60];
    frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    bed.inject(&frame);
    assert_eq!(bed.settle(), Settled::Idle);
    // Rings are used on another core.
    let (got, mut buffers, running) = std::thread::spawn(move || {
        let mut burst = Burst::<8>::new();
        let got = running.rx.receive(&mut burst);
        burst.drain(..).for_each(|frame| buffers.put(frame).unwrap());
        (got, buffers, running)
    })
    .join()
    .unwrap();
    assert_eq!(got, 1);

    let slot = table.unbind(id).unwrap();
    let stopped = running.stop(&table, |frame| buffers.put(frame).unwrap()).unwrap();
    memory.release(buffers).unwrap();
    let mut parts = port.parts();
    parts.put_all([p0, stopped.pool, p2, p3]).unwrap();
    parts.put_all(rest).unwrap();
    parts.put(slot).unwrap();
    parts.put_all(vectors).unwrap();
    parts.put(table).unwrap();
    let _port = port.disable(parts).unwrap();
    assert_eq!(bed.violations(), []);
}
