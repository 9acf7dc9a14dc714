//! What the host does on the wire, and what has to come back.
//!
//! The firmware tells a story of chapters (`run` in `examples/firmware/src/main.rs`), each of which ends with an
//! order. An order goes in the middle of a burst of frames for all machines, so that what the firmware does then
//! is done while frames arrive.

use super::frame::{BROADCAST, LENGTHS, STRANGER, machine};
use super::player::{DEFAULT, Player};
use super::row::Outcome;
use super::wire::Wire;

/// Virtual machines, by the numbers of their pools.
const MACHINES: [u8; 3] = [1, 2, 3];
/// Frames for each machine in a burst; a ring takes 63.
const BURST: usize = 8;

/// The checks of a run, in the order of the chapters.
pub(super) const CHECKS: [&str; 12] = [
    "frames_to_each_machine",
    "broadcast_to_the_default_queue",
    "strangers_reach_no_machine",
    "strangers_dropped",
    "strangers_when_promiscuous",
    "filter_moved",
    "filter_unbound",
    "filter_bound",
    "interrupts",
    "queue_restarted",
    "reset_and_restored",
    "strangers_after_reset",
];

/// What came of the chapters.
pub(super) struct Played {
    /// The outcomes of [`CHECKS`].
    pub(super) outcomes: Vec<Outcome>,
    /// Whether the last order was given: the firmware ends by itself then.
    pub(super) to_the_end: bool,
}

/// Plays all chapters. After one that can't be finished, the others fail.
pub(super) fn play<W: Wire>(player: &mut Player<W>, interrupts: bool) -> Played {
    let mut outcomes = Vec::new();
    let played = chapters(player, interrupts, &mut outcomes);
    let to_the_end = played.is_ok();
    outcomes.extend(played.err().map(Outcome::Failed));
    outcomes.resize(CHECKS.len(), Outcome::Failed("not reached".into()));
    Played { outcomes, to_the_end }
}

fn chapters<W: Wire>(
    player: &mut Player<W>,
    interrupts: bool,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), String> {
    player.connect()?;

    outcomes.push(Outcome::of(burst(player)?.all_at_home()));

    let asked = [player.ask(BROADCAST, LENGTHS[0])?, player.ask(BROADCAST, LENGTHS[1])?];
    player.settle()?;
    outcomes.push(Outcome::of(player.take_fault().and(only(&answers(player, &asked), DEFAULT))));

    let strangers = ask_strangers(player)?;
    outcomes.push(Outcome::of(no_machine(&strangers)));
    let dropped = dropped(&strangers);
    outcomes.push(dropped.clone());

    follow(player)?;
    outcomes.push(promiscuous(&ask_strangers(player)?, &dropped));

    for change in [
        Change { home: 1, from: 1, to: 2 },
        Change { home: 1, from: 2, to: DEFAULT },
        Change { home: 1, from: DEFAULT, to: 1 },
    ] {
        let (during, followed) = burst_around_order(player)?;
        let after = burst(player)?;
        outcomes.push(Outcome::of(if followed { change.check(&during, &after) } else { refused() }));
    }

    let (during, followed) = burst_around_order(player)?;
    let after = burst(player)?;
    outcomes.push(match (followed, interrupts) {
        (true, true) => Outcome::of(during.all_at_home().and(after.all_at_home())),
        (false, false) => Outcome::NotApplicable(
            "the firmware polls here: it drives no interrupt controller of this machine that takes MSI-X messages".into(),
        ),
        (true, false) => Outcome::Failed("the firmware says that it takes interrupts here".into()),
        (false, true) => Outcome::Failed("the firmware takes no interrupts".into()),
    });

    let (during, followed) = burst_around_order(player)?;
    let after = burst(player)?;
    let restarted = during.others_at_home(3).and(during.of(3).within(&[3, DEFAULT])).and(after.all_at_home());
    outcomes.push(Outcome::of(if followed { restarted } else { refused() }));

    // Not around a burst: what is in the rings when the controller is quiesced is lost.
    let followed = follow(player)?;
    let after = burst(player)?;
    outcomes.push(Outcome::of(if followed { after.all_at_home() } else { refused() }));
    let strangers = ask_strangers(player)?;
    outcomes.push(if followed { promiscuous(&strangers, &dropped) } else { Outcome::of(refused()) });

    follow(player).map(drop)
}

fn refused() -> Result<(), String> {
    Err("the firmware did not follow the order".into())
}

/// A filter that leads a machine's frames from one pool to another.
struct Change {
    home: u8,
    from: u8,
    to: u8,
}

impl Change {
    /// No frame is lost or doubled, the old pool gets those before and the new one those after.
    fn check(&self, during: &Burst, after: &Burst) -> Result<(), String> {
        during.others_at_home(self.home).and(after.others_at_home(self.home))?;
        let pools = during.of(self.home);
        pools.within(&[self.from, self.to])?;
        if !pools.0.is_sorted_by_key(|pool| *pool == Some(self.to)) {
            return Err(format!("frames went back to pool {}: {:?}", self.from, pools.0));
        }
        after.of(self.home).within(&[self.to])
    }
}

