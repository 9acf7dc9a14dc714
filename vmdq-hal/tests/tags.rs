//! Tags put in and taken out by software: of plain bytes, of frames, and as a switch asks for it.

use proptest::prelude::*;
use vmdq_core::switch::TagAction;
use vmdq_core::tag::{self, TagError};
use vmdq_hal::dma::Identity;
use vmdq_hal::ring::{BufferPool, BufferSize, BufferSlot, Frame, FrameFlags};

/// A frame without a tag that is different in each byte.
fn plain(len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
    if let Some(kind) = bytes.get_mut(12..14) {
        kind.copy_from_slice(&[0x08, 0x00]);
    }
    bytes
}

/// The same with a tag of a type.
fn tagged(mut bytes: Vec<u8>, kind: u16, control: u16) -> Vec<u8> {
    let tag = [kind.to_be_bytes(), control.to_be_bytes()].concat();
    bytes.splice(12..12, tag);
    bytes
}

fn pool() -> BufferPool {
    let size = BufferSize::kib(1).expect("a size");
    let slots: &'static mut [BufferSlot] = Box::leak(Box::new_uninit_slice(1));
    // SAFETY: no device reaches this memory.
    let dma = unsafe { Identity::new() };
    let (pool, _memory) = BufferPool::carve(vec![0xee_u8; 1088].leak(), size, slots, dma).expect("a pool");
    assert_eq!(pool.len(), 1);
    pool
}

fn frame(bytes: &[u8]) -> Frame {
    let mut frame = pool().take().expect("a buffer");
    frame.fill(bytes).expect("room");
    frame
}

/// Does an action in all three ways, sees that they agree, and gives what comes out.
fn done(action: TagAction, bytes: &[u8], room: usize) -> Result<Vec<u8>, TagError> {
    let mut buffer = bytes.to_vec();
    buffer.resize(bytes.len() + room, 0xee);
    let before = buffer.clone();
    let in_place = action.apply(&mut buffer, bytes.len());
    if in_place.is_err() {
        assert_eq!(buffer, before, "a refused frame is as it was");
    }

    let mut into = vec![0xdd; bytes.len() + room];
    let copied = action.copy(bytes, &mut into);
    assert_eq!(copied, in_place);
    match in_place {
        Ok(len) => {
            assert_eq!(into[..len], buffer[..len]);
            assert!(into[len..].iter().all(|&byte| byte == 0xdd), "bytes behind the copy were written");
            Ok(into[..len].to_vec())
        }
        Err(error) => {
            assert!(into.iter().all(|&byte| byte == 0xdd), "a refused copy was begun");
            Err(error)
        }
    }
}

#[test]
fn other_types_are_no_tags() {
    for kind in [0x88a8, 0x0800, 0x0081, 0x9100] {
        let mut bytes = tagged(plain(60), kind, 5);
        let before = bytes.clone();
        assert_eq!((tag::control(&bytes), tag::remove(&mut bytes)), (None, None), "{kind:#x}");
        assert_eq!(bytes, before);
        assert_eq!(frame(&bytes).remove_tag(), None);
    }
}

#[test]
fn what_is_cut_off_is_refused_whole() {
    for len in 0..16 {
        let bytes = &tagged(plain(60), 0x8100, 5)[..len];
        assert_eq!(tag::control(bytes), None);
        assert_eq!(done(TagAction::Keep, bytes, 0).as_deref(), Ok(bytes));
        for action in [TagAction::Remove, TagAction::Replace(1)] {
            assert_eq!(done(action, bytes, 4), Err(TagError::TooShort), "{len}");
            let mut frame = frame(bytes);
            assert_eq!(action.apply_to(&mut frame), Err(TagError::TooShort), "{len}");
            assert_eq!((frame.bytes(), frame.tag()), (bytes, None));
        }
        let mut frame = frame(bytes);
        let inserted = TagAction::Insert(1).apply_to(&mut frame);
        assert_eq!(inserted.is_ok(), len >= 12);
        assert_eq!(done(TagAction::Insert(1), bytes, 4).is_ok(), len >= 12);
        assert_eq!(frame.len(), if len >= 12 { len + 4 } else { len });
    }
}

