//! What a virtual machine has received: counts, and digests by which two runs are compared.

/// FNV-1a, 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fnv(u64);

impl Fnv {
    const START: Self = Self(0xcbf2_9ce4_8422_2325);
    const PRIME: u64 = 0x0100_0000_01b3;

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }
}

/// Received frames, as they were on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Account {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    own: Fnv,
    flooded: Fnv,
}

impl Account {
    pub(crate) const EMPTY: Self = Self { frames: 0, bytes: 0, own: Fnv::START, flooded: Fnv::START };

    /// Enters a frame. Those to the machine's own address are one sequence, those for many another:
    /// they come from different queues, so that their order relative to each other is not guaranteed.
    pub(crate) fn add(&mut self, frame: &[u8], flooded: bool) {
        self.frames += 1;
        self.bytes += frame.len() as u64;
        let digest = if flooded { &mut self.flooded } else { &mut self.own };
        digest.add(&(frame.len() as u32).to_le_bytes());
        digest.add(frame);
    }

    /// Returns both digests, own frames first.
    pub(crate) fn digest(&self) -> String {
        format!("{:016x}:{:016x}", self.own.0, self.flooded.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_fnv_1a_as_published() {
        for (text, hash) in [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c)] {
            let mut digest = Fnv::START;
            digest.add(text.as_bytes());
            assert_eq!(digest.0, hash);
        }
        let mut digest = Fnv::START;
        digest.add(b"foobar");
        assert_eq!(digest.0, 0x8594_4171_f739_67e8);
    }

    #[test]
    fn frames_are_apart_and_in_order() {
        let digest = |frames: &[(&[u8], bool)]| {
            let mut account = Account::EMPTY;
            frames.iter().for_each(|(frame, flooded)| account.add(frame, *flooded));
            account.digest()
        };
        assert_eq!(digest(&[]), "cbf29ce484222325:cbf29ce484222325");
        assert_ne!(digest(&[(b"ab", false), (b"c", false)]), digest(&[(b"a", false), (b"bc", false)]));
        assert_ne!(digest(&[(b"a", false), (b"b", false)]), digest(&[(b"b", false), (b"a", false)]));
        assert_eq!(digest(&[(b"a", false), (b"b", true)]), digest(&[(b"b", true), (b"a", false)]));
    }
}
