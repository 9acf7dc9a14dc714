//! A station on the wire with a TCP/IP stack: pings the firmware, and has a message echoed.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::{self, ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::socket::{icmp, tcp};
use smoltcp::time::Instant as StackInstant;
use smoltcp::wire::{EthernetAddress, Icmpv4Packet, Icmpv4Repr, IpAddress, IpCidr};

/// The firmware's address and service; they stand in `examples/firmware/src/tcp_echo`, too.
const FIRMWARE: IpAddress = IpAddress::v4(10, 0, 0, 1);
const PORT: u16 = 7;
const OWN: (IpAddress, u8) = (IpAddress::v4(10, 0, 0, 200), 24);
const OWN_PORT: u16 = 49_152;
/// Of the requests that are repeated until the firmware listens, and of those that count.
const IDENTS: [u16; 2] = [0x22a, 0x22b];
/// How long nothing may move.
const PATIENCE: Duration = Duration::from_secs(20);
/// After how long a first request is repeated: nobody listens before the link is up.
const AGAIN: Duration = Duration::from_millis(100);
/// How long the wire is listened to at once.
const LISTEN: Duration = Duration::from_millis(1);
/// The longest frame, and the shortest on a wire, without FCS.
const LONGEST: usize = 1514;
const SHORTEST: usize = 60;

/// What came of it.
#[derive(Debug)]
pub(super) struct Played {
    /// How many requests were answered as they were sent.
    pub(super) answered: u16,
    /// How many bytes came back as they were sent.
    pub(super) echoed: usize,
    /// How long the echo took.
    pub(super) echo: Duration,
    /// What ended it early.
    pub(super) fault: Option<String>,
}

impl Played {
    /// Returns what ended it early, to be appended.
    pub(super) fn why(&self) -> String {
        self.fault.as_ref().map(|fault| format!(": {fault}")).unwrap_or_default()
    }
}

/// The station.
pub(super) struct Station {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    tcp: SocketHandle,
    /// One for each of [`IDENTS`]: late answers to the first don't get in the way of the second.
    icmp: [SocketHandle; 2],
    start: Instant,
    deadline: Instant,
}

impl Station {
    /// Makes a station with its end of the wire, for use until a deadline.
    pub(super) fn new(wire: UnixDatagram, deadline: Instant) -> Self {
        let mut wire = Wire { wire, heard: None };
        let config = Config::new(EthernetAddress([0x02, 0, 0, 0, 0xaa, 1]).into());
        let mut interface = Interface::new(config, &mut wire, StackInstant::ZERO);
        interface.update_ip_addrs(|all| {
            let (address, prefix) = OWN;
            // The list is empty.
            let _ = all.push(IpCidr::new(address, prefix));
        });
        // One station for each run of the firmware: its memory is not given back.
        let bytes = |count| vec![0_u8; count].leak();
        let storage = Box::leak(Box::new([SocketStorage::EMPTY; 3]));
        let mut sockets = SocketSet::new(&mut storage[..]);
        let tcp = sockets.add(tcp::Socket::new(
            tcp::SocketBuffer::new(bytes(1 << 15)),
            tcp::SocketBuffer::new(bytes(1 << 15)),
        ));
        let packets = || {
            let metadata = Box::leak(Box::new([icmp::PacketMetadata::EMPTY; 4]));
            icmp::PacketBuffer::new(&mut metadata[..], bytes(4096))
        };
        let icmp = IDENTS.map(|ident| {
            let mut socket = icmp::Socket::new(packets(), packets());
            // It is not bound yet.
            let _ = socket.bind(icmp::Endpoint::Ident(ident));
            sockets.add(socket)
        });
        Self { wire, interface, sockets, tcp, icmp, start: Instant::now(), deadline }
    }

    /// Sends `pings` requests, then has `bytes` bytes echoed, and closes the connection.
    pub(super) fn play(mut self, bytes: usize, pings: u16) -> Played {
        let mut played = Played { answered: 0, echoed: 0, echo: Duration::ZERO, fault: None };
        let result = self.greet().and_then(|()| self.ping(pings, &mut played.answered)).and_then(|()| {
            let start = Instant::now();
            let echoed = self.echo(bytes, &mut played.echoed);
            played.echo = start.elapsed();
            echoed
        });
        played.fault = result.err();
        played
    }

    /// Lets frames move once; fails if all must be over, or nothing has moved since `last`.
    fn poll(&mut self, last: Instant) -> Result<(), String> {
        let now = StackInstant::from_micros(self.start.elapsed().as_micros() as i64);
        if let PollResult::None = self.interface.poll(now, &mut self.wire, &mut self.sockets) {
            self.wire.listen();
        }
        if Instant::now() > self.deadline {
            return Err("time is up".into());
        }
        if last.elapsed() > PATIENCE {
            return Err(format!("nothing has moved for {} s", PATIENCE.as_secs()));
        }
        Ok(())
    }

    /// Sends a request, again and again, until one is answered.
    fn greet(&mut self) -> Result<(), String> {
        let start = Instant::now();
        let mut sent = None;
        while !self.answered(0, 0)? {
            if sent.is_none_or(|sent: Instant| sent.elapsed() > AGAIN) {
                self.request(0, 0)?;
                sent = Some(Instant::now());
            }
            self.poll(start)?;
        }
        Ok(())
    }

    /// Sends requests, one after the other, and none twice.
    fn ping(&mut self, count: u16, answered: &mut u16) -> Result<(), String> {
        while *answered < count {
            let start = Instant::now();
            self.request(1, *answered)?;
            while !self.answered(1, *answered)? {
                self.poll(start)?;
            }
            *answered += 1;
        }
        Ok(())
    }