#[test]
fn a_full_buffer_is_refused() {
    let bytes = plain(1024);
    let mut full = frame(&bytes);
    assert_eq!(full.insert_tag(5), Err(TagError::NoRoom));
    assert_eq!((full.bytes(), full.tag()), (&bytes[..], None));
    assert!(frame(&bytes[..1020]).insert_tag(5).is_ok());
    assert!(frame(&bytes[..1021]).insert_tag(5).is_err());

    for room in 0..4 {
        assert_eq!(done(TagAction::Insert(5), &bytes, room), Err(TagError::NoRoom));
    }
    for len in [61, usize::MAX - 3, usize::MAX] {
        assert_eq!(tag::insert(&mut [0; 60], len, 5), Err(TagError::NoRoom));
        assert_eq!(TagAction::Keep.apply(&mut [0; 60], len), Err(TagError::NoRoom));
    }
}

#[test]
fn a_frame_knows_where_its_tag_is() {
    let bytes = tagged(plain(60), 0x8100, 0x6005);
    let mut frame = frame(&bytes);
    assert_eq!((frame.remove_tag(), frame.tag()), (Some(0x6005), Some(0x6005)));
    assert_eq!((frame.bytes(), frame.flags()), (&plain(60)[..], FrameFlags::TAG_REMOVED));
    assert_eq!((frame.remove_tag(), frame.tag()), (None, Some(0x6005)), "there is no other");

    // The tag that was removed goes in as another, and none is beside the bytes any more.
    frame.insert_tag(0xffff).expect("room");
    assert_eq!((frame.tag(), frame.flags()), (None, FrameFlags::empty()));
    assert_eq!(frame.bytes(), tagged(plain(60), 0x8100, 0xffff));
    frame.insert_tag(0).expect("room");
    assert_eq!(frame.remove_tag(), Some(0));
    assert_eq!((frame.remove_tag(), frame.tag()), (Some(0xffff), Some(0xffff)));
    assert_eq!(frame.bytes(), plain(60));
}

#[test]
fn a_switch_may_mean_service_tags() {
    let bytes = tagged(plain(60), 0x88a8, 0x0007);
    assert_eq!(done(TagAction::Remove, &bytes, 0), Ok(plain(60)));
    assert_eq!(done(TagAction::Replace(0x2009), &bytes, 0), Ok(tagged(plain(60), 0x88a8, 0x2009)));
    let mut frame = frame(&bytes);
    assert_eq!(TagAction::Replace(0x2009).apply_to(&mut frame), Ok(()));
    assert_eq!(TagAction::Remove.apply_to(&mut frame), Ok(()));
    assert_eq!((frame.bytes(), frame.tag()), (&plain(60)[..], Some(0x2009)));
}

fn action() -> impl Strategy<Value = TagAction> {
    prop_oneof![
        Just(TagAction::Keep),
        Just(TagAction::Remove),
        any::<u16>().prop_map(TagAction::Insert),
        any::<u16>().prop_map(TagAction::Replace),
    ]
}

proptest! {
    /// In place, by a copy and in a frame, the same comes out, and it is what the action says.
    #[test]
    fn all_ways_agree(action in action(), old in any::<u16>(), bytes in prop::collection::vec(any::<u8>(), 12..200)) {
        let before = tagged(bytes.clone(), 0x8100, old);
        let expected = match action {
            TagAction::Keep => before.clone(),
            TagAction::Remove => bytes,
            TagAction::Insert(control) => tagged(before.clone(), 0x8100, control),
            TagAction::Replace(control) => tagged(bytes, 0x8100, control),
        };
        prop_assert_eq!(done(action, &before, 4), Ok(expected.clone()));
        let mut frame = frame(&before);
        prop_assert_eq!(action.apply_to(&mut frame), Ok(()));
        prop_assert_eq!(frame.bytes(), &expected[..]);
    }

    #[test]
    fn what_goes_in_comes_out(control in any::<u16>(), mut bytes in prop::collection::vec(any::<u8>(), 12..200)) {
        let (before, len) = (bytes.clone(), bytes.len());
        bytes.resize(len + 4, 0);
        prop_assert_eq!(tag::insert(&mut bytes, len, control), Ok(len + 4));
        prop_assert_eq!(tag::control(&bytes), Some(control));
        prop_assert_eq!(tag::remove(&mut bytes), Some(control));
        prop_assert_eq!(&bytes[..len], &before[..]);
    }
}
