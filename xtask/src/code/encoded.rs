//! Memory barriers, found in emitted code by their encodings.

use std::ops::AddAssign;

use object::Architecture;

/// How many of each there are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Barriers {
    pub(super) publish: u32,
    pub(super) observe: u32,
}

impl AddAssign for Barriers {
    fn add_assign(&mut self, other: Self) {
        self.publish += other.publish;
        self.observe += other.observe;
    }
}

/// Encodings of `dma::publish` and `dma::observe`, and how instructions are aligned, in bytes.
fn encodings(architecture: Architecture) -> Option<(u32, u32, usize)> {
    match architecture {
        // dmb oshst, dmb oshld
        Architecture::Aarch64 => Some((0xd503_32bf, 0xd503_31bf, 4)),
        // fence w, o; fence r, r
        Architecture::Riscv64 => Some((0x0140_000f, 0x0220_000f, 2)),
        // dmb sy
        Architecture::Arm => Some((0x8f5f_f3bf, 0x8f5f_f3bf, 2)),
        _ => None,
    }
}

impl Barriers {
    /// Counts them in code; there are none where the architecture has no instructions of their own.
    pub(super) fn count(architecture: Architecture, code: &[u8]) -> Self {
        let mut found = Self::default();
        let Some((publish, observe, alignment)) = encodings(architecture) else { return found };
        for word in code.windows(4).step_by(alignment).filter_map(|bytes| bytes.try_into().ok()) {
            let word = u32::from_le_bytes(word);
            found.publish += u32::from(word == publish);
            found.observe += u32::from(word == observe);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn barriers_are_found_where_instructions_begin() {
        let arm =
            [0x1f, 0x20, 0x03, 0xd5, 0xbf, 0x32, 0x03, 0xd5, 0xbf, 0x31, 0x03, 0xd5, 0xbf, 0x32, 0x03, 0xd5];
        let found = Barriers { publish: 2, observe: 1 };
        assert_eq!(Barriers::count(Architecture::Aarch64, &arm), found);
        // The same bytes between two instructions are none.
        assert_eq!(Barriers::count(Architecture::Aarch64, &arm[2..]), Barriers::default());
        // A compressed instruction of two bytes, then `fence w, o` and `fence r, r`.
        let riscv = [0x01, 0x00, 0x0f, 0x00, 0x40, 0x01, 0x0f, 0x00, 0x20, 0x02];
        let found = Barriers { publish: 1, observe: 1 };
        assert_eq!(Barriers::count(Architecture::Riscv64, &riscv), found);
        // One instruction for both.
        let thumb = [0x00, 0xbf, 0xbf, 0xf3, 0x5f, 0x8f];
        assert_eq!(Barriers::count(Architecture::Arm, &thumb), found);
        assert_eq!(Barriers::count(Architecture::X86_64, &arm), Barriers::default());
    }
}
