//! Choice of the addresses that get a filter in hardware, when there are more addresses than filters (paper
//! section 2.3.7).
//!
//! A controller has few filters. Frames for an address without one arrive in the default queue, and
//! the switch finds their interface by its table: delivery is the same, but each such frame costs a
//! decision. So the busiest addresses should have the filters, and the least active ones share the
//! default queue. [`Steering`] decides which, by a [`Policy`] that can be replaced, and says what to do
//! as [`Step`]s; the caller does it with `FilterTable::bind` and
//! `unbind` of `vmdq-hal`.
//!
//! The hardware sorts by address alone. An address that two interfaces have (in different VLANs) therefore
//! never gets a filter: it would bring one the other's frames. The steering does not know learned addresses
//! (see [`Security`](super::Security)): bind the addresses of machines that share addresses over VLANs.
//!
//! # Moving a filter
//!
//! Frames for an address may still wait in the queue to which it was sorted before. To keep them in order and
//! deliver them to their machine, do each step as follows (`tests/steering` does):
//!
//! 1. [`Step::Install`]: bind it to the queue that the interface has, else to a free one; then deliver
//!    what the default queue has before anything from that queue. [`Step::Remove`]: unbind it, and then
//!    deliver what the interface's queue has before anything from the default queue; if no filter names
//!    that queue any more, it is free.
//! 2. The device acts at no precise time: a frame that was sorted already can reach memory later, and is then
//!    out of order. To deliver it to its machine anyway, treat a queue's frames as
//!    [unmatched](super::Origin::Unmatched) from when the queue is free until shortly after the next
//!    interface has it.
//! 3. If an interface goes, do the steps before the switch unbinds it: afterwards its frames are dropped.
//!
//! # Examples
//!
//! ```
//! use vmdq_core::MacAddress;
//! use vmdq_core::switch::steer::{MostActive, Steering, Step};
//! # use vmdq_core::switch::{Switch, Virtual};
//! # let mut switch = Switch::<4, 64>::new(1);
//! # let red = switch.bind_virtual(&Virtual::default())?;
//! # let blue = switch.bind_virtual(&Virtual::default())?;
//! let (a, b) = (MacAddress([2, 0, 0, 0, 0, 1]), MacAddress([2, 0, 0, 0, 0, 2]));
//!
//! // One filter, two virtual machines.
//! let mut steering = Steering::<_, 8>::new(1, MostActive::default());
//! steering.add(red, a)?;
//! steering.add(blue, b)?;
//! assert_eq!(steering.step(), Some(Step::Install(red, a)));
//! assert_eq!(steering.step(), None);
//!
//! // Once in a while: what each has got from the wire so far. Blue is the busier one.
//! steering.period(|_, _| 0);
//! steering.period(|interface, _| if interface == red { 10 } else { 1_000 });
//! while let Some(step) = steering.step() {
//!     match step {
//!         Step::Remove(interface, address) => assert_eq!((interface, address), (red, a)), // table.unbind
//!         Step::Install(interface, address) => assert_eq!((interface, address), (blue, b)), // table.bind
//!     }
//! }
//! # assert!(steering.has_filter(blue, b) && !steering.has_filter(red, a));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

use core::fmt;

use super::interface::InterfaceId;
use crate::mac::MacAddress;

/// Decides which addresses deserve a filter.
pub trait Policy {
    /// Returns the activity after a period, from the one before and the frames that came in the period.
    fn activity(&self, before: u64, frames: u64) -> u64;

    /// Tells whether an address with activity `candidate` should take the filter of one with
    /// activity `holder`.
    ///
    /// Return true only if the gain is worth two register writes and the frames that are missorted in between.
    /// If it returns true both ways round, a period ends after as many exchanges as there are filters.
    fn takes_over(&self, candidate: u64, holder: u64) -> bool;
}

/// The default policy: the highest recent activity, with hysteresis.
///
/// Activity is frames for each period, of which half is forgotten in every period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MostActive {
    /// By how many percent a candidate must be busier.
    pub percent: u32,
    /// By how many frames a period it must be busier in addition.
    pub frames: u64,
}

impl Default for MostActive {
    /// A quarter more, and at least 16 frames a period.
    fn default() -> Self {
        Self { percent: 25, frames: 16 }
    }
}

