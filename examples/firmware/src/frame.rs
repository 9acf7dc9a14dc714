//! What the frames of the host say, and the answers to them.
//!
//! | bytes | |
//! |---|---|
//! | 0..6, 6..12 | destination, source |
//! | 12..14 | 88b5: for local experiments |
//! | 14..18 | the frame's number |
//! | 18 | 0: to be answered; 1: an order to go on; in the answer to an order, 2: done, 3: this machine can't |
//! | 19 | in an answer, the pool that received the frame |
//! | 20.. | anything, which an answer repeats |

use vmdq::MacAddress;
use vmdq::ring::{Frame, TooLong};

/// IEEE Std 802 - Local Experimental Ethertype 1.
const ETHER_TYPE: [u8; 2] = [0x88, 0xb5];
/// The bytes up to the first that may be anything.
const HEAD: usize = 20;
/// The shortest frame, without FCS.
const SHORTEST: usize = 60;

const QUESTION: u8 = 0;
const ORDER: u8 = 1;
const DONE: u8 = 2;
const CANNOT: u8 = 3;

/// An order to go on: whose it is, and its number.
#[derive(Clone, Copy)]
pub struct Order {
    from: [u8; 6],
    number: [u8; 4],
}

/// What a received frame is.
pub enum Received {
    /// A question, which was turned into its answer.
    Answered,
    /// An order.
    Order(Order),
    /// Something else.
    Other,
}

/// Turns a question into the answer of the pool at an address.
pub fn answer(frame: &mut Frame, own: MacAddress, pool: usize) -> Received {
    let Some(head) = frame.bytes_mut().first_chunk_mut::<HEAD>() else { return Received::Other };
    let from = [head[6], head[7], head[8], head[9], head[10], head[11]];
    let number = [head[14], head[15], head[16], head[17]];
    match head[18] {
        _ if [head[12], head[13]] != ETHER_TYPE => Received::Other,
        QUESTION => {
            head[..6].copy_from_slice(&from);
            head[6..12].copy_from_slice(&own.0);
            head[19] = pool as u8;
            Received::Answered
        }
        ORDER => Received::Order(Order { from, number }),
        _ => Received::Other,
    }
}

impl Order {
    /// Writes the answer to the order.
    pub fn answer(self, frame: &mut Frame, own: MacAddress, could: bool) -> Result<(), TooLong> {
        let mut bytes = [0; SHORTEST];
        bytes[..6].copy_from_slice(&self.from);
        bytes[6..12].copy_from_slice(&own.0);
        bytes[12..14].copy_from_slice(&ETHER_TYPE);
        bytes[14..18].copy_from_slice(&self.number);
        bytes[18] = if could { DONE } else { CANNOT };
        frame.fill(&bytes)
    }
}
