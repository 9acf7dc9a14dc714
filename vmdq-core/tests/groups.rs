//! Groups of received frames, beside the definition: equal neighbours.

use proptest::prelude::*;
use vmdq_core::group::{Described, Group, Groups, Indication};

/// A frame of which only the descriptor is there: grouping can't look at bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Received {
    tag: Option<u16>,
    error: bool,
    number: usize,
}

impl Described for Received {
    fn tag(&self) -> Option<u16> {
        self.tag
    }

    fn has_error(&self) -> bool {
        self.error
    }
}

fn any_burst() -> impl Strategy<Value = Vec<Received>> {
    let kind = (proptest::option::of(0..3_u16), proptest::bool::weighted(0.1), 1..9_usize);
    proptest::collection::vec(kind, 0..12).prop_map(|runs| {
        let frames = runs.into_iter().flat_map(|(tag, error, len)| std::iter::repeat_n((tag, error), len));
        frames.enumerate().map(|(number, (tag, error))| Received { tag, error, number }).collect()
    })
}

proptest! {
    #[test]
    fn matched_frames_are_split_where_tag_or_error_changes(mut burst in any_burst()) {
        let expected: Vec<Vec<Received>> = burst
            .chunk_by(|a, b| (a.tag, a.error) == (b.tag, b.error))
            .map(<[_]>::to_vec)
            .collect();
        let groups: Vec<Vec<Received>> = Groups::new(&mut burst, Indication::Matched(3))
            .map(|group| {
                let Group { indication, tag, error, frames, .. } = group;
                assert_eq!(indication, Indication::Matched(3));
                assert!(frames.iter().all(|frame| (frame.tag, frame.error) == (tag, error)));
                frames.to_vec()
            })
            .collect();
        prop_assert_eq!(groups, expected);
    }

    #[test]
    fn frames_of_the_default_queue_come_one_by_one(mut burst in any_burst()) {
        let before = burst.clone();
        let alone: Vec<Received> = Groups::new(&mut burst, Indication::Default)
            .map(|group| {
                assert_eq!(group.indication, Indication::Default);
                let [frame] = group.frames else { panic!("{} frames", group.frames.len()) };
                assert_eq!((frame.tag, frame.error), (group.tag, group.error));
                *frame
            })
            .collect();
        prop_assert_eq!(alone, before);
    }

    #[test]
    fn a_run_that_is_known_to_be_one_is_the_group_that_splitting_finds(
        tag: Option<u16>, error: bool, len in 0..70_usize,
    ) {
        let mut burst: Vec<Received> = (0..len).map(|number| Received { tag, error, number }).collect();
        let split = Groups::new(&mut burst, Indication::Matched(1))
            .next()
            .map(|group| (group.indication, group.tag, group.error, group.frames.to_vec()));
        let uniform = Group::uniform(&mut burst, Indication::Matched(1))
            .map(|group| (group.indication, group.tag, group.error, group.frames.to_vec()));
        prop_assert_eq!(&uniform, &split);
        prop_assert_eq!(uniform.is_some(), len > 0);
        prop_assert_eq!(Group::uniform(&mut burst, Indication::Default).is_some(), len == 1);
    }
}
