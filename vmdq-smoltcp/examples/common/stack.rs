//! A station's TCP/IP stack: one interface with a TCP and an ICMP socket.

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::Device;
use smoltcp::socket::{icmp, tcp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
use vmdq_hal::MacAddress;
use vmdq_smoltcp::smoltcp;

/// Bytes of each TCP buffer.
const BUFFER: usize = 1 << 16;

/// Returns the Ethernet address of a station.
pub const fn mac(station: u8) -> MacAddress {
    MacAddress([0x02, 0, 0, 0, 0, station])
}

/// Returns the IP address of a station.
pub const fn address(station: u8) -> IpAddress {
    IpAddress::v4(10, 0, 0, station)
}

/// A stack with its sockets.
pub struct Stack {
    pub interface: Interface,
    pub sockets: SocketSet<'static>,
    pub tcp: SocketHandle,
    pub icmp: SocketHandle,
}

impl Stack {
    /// Makes the stack of a station on a device.
    pub fn new(station: u8, device: &mut impl Device) -> Self {
        let mut config = Config::new(EthernetAddress(mac(station).0).into());
        config.random_seed = u64::from(station);
        let mut interface = Interface::new(config, device, Instant::ZERO);
        interface.update_ip_addrs(|all| {
            all.push(IpCidr::new(address(station), 24)).expect("room for an address");
        });
        let storage: &'static mut [SocketStorage<'static>] =
            Box::leak(Box::new([SocketStorage::EMPTY, SocketStorage::EMPTY]));
        let mut sockets = SocketSet::new(storage);
        let tcp = sockets.add(tcp::Socket::new(
            tcp::SocketBuffer::new(bytes(BUFFER)),
            tcp::SocketBuffer::new(bytes(BUFFER)),
        ));
        let packets = || {
            let metadata: &'static mut [_] = Box::leak(Box::new([icmp::PacketMetadata::EMPTY; 4]));
            icmp::PacketBuffer::new(metadata, bytes(4 * 1024))
        };
        let icmp = sockets.add(icmp::Socket::new(packets(), packets()));
        Self { interface, sockets, tcp, icmp }
    }

    /// Lets the stack receive and send.
    pub fn poll(&mut self, now: Instant, device: &mut impl Device) {
        self.interface.poll(now, device, &mut self.sockets);
    }

    /// Returns the TCP socket, with what it needs to connect.
    pub fn tcp(&mut self) -> (&mut tcp::Socket<'static>, &mut Interface) {
        (self.sockets.get_mut(self.tcp), &mut self.interface)
    }

    /// Returns the ICMP socket.
    pub fn icmp(&mut self) -> &mut icmp::Socket<'static> {
        self.sockets.get_mut(self.icmp)
    }
}

fn bytes(count: usize) -> &'static mut [u8] {
    vec![0; count].leak()
}
