//! Applies a tag action to the bytes of a frame.
#![forbid(unsafe_code)]

use super::vlan::TagAction;
use crate::tag::{self, AT, LEN, TagError, Taggable};

impl TagAction {
    /// Applies the action to the frame in the first `len` bytes of a buffer; returns the new length.
    ///
    /// Inserting and removing move all bytes behind the addresses. A frame to which a
    /// tag was added is 4 bytes longer than the guest or the wire made it: buffers and frame limits
    /// need that room. One that lost its tag may need padding.
    ///
    /// # Errors
    ///
    /// [`TagError`] if the frame is too short for it, or the buffer; nothing is changed then.
    pub fn apply(self, buffer: &mut [u8], len: usize) -> Result<usize, TagError> {
        let Some(frame) = buffer.get_mut(..len) else { return Err(TagError::NoRoom) };
        match self {
            Self::Keep => Ok(len),
            Self::Insert(control) => tag::insert(buffer, len, control),
            Self::Remove if len < AT + LEN => Err(TagError::TooShort),
            Self::Remove => {
                tag::cut(frame);
                Ok(len - LEN)
            }
            Self::Replace(control) => replace(frame, control).map(|()| len),
        }
    }

    /// Copies a frame and applies the action; returns how many bytes of `into` are the copy.
    ///
    /// It is for all but the last destination of a flooded frame. No byte moves twice.
    ///
    /// # Errors
    ///
    /// [`TagError`] if the frame is too short for it, or `into`; that is unchanged then.
    pub fn copy(self, frame: &[u8], into: &mut [u8]) -> Result<usize, TagError> {
        let (before, tag, behind) = self.parts(frame)?;
        let tag = tag.as_ref().map_or(&[][..], |tag| tag);
        let into = into.get_mut(..before.len() + tag.len() + behind.len()).ok_or(TagError::NoRoom)?;
        let (to_before, to_others) = into.split_at_mut(before.len());
        let (to_tag, to_behind) = to_others.split_at_mut(tag.len());
        to_before.copy_from_slice(before);
        to_tag.copy_from_slice(tag);
        to_behind.copy_from_slice(behind);
        Ok(into.len())
    }

    /// Returns the parts of the frame after the action: bytes before the tag, tag if any, bytes behind it.
    ///
    /// It is for copies into memory that is not a slice, such as a virtual machine's.
    ///
    /// # Errors
    ///
    /// [`TagError::TooShort`] if the frame is too short for it.
    pub fn parts(self, frame: &[u8]) -> Result<(&[u8], Option<[u8; LEN]>, &[u8]), TagError> {
        if let Self::Keep = self {
            return Ok((frame, None, &[]));
        }
        let (addresses, rest) = frame.split_at_checked(AT).ok_or(TagError::TooShort)?;
        if let Self::Insert(control) = self {
            return Ok((addresses, Some(tag::bytes(control)), rest));
        }
        let (old, rest) = rest.split_first_chunk::<LEN>().ok_or(TagError::TooShort)?;
        let Self::Replace(control) = self else { return Ok((addresses, None, rest)) };
        let mut tag = *old;
        replace_control(&mut tag, control);
        Ok((addresses, Some(tag), rest))
    }

    /// Applies the action to a frame in a buffer of its own.
    ///
    /// # Errors
    ///
    /// [`TagError`] if the frame is too short for it, or the buffer; nothing is changed then.
    pub fn apply_to<F: Taggable>(self, frame: &mut F) -> Result<(), TagError> {
        match self {
            Self::Keep => Ok(()),
            Self::Insert(control) => frame.insert_tag(control),
            Self::Remove => frame.cut_tag(),
            Self::Replace(control) => replace(frame.bytes_mut(), control),
        }
    }
}

/// Overwrites the control information of a frame's tag and keeps its type.
fn replace(frame: &mut [u8], control: u16) -> Result<(), TagError> {
    let tag = frame.get_mut(AT..).and_then(<[u8]>::first_chunk_mut).ok_or(TagError::TooShort)?;
    replace_control(tag, control);
    Ok(())
}

fn replace_control(tag: &mut [u8; LEN], control: u16) {
    let [_, _, high, low] = tag;
    [*high, *low] = control.to_be_bytes();
}