impl Policy for MostActive {
    fn activity(&self, before: u64, frames: u64) -> u64 {
        // The mean with the past, as a fixed point with 8 bits so that small rates don't vanish.
        before / 2 + frames.min(u64::MAX >> 9) * 128
    }

    fn takes_over(&self, candidate: u64, holder: u64) -> bool {
        let least = u128::from(holder) * u128::from(100 + u64::from(self.percent)) / 100;
        u128::from(candidate) > least + u128::from(self.frames) * 256
    }
}

/// The next change of the filters, which the caller makes.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step {
    /// Removes the filter of an address.
    Remove(InterfaceId, MacAddress),
    /// Installs a filter from an address to the queue of an interface. A filter is free.
    Install(InterfaceId, MacAddress),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Without a filter.
    Shares,
    /// With a filter.
    Filtered,
    /// The hardware refused the filter: the address shares the default queue permanently.
    Refused,
    /// It was removed while it had a filter, which must still be removed.
    Leaving,
}

#[derive(Clone, Copy)]
struct Pair {
    interface: InterfaceId,
    address: MacAddress,
    state: State,
    activity: u64,
    /// Frames at the end of the last period, if there was one.
    counted: Option<u64>,
    /// Another interface has the same address.
    doubled: bool,
}

/// Steers filters to the addresses that deserve them. At most `PAIRS` addresses.
///
/// `add` and `step` look at all pairs, `period` at each once; none of it is for the path of frames.
pub struct Steering<P, const PAIRS: usize> {
    pairs: heapless::Vec<Pair, PAIRS>,
    filters: usize,
    policy: P,
    /// Exchanges that this period may still see.
    exchanges: usize,
}

impl<P: Policy, const PAIRS: usize> Steering<P, PAIRS> {
    /// Makes steering for a number of filters.
    ///
    /// With a queue for each interface, there are no more filters than queues besides the default one.
    #[must_use]
    pub const fn new(filters: usize, policy: P) -> Self {
        Self { pairs: heapless::Vec::new(), filters, policy, exchanges: filters }
    }

    /// Adds an address of an interface. Then do the [`step`](Self::step)s.
    ///
    /// # Errors
    ///
    /// [`SteeringError`] if there is no place, or if it is there already.
    pub fn add(&mut self, interface: InterfaceId, address: MacAddress) -> Result<(), SteeringError> {
        if let Some(pair) = self.find(interface, address) {
            if pair.state != State::Leaving {
                return Err(SteeringError::Known);
            }
            pair.state = State::Filtered;
        } else {
            let pair =
                Pair { interface, address, state: State::Shares, activity: 0, counted: None, doubled: false };
            if self.pairs.push(pair).is_err() {
                // Another interface's filter for it would bring the wrong one its frames.
                let same = self.pairs.iter_mut().filter(|pair| pair.address == address);
                same.for_each(|pair| pair.doubled = true);
                return Err(SteeringError::Full);
            }
        }
        self.mark_doubled(address);
        Ok(())
    }

    /// Removes an address of an interface; tells whether it was there. Then do the
    /// [`step`](Self::step)s.
    pub fn remove(&mut self, interface: InterfaceId, address: MacAddress) -> bool {
        let is_it = |pair: &Pair| {
            pair.interface == interface && pair.address == address && pair.state != State::Leaving
        };
        let Some(at) = self.pairs.iter().position(is_it) else { return false };
        if self.pairs[at].state == State::Filtered {
            self.pairs[at].state = State::Leaving;
        } else {
            self.pairs.swap_remove(at);
        }
        self.mark_doubled(address);
        true
    }

    /// Removes every address of an interface. Then do the [`step`](Self::step)s.
    pub fn remove_interface(&mut self, interface: InterfaceId) {
        let is_it = |pair: &&Pair| pair.interface == interface && pair.state != State::Leaving;
        while let Some(address) = self.pairs.iter().find(is_it).map(|pair| pair.address) {
            self.remove(interface, address);
        }
    }

    /// Ends a period. `frames` tells how many frames came from the wire for an address so far, such
    /// as [`InterfaceCounters::from_wire`](super::InterfaceCounters::from_wire): addresses of one
    /// interface then count as active as all of them together. The first count of an address is
    /// where its activity begins. Then do the [`step`](Self::step)s.
    pub fn period(&mut self, mut frames: impl FnMut(InterfaceId, MacAddress) -> u64) {
        for pair in &mut self.pairs {
            let counted = frames(pair.interface, pair.address);
            // A counter that went back began anew.
            let new = match pair.counted {
                Some(before) => counted.checked_sub(before).unwrap_or(counted),
                None => 0,
            };
            pair.counted = Some(counted);
            pair.activity = self.policy.activity(pair.activity, new);
        }
        self.exchanges = self.filters;
    }

