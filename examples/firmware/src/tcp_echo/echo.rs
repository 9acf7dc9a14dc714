//! The stack of the machine, and its service: what comes over TCP goes back.

use smoltcp::iface::{Config, Interface, PollIngressSingleResult, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
use static_cell::ConstStaticCell;

use crate::net::{ADDRESS, DESCRIPTORS, Device};
use crate::report::{Stop, because};

/// The port of the echo service.
const PORT: u16 = 7;
/// The machine's IP address and the length of its network's prefix.
const NETWORK: (IpAddress, u8) = (IpAddress::v4(10, 0, 0, 1), 24);
/// Bytes of each TCP buffer.
const WINDOW: usize = 1 << 15;
/// Bytes that move from one buffer to the other at once.
const PART: usize = 512;

/// The memory of the stack.
struct Memory {
    receive: [u8; WINDOW],
    send: [u8; WINDOW],
    sockets: [SocketStorage<'static>; 1],
}

static MEMORY: ConstStaticCell<Memory> =
    ConstStaticCell::new(Memory { receive: [0; WINDOW], send: [0; WINDOW], sockets: [SocketStorage::EMPTY] });

/// The stack and its service.
pub struct Echo {
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
    /// Whether there was a connection.
    connected: bool,
    echoed: usize,
}

impl Echo {
    /// Makes the stack on a device, and listens.
    #[inline(never)]
    pub fn new(device: &mut Device) -> Result<Self, Stop> {
        let Memory { receive, send, sockets } =
            MEMORY.try_take().ok_or(Stop("the memory was taken before"))?;
        let config = Config::new(EthernetAddress(ADDRESS.0).into());
        let mut interface = Interface::new(config, device, Instant::ZERO);
        let (address, prefix) = NETWORK;
        let mut room = true;
        interface.update_ip_addrs(|all| room = all.push(IpCidr::new(address, prefix)).is_ok());
        if !room {
            return Err(Stop("the stack takes no address"));
        }
        let mut listening =
            tcp::Socket::new(tcp::SocketBuffer::new(&mut receive[..]), tcp::SocketBuffer::new(&mut send[..]));
        listening.listen(PORT).map_err(because("the service can't listen"))?;
        let mut sockets = SocketSet::new(&mut sockets[..]);
        let socket = sockets.add(listening);
        Ok(Self { interface, sockets, socket, connected: false, echoed: 0 })
    }

    /// Lets the stack and the service do what there is to do, for a ring's length of frames at most.
    pub fn poll(&mut self, micros: u64, device: &mut Device) -> Result<(), Stop> {
        let now = Instant::from_micros(micros as i64);
        // Not `Interface::poll`, which does not return while frames arrive faster than it processes them.
        for _ in 0..DESCRIPTORS {
            if self.interface.poll_ingress_single(now, device, &mut self.sockets)
                == PollIngressSingleResult::None
            {
                break;
            }
        }
        self.interface.poll_egress(now, device, &mut self.sockets);
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(self.socket);
        self.connected |= socket.is_active();
        let mut part = [0; PART];
        while socket.can_recv() && socket.can_send() {
            let room = socket.send_capacity() - socket.send_queue();
            let count = socket.recv_slice(&mut part[..room.min(PART)]);
            let count = count.map_err(because("the service can't receive"))?;
            let sent = socket.send_slice(&part[..count]).map_err(because("the service can't send"))?;
            self.echoed += sent;
        }
        if self.connected && !socket.may_recv() && socket.may_send() {
            socket.close();
        }
        Ok(())
    }

    /// Tells whether a connection was opened and closed.
    pub fn is_over(&self) -> bool {
        self.connected && !self.sockets.get::<tcp::Socket<'_>>(self.socket).is_open()
    }

    /// Returns how many bytes went back.
    pub const fn echoed(&self) -> usize {
        self.echoed
    }
}
