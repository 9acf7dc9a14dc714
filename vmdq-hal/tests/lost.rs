//! Debug builds count buffers that are lost, and no frame that is only looked at. One test, since the count
//! is the program's.

mod common;

use common::{Bench, Run};
use vmdq_hal::ring::{Burst, Exchange, InPlace, lost_buffers};

const FRAME: [u8; 60] = [7; 60];

#[test]
fn what_is_dropped_is_counted_and_nothing_else() {
    // In builds without debug assertions nothing is counted.
    let counted = |frames: u32| if cfg!(debug_assertions) { frames } else { 0 };

    // All ways that frames go, among them frames that are dropped by the device's fault or by choice.
    let Run { mut started, table, mut buffers, mut device } = Bench::new().run::<8, 30>();
    let mut burst = Burst::<8>::new();
    for round in 0..20 {
        // Too short, over two descriptors, good.
        assert!(device.receive(&[0; 3]) && device.receive_as(&FRAME, 1) && device.receive(&FRAME));
        assert!(device.receive(&FRAME) && device.receive(&FRAME));
        match round % 3 {
            0 => assert_eq!(started.rx.receive(&mut burst), 2),
            1 => assert_eq!(started.rx.receive_replacing(&mut burst, 8, &mut buffers), 2),
            _ => {
                for _ in 0..2 {
                    burst.push(started.rx.receive_one(&mut buffers).expect("a frame")).expect("room");
                }
            }
        }
        match round % 2 {
            0 => assert_eq!(started.tx.send(&mut burst), Ok(2)),
            _ => burst.drain(..).for_each(|frame| started.tx.send_one(frame).expect("room")),
        }
        assert_eq!(device.send().len(), 2);
        started.tx.reclaim(&mut buffers);
        started.rx.refill(&mut buffers);
    }
    let (rx, tx, pool) = (started.rx, started.tx, started.pool);
    let mut exchange = Exchange::new(rx, tx, &mut buffers).expect("enough buffers");
    for round in 0..20 {
        assert!(device.receive(&FRAME) && device.receive(&[0; 3]) && device.receive(&FRAME));
        exchange.forward(8, |_| round % 3 != 0);
        device.send();
    }
    let (rx, tx) = exchange.split(&mut buffers).expect("room");
    let mut in_place = InPlace::new(rx, tx, &mut buffers).expect("enough buffers");
    for round in 0..20 {
        assert!(device.receive(&FRAME) && device.receive(&[0; 3]) && device.receive(&FRAME));
        for _ in 0..4 {
            in_place.forward(8, |_| round % 3 != 0);
            device.send();
        }
    }
    let (rx, tx) = in_place.split(&mut buffers).expect("room");
    let started = vmdq_hal::Started { rx, tx, pool };
    let stopped = started.stop(&table, |frame| buffers.put(frame).expect("room"));
    assert!(stopped.is_ok());
    assert_eq!((buffers.len(), lost_buffers()), (30, 0));

    // Dropped alone, in a burst, and in an error.
    drop(buffers.take());
    assert_eq!(lost_buffers(), counted(1));
    let mut burst = Burst::<8>::new();
    burst.fill_from(&mut std::iter::from_fn(|| buffers.take()));
    drop(burst);
    assert_eq!(lost_buffers(), counted(9));
    let frame = buffers.take().expect("a buffer");
    core::mem::forget(frame);
    assert_eq!(lost_buffers(), counted(9), "a forgotten frame is not counted");
}
