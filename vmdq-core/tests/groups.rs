//! Groups of received frames, beside the definition: equal neighbours.

use proptest::prelude::*;
use vmdq_core::group::{Described, Group, Groups};
use vmdq_core::switch::{Indication, InterfaceId, Origin, Physical, Switch, Virtual};

/// A frame of which only the descriptor is there: grouping can't look at bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Received {
    tag: Option<u16>,
    error: bool,
    /// A virtual machine can have written its header.
    guests: bool,
    number: usize,
}

impl Described for Received {
    fn tag(&self) -> Option<u16> {
        self.tag
    }

    fn has_error(&self) -> bool {
        self.error
    }

    fn header_is_guests(&self) -> bool {
        self.guests
    }
}

/// An uplink and a virtual interface.
fn interfaces() -> (InterfaceId, InterfaceId) {
    let mut switch = Switch::<2, 8>::new(1);
    let uplink = switch.bind_physical(&Physical::default()).expect("a place");
    (uplink, switch.bind_virtual(&Virtual::default()).expect("a place"))
}

fn any_burst() -> impl Strategy<Value = Vec<Received>> {
    let kind = (proptest::option::of(0..3_u16), proptest::bool::weighted(0.1), any::<bool>(), 1..9_usize);
    proptest::collection::vec(kind, 0..12).prop_map(|runs| {
        let frames = runs
            .into_iter()
            .flat_map(|(tag, error, guests, len)| std::iter::repeat_n((tag, error, guests), len));
        let frame = |(number, (tag, error, guests))| Received { tag, error, guests, number };
        frames.enumerate().map(frame).collect()
    })
}

proptest! {
    #[test]
    fn matched_frames_are_split_where_tag_or_error_changes(mut burst in any_burst()) {
        let (uplink, to) = interfaces();
        let expected: Vec<Vec<Received>> = burst
            .chunk_by(|a, b| (a.tag, a.error) == (b.tag, b.error))
            .map(<[_]>::to_vec)
            .collect();
        let groups: Vec<Vec<Received>> = Groups::new(&mut burst, Origin::Matched { uplink, to })
            .map(|Group { indication: Indication { from, tag, error }, frames }| {
                // The first header is the one that is shown.
                let matched = Origin::Matched { uplink, to };
                let targeted = Origin::Targeted { uplink, to };
                assert_eq!(from, if frames[0].guests { targeted } else { matched });
                assert!(frames.iter().all(|frame| (frame.tag, frame.error) == (tag, error)));
                frames.to_vec()
            })
            .collect();
        prop_assert_eq!(&groups, &expected);
        let targeted = Groups::new(&mut burst, Origin::Targeted { uplink, to });
        prop_assert_eq!(targeted.map(|group| group.frames.to_vec()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn frames_that_no_filter_matched_come_one_by_one(mut burst in any_burst()) {
        let (uplink, to) = interfaces();
        let before = burst.clone();
        for origin in [Origin::Unmatched { uplink }, Origin::Virtual(to)] {
            let alone: Vec<Received> = Groups::new(&mut burst, origin)
                .map(|group| {
                    let [frame] = group.frames else { panic!("{} frames", group.frames.len()) };
                    let Received { tag, error, .. } = *frame;
                    assert_eq!(group.indication, Indication { from: origin, tag, error });
                    *frame
                })
                .collect();
            prop_assert_eq!(&alone, &before);
        }
    }

    #[test]
    fn a_run_that_is_known_to_be_one_is_the_group_that_splitting_finds(
        tag: Option<u16>, error: bool, guests: bool, len in 0..70_usize,
    ) {
        let (uplink, to) = interfaces();
        let mut burst: Vec<Received> =
            (0..len).map(|number| Received { tag, error, guests, number }).collect();
        for origin in [Origin::Matched { uplink, to }, Origin::Targeted { uplink, to }] {
            let parts = |group: Group<'_, Received>| (group.indication, group.frames.to_vec());
            let split = Groups::new(&mut burst, origin).next().map(parts);
            let uniform = Group::uniform(&mut burst, origin).map(parts);
            prop_assert_eq!(&uniform, &split);
            prop_assert_eq!(uniform.is_some(), len > 0);
        }
        for origin in [Origin::Unmatched { uplink }, Origin::Virtual(to)] {
            prop_assert_eq!(Group::uniform(&mut burst, origin).is_some(), len == 1);
        }
    }
}
