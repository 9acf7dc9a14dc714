//! ICMP echo requests, of which each wants its answer.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::icmp::Endpoint;
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, IpAddress};
use vmdq_smoltcp::smoltcp;

use super::Stack;

const IDENT: u16 = 0x22b;

/// Sends echo requests, one after the other, with payloads of growing length.
pub struct Pinger {
    to: IpAddress,
    count: u16,
    next: u16,
    /// How many were answered, with the payload that was sent.
    pub answered: u16,
}

impl Pinger {
    /// Makes a pinger that sends `count` requests.
    pub const fn new(to: IpAddress, count: u16) -> Self {
        Self { to, count, next: 0, answered: 0 }
    }

    /// Tells whether every request was answered.
    pub const fn is_done(&self) -> bool {
        self.answered == self.count
    }

    fn payload(number: u16) -> Vec<u8> {
        (0..8 + number * 9).map(|at| (at ^ number) as u8).collect()
    }

    /// Takes an answer, and sends the next request; to be called after each poll of the stack.
    pub fn work(&mut self, stack: &mut Stack) {
        let socket = stack.icmp();
        if !socket.is_open() {
            socket.bind(Endpoint::Ident(IDENT)).expect("the socket is free");
        }
        let checksums = ChecksumCapabilities::default();
        while let Ok((bytes, from)) = socket.recv() {
            let packet = Icmpv4Packet::new_checked(bytes).expect("a packet");
            if let Ok(Icmpv4Repr::EchoReply { seq_no, data, .. }) = Icmpv4Repr::parse(&packet, &checksums) {
                let right = from == self.to && seq_no == self.answered && data == Self::payload(seq_no);
                self.answered += u16::from(right);
            }
        }
        if self.next == self.answered && self.next < self.count && socket.can_send() {
            let payload = Self::payload(self.next);
            let request = Icmpv4Repr::EchoRequest { ident: IDENT, seq_no: self.next, data: &payload };
            let buffer = socket.send(request.buffer_len(), self.to).expect("it can send");
            request.emit(&mut Icmpv4Packet::new_unchecked(buffer), &checksums);
            self.next += 1;
        }
    }
}
