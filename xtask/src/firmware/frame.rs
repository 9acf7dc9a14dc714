//! The frames of the wire: questions and orders for the firmware, and its answers. Their layout stands in
//! `examples/firmware/src/frame.rs`; the numbers here are this side's own.

/// An Ethernet address.
pub(super) type Address = [u8; 6];

pub(super) const BROADCAST: Address = [0xff; 6];
/// This side's.
pub(super) const HOST: Address = [0x02, 0, 0, 0, 0xaa, 1];
/// Nobody's.
pub(super) const STRANGER: Address = [0x02, 0, 0, 0, 0xbb, 1];
/// The shortest and the longest frame, without FCS.
pub(super) const LENGTHS: [usize; 2] = [60, 1514];

/// The address of a virtual machine, by the number of its pool.
pub(super) const fn machine(pool: u8) -> Address {
    [0x02, 0, 0, 0, 0, pool]
}

const QUESTION: u8 = 0;
const ORDER: u8 = 1;
const DONE: u8 = 2;
const CANNOT: u8 = 3;

/// Writes a question of some length.
pub(super) fn question(to: Address, number: u32, length: usize) -> Vec<u8> {
    frame(to, number, QUESTION, length)
}

/// Writes an order, which goes to the default queue.
pub(super) fn order(number: u32) -> Vec<u8> {
    frame(BROADCAST, number, ORDER, LENGTHS[0])
}

fn frame(to: Address, number: u32, kind: u8, length: usize) -> Vec<u8> {
    let mut bytes = [&to[..], &HOST, &[0x88, 0xb5], &number.to_be_bytes(), &[kind, 0xee]].concat();
    bytes.extend(
        (0..).map(|i: u32| (i.wrapping_mul(31) ^ number) as u8).take(length.saturating_sub(bytes.len())),
    );
    bytes
}

/// What the firmware sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// A pool answers a question; `rest` is what follows its number.
    Question { number: u32, from: Address, pool: u8, rest: Vec<u8> },
    /// The answer to an order: whether it was followed.
    Order { number: u32, followed: bool },
}

/// Reads an answer; anything else is none.
pub(super) fn answer(bytes: &[u8]) -> Option<Answer> {
    let (head, rest) = bytes.split_first_chunk::<20>()?;
    let [to @ .., f0, f1, f2, f3, f4, f5, t0, t1, n0, n1, n2, n3, kind, pool] = *head;
    if to != HOST || [t0, t1] != [0x88, 0xb5] {
        return None;
    }
    let (from, number) = ([f0, f1, f2, f3, f4, f5], u32::from_be_bytes([n0, n1, n2, n3]));
    match kind {
        QUESTION => Some(Answer::Question { number, from, pool, rest: rest.to_owned() }),
        DONE | CANNOT => Some(Answer::Order { number, followed: kind == DONE }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_question_that_was_turned_around() {
        let mut bytes = question(machine(2), 7, 100);
        assert_eq!((bytes.len(), answer(&bytes)), (100, None));
        let rest = bytes[20..].to_owned();
        bytes[..6].copy_from_slice(&HOST);
        bytes[6..12].copy_from_slice(&machine(2));
        bytes[19] = 2;
        assert_eq!(answer(&bytes), Some(Answer::Question { number: 7, from: machine(2), pool: 2, rest }));
        bytes[18] = CANNOT;
        assert_eq!(answer(&bytes), Some(Answer::Order { number: 7, followed: false }));
        bytes[13] = 0;
        assert_eq!(answer(&bytes), None);
        assert_eq!(answer(&bytes[..19]), None);
    }

    #[test]
    fn frames_differ_in_what_they_carry() {
        assert_ne!(question(machine(1), 1, 60)[20..], question(machine(1), 2, 60)[20..]);
        assert_eq!(order(1).len(), LENGTHS[0]);
    }
}