    /// Gives a request to one of the sockets, unless that is full.
    fn request(&mut self, socket: usize, number: u16) -> Result<(), String> {
        let ident = IDENTS[socket];
        let socket = self.sockets.get_mut::<icmp::Socket<'_>>(self.icmp[socket]);
        if socket.can_send() {
            let payload = payload(number);
            let request = Icmpv4Repr::EchoRequest { ident, seq_no: number, data: &payload };
            let buffer = socket.send(request.buffer_len(), FIRMWARE).map_err(|error| error.to_string())?;
            request.emit(&mut Icmpv4Packet::new_unchecked(buffer), &ChecksumCapabilities::default());
        }
        Ok(())
    }

    /// Tells whether a request was answered as it was sent.
    fn answered(&mut self, socket: usize, number: u16) -> Result<bool, String> {
        let socket = self.sockets.get_mut::<icmp::Socket<'_>>(self.icmp[socket]);
        while let Ok((bytes, from)) = socket.recv() {
            let packet = Icmpv4Packet::new_checked(bytes).map_err(|error| error.to_string())?;
            let reply = Icmpv4Repr::parse(&packet, &ChecksumCapabilities::default());
            if let Icmpv4Repr::EchoReply { seq_no, data, .. } = reply.map_err(|error| error.to_string())?
                && (from, seq_no) == (FIRMWARE, number)
                && data == payload(seq_no)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn echo(&mut self, length: usize, echoed: &mut usize) -> Result<(), String> {
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(self.tcp);
        let context = self.interface.context();
        socket.connect(context, (FIRMWARE, PORT), OWN_PORT).map_err(|error| error.to_string())?;
        let (mut last, mut sent) = (Instant::now(), 0);
        loop {
            self.poll(last)?;
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(self.tcp);
            if !socket.is_open() || (*echoed == length && !socket.may_recv()) {
                let whole = *echoed == length;
                // The last acknowledgement is under way.
                return self.poll(last).and(if whole {
                    Ok(())
                } else {
                    Err("the connection broke off".into())
                });
            }
            while socket.can_send() && sent < length {
                let first = sent;
                let fill = |room: &mut [u8]| {
                    let count = room.len().min(length - first);
                    room[..count].iter_mut().zip(first..).for_each(|(place, at)| *place = byte(at));
                    (count, count)
                };
                sent += socket.send(fill).map_err(|error| error.to_string())?;
            }
            while socket.can_recv() {
                let first = *echoed;
                let check = |bytes: &mut [u8]| {
                    let wrong = bytes.iter().zip(first..).position(|(got, at)| *got != byte(at));
                    (bytes.len(), (bytes.len(), wrong))
                };
                let (count, wrong) = socket.recv(check).map_err(|error| error.to_string())?;
                if let Some(at) = wrong {
                    return Err(format!("byte {} is wrong", first + at));
                }
                *echoed += count;
                last = Instant::now();
            }
            if *echoed == length && socket.may_send() {
                socket.close();
            }
        }
    }
}

/// Returns a byte of the message; repeats after a prime number of bytes.
const fn byte(at: usize) -> u8 {
    ((at % 65_521 * 31) >> 3) as u8
}

/// Returns the payload of a request: each is longer than the one before.
fn payload(number: u16) -> Vec<u8> {
    (0..8 + number * 9).map(|at| (at ^ number) as u8).collect()
}

/// This side's end of the wire: one datagram is one frame.
struct Wire {
    wire: UnixDatagram,
    heard: Option<Vec<u8>>,
}

impl Wire {
    /// Waits a moment for a frame.
    fn listen(&mut self) {
        // A wire that is broken is quiet: patience ends then.
        let _ = self.wire.set_read_timeout(Some(LISTEN));
        self.heard = self.heard.take().or_else(|| self.read());
    }

    /// Takes a frame that is there.
    fn take(&mut self) -> Option<Vec<u8>> {
        self.heard.take().or_else(|| {
            // Only for this: a frame that is sent waits until there is room for it.
            self.wire.set_nonblocking(true).ok()?;
            let read = self.read();
            self.wire.set_nonblocking(false).ok()?;
            read
        })
    }

    fn read(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; LONGEST + 4];
        let length = self.wire.recv(&mut bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }
}

impl Device for Wire {
    type RxToken<'w> = Received;
    type TxToken<'w> = ToSend<'w>;

    fn receive(&mut self, _: StackInstant) -> Option<(Received, ToSend<'_>)> {
        Some((Received(self.take()?), ToSend(&self.wire)))
    }

    fn transmit(&mut self, _: StackInstant) -> Option<ToSend<'_>> {
        Some(ToSend(&self.wire))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut all = DeviceCapabilities::default();
        (all.medium, all.max_transmission_unit) = (Medium::Ethernet, LONGEST);
        all
    }
}

struct Received(Vec<u8>);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

struct ToSend<'w>(&'w UnixDatagram);

impl phy::TxToken for ToSend<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut frame = vec![0; len];
        let result = write(&mut frame);
        frame.resize(len.max(SHORTEST), 0);
        // A full wire blocks until QEMU reads; one that is broken is quiet.
        let _ = self.0.set_write_timeout(Some(PATIENCE));
        if let Err(error) = self.0.send(&frame)
            && error.kind() == ErrorKind::Interrupted
        {
            let _ = self.0.send(&frame);
        }
        result
    }
}
