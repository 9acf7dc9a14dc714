//! The I/O channel between a virtual driver and its virtual interface (paper sections 2.3.5 and
//! 3.6.1).
//!
//! The virtual driver is the front-end, in the virtual machine; the virtual interface is the
//! back-end, in the I/O container. A channel has two directions: for receive the guest posts empty
//! buffers and gets them back full, for transmit it posts full ones and gets them back sent.
//!
//! | | front-end, for a guest's driver | back-end, for the I/O container |
//! |---|---|---|
//! | one direction | [`FrontEnd`] | [`BackEnd`] |
//! | both | [`VirtualDriver`] | [`VirtualInterface`] |
//!
//! # Examples
//!
//! One direction, both halves in one program. The memory between them is words that the platform
//! shares; frames stay in the guest's memory, and the channel carries their addresses.
//!
//! ```
//! use core::sync::atomic::AtomicU32;
//! use vmdq_core::channel::{BackEnd, GuestBuffer, FrontEnd, Status, words};
//! use vmdq_core::guest::GuestRange;
//!
//! let memory = [const { AtomicU32::new(0) }; words(4)];
//! let mut back_end = BackEnd::new(&memory, 4)?; // lays the rings out
//! let mut front_end = FrontEnd::<4>::new(&memory)?; // finds them
//!
//! // The guest posts an empty buffer, its number 2.
//! front_end.post(GuestBuffer { id: 2, range: GuestRange { at: 0x8000, len: 2048 } })?;
//! assert!(front_end.needs_notify());
//!
//! // The I/O container takes it, has 60 bytes written there, and gives it back with a VLAN tag.
//! let posted = back_end.next().unwrap()?;
//! assert_eq!(posted.range().at, 0x8000);
//! back_end.complete(posted, 60, Some(5)).map_err(|(why, _)| why)?;
//! assert!(back_end.needs_notify());
//! assert!(back_end.may_sleep()?); // nothing came meanwhile; the next buffer brings a notification
//!
//! // The guest gets it back.
//! let done = front_end.take_done()?.unwrap();
//! assert_eq!((done.buffer.id, done.length, done.tag, done.status), (2, 60, Some(5), Status::Done));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! One direction is [`words(N)`](words) words of 32 bits in the processor's byte order, for N
//! entries, a power of two up to [`MOST_ENTRIES`]. It should begin on a cache line (64 bytes): each
//! side then writes lines of its own.
//!
//! | word | written by | what |
//! |---|---|---|
//! | 0 | back-end, last | [`VERSION`] |
//! | 1 | back-end | N |
//! | 16 | front-end | requests produced: buffers posted |
//! | 17 | front-end | response event: notify me when this response is produced |
//! | 32 | back-end | responses produced: buffers done |
//! | 33 | back-end | request event: notify me when this request is produced |
//! | 48 + 4 i | front-end | request i, 4 words |
//! | 48 + 4 N + 4 i | back-end | response i, 4 words |
//!
//! All other words below 48 are 0 and not read. Counts run freely (modulo 2^32); the place of entry
//! number k is k modulo N. Each ring has one producer and one consumer, and its consumer's count
//! stays private: a front-end has at most N buffers posted and not taken back, so both rings have room.
//!
//! | word of an entry | bits | request | response |
//! |---|---|---|---|
//! | 0, 1 | all | address of the buffer, low and high half | the same; another if exchanged |
//! | 2 | 0 to 23 | bytes of the buffer; for transmit, of the frame | bytes of the frame |
//! | | 24 | the tag is there | the tag is there |
//! | | 25 | the buffer may be exchanged | 0 |
//! | | 26 to 27 | 0 | status: 0 done, 1 refused, 2 dropped |
//! | | 28 to 31 | 0 | 0 |
//! | 3 | 0 to 15 | the buffer's number (id), below N | the same |
//! | | 16 to 31 | VLAN tag (TCI) | VLAN tag (TCI) |
//!
//! A frame is in one buffer, never in several. Responses may come in another order than requests. An
//! exchanged buffer has the length of the one that it replaces.
//!
//! # Notification
//!
//! The consumer that goes to sleep writes the number of the entry that it waits for to its event
//! word, then checks once more. The producer has produced the entries from `notified` up to `index` since
//! its last check, and notifies if the event is among them. This is virtio's `used_event` and Xen's
//! `req_event`; [`FrontEnd::needs_notify`] and [`FrontEnd::may_sleep`] do it. Each side writes
//! one word and then reads the other's, so each needs a sequentially consistent fence between the
//! two: without it both could read what was there before, and the consumer would sleep with an
//! entry in its ring.
//!
//! # Trust
//!
//! The guest is not trusted. The back-end copies each entry once, word by word, and decides on the
//! copy; it keeps its own counts and never reads back what it wrote. A malformed entry costs the guest that
//! buffer ([`Unfit::Malformed`]). An impossible count costs it the channel ([`Corrupt`]) until
//! [`BackEnd::restart`]. Nothing that it writes costs more than one entry of work a call, or touches another
//! virtual machine. A guest that uses one id for two posted buffers confuses only itself.
//!
//! The front-end takes back only buffers that it posted, and no frame that is longer than its
//! buffer; for what the buffers contain, and for which ones it is given in exchange, it trusts the I/O
//! container, which can write all of its memory anyway.
#![forbid(unsafe_code)]

mod back_end;
mod driver;
mod entry;
mod front_end;
mod half;
mod interface;
mod layout;
#[cfg(all(test, loom))]
mod loom;
mod sync;

pub use back_end::{BackEnd, BackEndCounters, Corrupt, Posted, RespondError, Unfit};
pub use driver::VirtualDriver;
pub use entry::{GuestBuffer, Status};
pub use front_end::{Done, FrontEnd, PostError, ResponseError};
pub use interface::{ChannelCounters, Sent, TakeError, Undelivered, VirtualInterface};
pub use layout::{LayoutError, MOST_ENTRIES, VERSION, words};
