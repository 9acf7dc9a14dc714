//! A frame's 802.1Q tag, in its bytes and beside them.

use super::Frame;
use vmdq_core::tag::{self, TagError, Taggable};

impl Frame {
    /// Inserts a tag with this control information (priority, DEI and VLAN id) into the bytes.
    /// Afterwards [`tag`](Self::tag) is `None`, because the tag is in the bytes.
    ///
    /// Software does it, and all bytes behind the addresses move: see [`tag`](vmdq_core::tag).
    ///
    /// # Errors
    ///
    /// [`TagError`] if the frame has no two addresses, or the buffer no room; nothing is changed then.
    pub fn insert_tag(&mut self, control: u16) -> Result<(), TagError> {
        let len = self.len();
        // What lies behind the frame is the buffer's, too.
        self.set_len(len + tag::LEN).map_err(|_| TagError::NoRoom)?;
        let inserted = tag::insert(self.bytes_mut(), len, control);
        if inserted.is_ok() {
            self.set_tag(None);
        } else {
            self.shorten(len);
        }
        inserted.map(drop)
    }

    /// Removes the tag from the bytes, if there is one, and returns its control information. Afterwards
    /// [`tag`](Self::tag) has it, as if the controller had removed it.
    ///
    /// A second tag behind it becomes the tag in the bytes; what was removed before is forgotten.
    pub fn remove_tag(&mut self) -> Option<u16> {
        let control = tag::remove(self.bytes_mut())?;
        self.shorten(self.len() - tag::LEN);
        self.set_tag(Some(control));
        Some(control)
    }

    fn shorten(&mut self, len: usize) {
        let fits = self.set_len(len);
        debug_assert!(fits.is_ok(), "a shorter frame fits where the longer one was");
    }
}

impl Taggable for Frame {
    fn bytes_mut(&mut self) -> &mut [u8] {
        Self::bytes_mut(self)
    }

    fn insert_tag(&mut self, control: u16) -> Result<(), TagError> {
        Self::insert_tag(self, control)
    }

    fn cut_tag(&mut self) -> Result<(), TagError> {
        let [.., high, low] =
            *self.bytes().first_chunk::<{ tag::AT + tag::LEN }>().ok_or(TagError::TooShort)?;
        tag::cut(self.bytes_mut());
        self.shorten(self.len() - tag::LEN);
        self.set_tag(Some(u16::from_be_bytes([high, low])));
        Ok(())
    }
}