    /// Returns the next step, and assumes that it is done at once; `None` if there is none.
    ///
    /// Never more filters are installed than there are, and the steps after a change end: a period
    /// sees at most as many exchanges as there are filters.
    pub fn step(&mut self) -> Option<Step> {
        if let Some(at) = self
            .pairs
            .iter()
            .position(|pair| pair.state == State::Leaving || pair.state == State::Filtered && pair.doubled)
        {
            let pair = self.pairs[at];
            if pair.state == State::Leaving {
                self.pairs.swap_remove(at);
            } else {
                self.pairs[at].state = State::Shares;
            }
            return Some(Step::Remove(pair.interface, pair.address));
        }
        let candidate = self.places(|pair| pair.state == State::Shares && !pair.doubled);
        // The busiest; of equals the one that was added first.
        let candidate = candidate.rev().max_by_key(|at| self.pairs[*at].activity)?;
        if self.installed() < self.filters {
            let pair = &mut self.pairs[candidate];
            pair.state = State::Filtered;
            return Some(Step::Install(pair.interface, pair.address));
        }
        let holder = self.places(|pair| pair.state == State::Filtered);
        let holder = holder.min_by_key(|at| self.pairs[*at].activity)?;
        let [candidate, holder_activity] = [candidate, holder].map(|at| self.pairs[at].activity);
        if self.exchanges == 0 || !self.policy.takes_over(candidate, holder_activity) {
            return None;
        }
        self.exchanges -= 1;
        let pair = &mut self.pairs[holder];
        pair.state = State::Shares;
        Some(Step::Remove(pair.interface, pair.address))
    }

    /// Reports that the hardware refused a filter, for example because the address is the port's own.
    ///
    /// The address shares the default queue until it is removed and added again. The filter goes to another
    /// address.
    pub fn refuse(&mut self, interface: InterfaceId, address: MacAddress) {
        if let Some(pair) = self.find(interface, address) {
            match pair.state {
                State::Filtered => pair.state = State::Refused,
                State::Leaving => {
                    self.pairs.retain(|pair| pair.interface != interface || pair.address != address);
                }
                State::Shares | State::Refused => {}
            }
        }
    }

    /// Tells whether an address has a filter, all steps done.
    #[must_use]
    pub fn has_filter(&self, interface: InterfaceId, address: MacAddress) -> bool {
        self.pairs.iter().any(|pair| {
            pair.state == State::Filtered && pair.interface == interface && pair.address == address
        })
    }

    /// Returns how many filters are installed.
    #[must_use]
    pub fn installed(&self) -> usize {
        self.places(|pair| matches!(pair.state, State::Filtered | State::Leaving)).count()
    }

    fn places(&self, wanted: impl Fn(&Pair) -> bool) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.pairs.len()).filter(move |at| wanted(&self.pairs[*at]))
    }

    fn find(&mut self, interface: InterfaceId, address: MacAddress) -> Option<&mut Pair> {
        self.pairs.iter_mut().find(|pair| pair.interface == interface && pair.address == address)
    }

    fn mark_doubled(&mut self, address: MacAddress) {
        let same = |pair: &&Pair| pair.address == address && pair.state != State::Leaving;
        let doubled = self.pairs.iter().filter(same).count() > 1;
        for pair in self.pairs.iter_mut().filter(|pair| pair.address == address) {
            pair.doubled = doubled;
        }
    }
}

impl<P: fmt::Debug, const PAIRS: usize> fmt::Debug for Steering<P, PAIRS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filtered = self.pairs.iter().filter(|pair| pair.state == State::Filtered);
        f.debug_struct("Steering")
            .field("pairs", &self.pairs.len())
            .field("filtered", &filtered.count())
            .field("filters", &self.filters)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Why an address was not added.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SteeringError {
    /// There is no room: do nothing, the address shares the default queue, which is correct.
    Full,
    /// The interface has the address already: nothing to do.
    Known,
}

impl fmt::Display for SteeringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "there is no room: do nothing, the address shares the default queue",
            Self::Known => "the interface has the address already: nothing to do",
        })
    }
}
impl core::error::Error for SteeringError {}