/// Frames for each machine, and the pools that answered them.
struct Burst {
    pools: Vec<(u8, Vec<Option<u8>>)>,
    fault: Result<(), String>,
}

/// Pools that answered frames for one machine, in the order in which these were sent.
struct Pools(Vec<Option<u8>>);

impl Burst {
    fn of(&self, machine: u8) -> Pools {
        Pools(
            self.pools.iter().filter(|(of, _)| *of == machine).flat_map(|(_, pools)| pools.clone()).collect(),
        )
    }

    fn all_at_home(&self) -> Result<(), String> {
        self.fault.clone()?;
        MACHINES.iter().try_for_each(|&machine| self.of(machine).within(&[machine]))
    }

    fn others_at_home(&self, but: u8) -> Result<(), String> {
        self.fault.clone()?;
        MACHINES
            .iter()
            .filter(|&&machine| machine != but)
            .try_for_each(|&machine| self.of(machine).within(&[machine]))
    }
}

impl Pools {
    fn within(&self, allowed: &[u8]) -> Result<(), String> {
        all_within(&self.0, allowed)
    }
}

fn all_within(pools: &[Option<u8>], allowed: &[u8]) -> Result<(), String> {
    match pools.iter().find(|pool| pool.is_none_or(|pool| !allowed.contains(&pool))) {
        None if pools.is_empty() => Err("nothing was asked".into()),
        None => Ok(()),
        Some(None) => Err(format!("a frame for pool {allowed:?} was lost")),
        Some(Some(pool)) => Err(format!("a frame for pool {allowed:?} went to pool {pool}")),
    }
}

fn only(pools: &[Option<u8>], pool: u8) -> Result<(), String> {
    all_within(pools, &[pool])
}

/// Sends frames to all machines in turn, with an order in the middle; returns whether it was followed, too.
fn burst_around_order<W: Wire>(player: &mut Player<W>) -> Result<(Burst, bool), String> {
    let mut sent = Vec::new();
    let mut order = None;
    for i in 0..BURST {
        if i == BURST / 2 {
            order = Some(player.order()?);
        }
        for machine in MACHINES {
            sent.push((machine, player.ask(self::machine(machine), LENGTHS[i % 2])?));
        }
    }
    let followed = player.followed(order.ok_or("no order")?)?;
    Ok((answered(player, &sent)?, followed))
}

/// Sends frames to all machines in turn.
fn burst<W: Wire>(player: &mut Player<W>) -> Result<Burst, String> {
    let mut sent = Vec::new();
    for i in 0..BURST {
        for machine in MACHINES {
            sent.push((machine, player.ask(self::machine(machine), LENGTHS[i % 2])?));
        }
    }
    answered(player, &sent)
}

fn answered<W: Wire>(player: &mut Player<W>, sent: &[(u8, u32)]) -> Result<Burst, String> {
    player.settle()?;
    let pools = sent.iter().map(|&(machine, number)| (machine, vec![player.pool(number)])).collect();
    Ok(Burst { pools, fault: player.take_fault() })
}

/// Sends frames to nobody; returns the pools that answered.
fn ask_strangers<W: Wire>(player: &mut Player<W>) -> Result<Vec<Option<u8>>, String> {
    let asked = [player.ask(STRANGER, LENGTHS[0])?, player.ask(STRANGER, LENGTHS[1])?];
    player.settle()?;
    player.take_fault()?;
    Ok(answers(player, &asked))
}

fn answers<W: Wire>(player: &Player<W>, asked: &[u32]) -> Vec<Option<u8>> {
    asked.iter().map(|&number| player.pool(number)).collect()
}

fn no_machine(strangers: &[Option<u8>]) -> Result<(), String> {
    match strangers.iter().flatten().find(|&&pool| pool != DEFAULT) {
        None => Ok(()),
        Some(pool) => Err(format!("a stranger's frame went to pool {pool}")),
    }
}

/// What the controller should drop, and QEMU's does not.
fn dropped(strangers: &[Option<u8>]) -> Outcome {
    if strangers.iter().all(Option::is_none) {
        return Outcome::Passed(None);
    }
    Outcome::NotApplicable(
        "QEMU's igb has no address filter before the pools: it hands strangers to the default queue, promiscuous or not"
            .into(),
    )
}

/// The default queue gets strangers in promiscuous mode; that says something only where they are dropped otherwise.
fn promiscuous(strangers: &[Option<u8>], dropped: &Outcome) -> Outcome {
    match (only(strangers, DEFAULT), dropped) {
        (Ok(()), Outcome::NotApplicable(_)) => dropped.clone(),
        (result, _) => Outcome::of(result),
    }
}

/// Orders the firmware to go on; returns whether it did what it was to do.
fn follow<W: Wire>(player: &mut Player<W>) -> Result<bool, String> {
    let order = player.order()?;
    player.followed(order)
}

#[cfg(test)]
mod tests;
