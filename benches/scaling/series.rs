//! The series: what grows, and what is looked at.

use igb_hal::I82576;
use ixgbe_hal::I82598;

use crate::load::Load;
use crate::lookup::Lookup;
use crate::queues::Queues;

/// One thing that grows.
pub(crate) struct Series {
    /// Its name in the table and of the plot's file.
    pub(crate) name: &'static str,
    /// What is counted along the axis.
    pub(crate) of: &'static str,
    /// What the cost is for.
    pub(crate) unit: &'static str,
    pub(crate) points: Vec<Point>,
}

/// One value of what grows.
pub(crate) struct Point {
    pub(crate) x: u32,
    pub(crate) make: Box<dyn Fn() -> Box<dyn Load>>,
}

fn point<L: Load + 'static>(x: u32, make: impl Fn() -> L + 'static) -> Point {
    Point { x, make: Box::new(move || Box::new(make())) }
}

/// One queue with a ring of `N` descriptors each way.
macro_rules! rings {
    ($($n:literal)+) => {
        vec![$(point($n, || Queues::<I82598>::new::<$n>(1, 1, 0))),+]
    };
}

/// Returns all series.
pub(crate) fn series() -> Vec<Series> {
    let powers = |most: u32| (0..=most.ilog2()).map(|i| 1 << i);
    vec![
        Series {
            name: "ring",
            of: "descriptors in a ring",
            unit: "frame",
            points: rings! { 64 128 256 512 1024 2048 4096 },
        },
        Series {
            name: "queues",
            of: "queues polled, each with frames",
            unit: "frame",
            points: powers(64)
                .map(|n| point(n, move || Queues::<I82598>::new::<64>(n as usize, n as usize, 0)))
                .collect(),
        },
        Series {
            name: "idle",
            of: "idle queues polled",
            unit: "poll of an empty queue",
            points: powers(64)
                .map(|n| point(n, move || Queues::<I82598>::new::<64>(n as usize, 0, 0)))
                .collect(),
        },
        Series {
            name: "beside-idle",
            of: "queues polled, one of them with frames",
            unit: "frame",
            points: powers(64)
                .map(|n| point(n, move || Queues::<I82598>::new::<64>(n as usize, 1, 0)))
                .collect(),
        },
        Series {
            name: "filters",
            of: "filters in an 82576",
            unit: "frame",
            points: [0, 1, 2, 4, 8, 16, 23]
                .map(|n| point(n, move || Queues::<I82576>::new::<512>(1, 1, n as usize)))
                .into(),
        },
        Series {
            name: "rules",
            of: "filters in software",
            unit: "look-up",
            points: powers(128).map(|n| point(n, move || Lookup::new(n))).collect(),
        },
    ]
}
