//! What a hostile machine can try, as a list.

/// One thing to try.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Attack {
    /// None: a buffer as it should be, so that there is something to attack with.
    Behave,
    /// The number of a buffer that is posted, for another one.
    NumberTwice,
    /// The same buffer under another number.
    BufferTwice,
    /// A range that begins inside another buffer.
    Overlap,
    /// A buffer at an odd address.
    Misaligned,
    /// Another machine's memory, or memory of no machine.
    Foreign,
    /// A range of which only the beginning is the machine's.
    Straddle,
    /// A length that no buffer has: 0, 1, a few bytes, nearly all that can be said.
    Length,
    /// Words that are no request.
    Garbage,
    /// Memory that the machine gives back to the hypervisor while it is shared.
    GiveUpMemory,
    /// A frame under another machine's name.
    Spoof,
    /// A frame that is none: too short, too long, a source that can't be, tags that can't be.
    Malform,
    /// A frame in another machine's memory.
    SendForeign,
    /// A word of the channel, whosever it is.
    Scribble,
    /// Nothing for a while: neither buffers nor frames.
    Starve,
    /// A count that can't be, which breaks one direction of the channel for good.
    BreakReceive,
    /// The same for the other direction.
    BreakTransmit,
}

impl Attack {
    /// Chooses the next attack. Every other one is none, as without buffers nothing arrives that
    /// could be attacked. What can't be undone is rarer, and what ends a channel is rarest.
    pub(super) fn choose(random: &mut fastrand::Rng) -> Self {
        const COMMON: [Attack; 13] = [
            Attack::NumberTwice,
            Attack::BufferTwice,
            Attack::Overlap,
            Attack::Misaligned,
            Attack::Foreign,
            Attack::Straddle,
            Attack::Length,
            Attack::Garbage,
            Attack::Spoof,
            Attack::Malform,
            Attack::SendForeign,
            Attack::Scribble,
            Attack::Starve,
        ];
        match random.u32(..40_000) {
            0 => Self::BreakReceive,
            1 => Self::BreakTransmit,
            2..100 => Self::GiveUpMemory,
            100..20_000 => Self::Behave,
            _ => COMMON[random.usize(..COMMON.len())],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_attack_is_tried_and_none_is_most() {
        let mut random = fastrand::Rng::with_seed(1);
        let chosen: Vec<_> = (0..400_000).map(|_| Attack::choose(&mut random)).collect();
        assert_eq!(chosen.iter().copied().collect::<HashSet<_>>().len(), 17);
        let count = |attack| chosen.iter().filter(|other| **other == attack).count();
        assert!(count(Attack::Behave) > 150_000 && count(Attack::BreakReceive) < 100);
    }
}
