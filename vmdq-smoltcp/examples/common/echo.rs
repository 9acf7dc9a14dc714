//! TCP echo: a server that sends back what it gets, and a client that checks every byte.

use smoltcp::wire::IpAddress;
use vmdq_smoltcp::smoltcp;

use super::Stack;

/// The port of the echo service.
pub const PORT: u16 = 7;
const CLIENT_PORT: u16 = 49152;

/// Returns a byte of the client's message, by its number; repeats after a prime number of bytes, so that no
/// frame is like another at its place.
const fn byte(number: usize) -> u8 {
    ((number % 65521 * 31) >> 3) as u8
}

/// Sends back what it gets.
pub struct Server;

impl Server {
    /// Does what can be done; to be called after each poll of the stack.
    pub fn work(stack: &mut Stack) {
        let (socket, _) = stack.tcp();
        if !socket.is_open() {
            socket.listen(PORT).expect("the socket is closed");
        }
        while socket.can_recv() && socket.can_send() {
            let moved = socket.recv(|bytes| {
                let bytes: Vec<u8> = bytes.to_vec();
                (0, bytes)
            });
            let moved = socket.send_slice(&moved.expect("it can receive")).expect("it can send");
            socket.recv(|_| (moved, ())).expect("it can receive");
        }
        if !socket.may_recv() && socket.may_send() {
            socket.close();
        }
    }
}

/// Sends a message of many bytes, and checks what comes back.
pub struct Client {
    server: IpAddress,
    length: usize,
    sent: usize,
    /// How many bytes came back.
    pub echoed: usize,
    /// How many of them were wrong.
    pub wrong: usize,
}

impl Client {
    /// Makes a client for a server and a message of `length` bytes.
    pub const fn new(server: IpAddress, length: usize) -> Self {
        Self { server, length, sent: 0, echoed: 0, wrong: 0 }
    }

    /// Tells whether everything came back as it was, and the connection is closed.
    pub fn is_done(&self, stack: &mut Stack) -> bool {
        self.echoed == self.length && self.wrong == 0 && !stack.tcp().0.is_active()
    }

    /// Does what can be done; to be called after each poll of the stack.
    pub fn work(&mut self, stack: &mut Stack) {
        let (socket, interface) = stack.tcp();
        if !socket.is_open() && self.sent == 0 {
            socket.connect(interface.context(), (self.server, PORT), CLIENT_PORT).expect("it can connect");
        }
        while socket.can_send() && self.sent < self.length {
            let first = self.sent;
            self.sent += socket
                .send(|room| {
                    let count = room.len().min(self.length - first);
                    room[..count].iter_mut().zip(first..).for_each(|(place, number)| *place = byte(number));
                    (count, count)
                })
                .expect("it can send");
        }
        while socket.can_recv() {
            let first = self.echoed;
            let (count, wrong) = socket
                .recv(|bytes| {
                    let wrong = bytes.iter().zip(first..).filter(|(got, number)| **got != byte(*number));
                    (bytes.len(), (bytes.len(), wrong.count()))
                })
                .expect("it can receive");
            (self.echoed, self.wrong) = (first + count, self.wrong + wrong);
        }
        if self.echoed == self.length && socket.may_send() {
            socket.close();
        }
    }
}
