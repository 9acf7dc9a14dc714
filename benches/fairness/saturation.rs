//! Where 58.6 % comes from: input queues of a switch with as many outputs.
//!
//! Karol, Hluchyj and Morgan, "Input Versus Output Queueing on a Space-Division Packet Switch", IEEE
//! Transactions on Communications 35(12), 1987. N inputs always have frames, each for a random one
//! of N outputs. With one FIFO for each input, a frame whose output is taken blocks those behind it.
//! With a queue for each output at each input, and turns at both ends, it does not.

use fastrand::Rng;
use serde_json::{Value, json};
use vmdq_bench::Goal;
use vmdq_core::fair::RoundRobin;

/// N and the throughput of FIFOs. Up to 8 it is the paper's table; 16 and 32 are the same Markov chain
/// solved for more inputs; beyond, the limit 2 - √2 + 0.2463/N + 0.1076/N² through these two.
const KNOWN: [(usize, f64); 11] = [
    (1, 1.0),
    (2, 0.75),
    (3, 0.6825),
    (4, 0.6553),
    (5, 0.6399),
    (8, 0.6184),
    (16, 0.6016),
    (32, 0.5936),
    (64, 0.5897),
    (128, 0.5877),
    (1024, 0.5860),
];
/// How far the simulation may be off.
const TOLERANCE: f64 = 0.003;

/// Throughput with N inputs and outputs, for each output.
pub(crate) struct Row {
    pub(crate) n: usize,
    pub(crate) known: f64,
    pub(crate) fifo: f64,
    /// None if there are more than a turn has members.
    pub(crate) queues: Option<f64>,
}

/// Runs all sizes.
pub(crate) fn measure(goals: &mut Vec<Goal>) -> Vec<Row> {
    KNOWN
        .iter()
        .map(|&(n, known)| {
            let fifo = fifos(n);
            let queues = if n <= <RoundRobin>::MEMBERS {
                Some(queues::<RoundRobin>(n))
            } else if n <= RoundRobin::<2>::MEMBERS {
                Some(queues::<RoundRobin<2>>(n))
            } else {
                None
            };
            let off = (fifo - known).abs();
            goals.push(Goal::most(
                format!("N = {n}: throughput of FIFOs off {known:.4}"),
                TOLERANCE,
                Some(off),
            ));
            if queues.is_some() {
                goals.push(Goal::least(format!("N = {n}: throughput of queues for outputs"), 0.95, queues));
            }
            Row { n, known, fifo, queues }
        })
        .collect()
}

/// One FIFO for each input, of which only the first frame matters.
fn fifos(n: usize) -> f64 {
    let mut rng = Rng::with_seed(n as u64);
    let slots = (8_000_000 / n).clamp(1000, 400_000);
    let warm_up = slots / 8 + 500;
    let mut first: Vec<usize> = (0..n).map(|_| rng.usize(..n)).collect();
    let (mut contenders, mut winner) = (vec![0; n], vec![0; n]);
    let mut carried = 0;
    for slot in 0..warm_up + slots {
        contenders.fill(0);
        for (input, &output) in first.iter().enumerate() {
            contenders[output] += 1;
            // Each of those that contend wins as likely.
            if contenders[output] == 1 || rng.usize(..contenders[output]) == 0 {
                winner[output] = input;
            }
        }
        for output in 0..n {
            if contenders[output] > 0 {
                first[winner[output]] = rng.usize(..n);
                carried += usize::from(slot >= warm_up);
            }
        }
    }
    carried as f64 / (n * slots) as f64
}

/// What both turns do.
trait Turn: Copy + Default {
    fn activate(&mut self, member: usize);
    fn deactivate(&mut self, member: usize);
    fn pick(&mut self) -> Option<usize>;
}

impl<const WORDS: usize> Turn for RoundRobin<WORDS> {
    fn activate(&mut self, member: usize) {
        self.activate(member);
    }
    fn deactivate(&mut self, member: usize) {
        self.deactivate(member);
    }
    fn pick(&mut self) -> Option<usize> {
        self.pick()
    }
}

/// A queue for each output at each input. Each output grants an input in turn, each input accepts a
/// grant in turn; a turn that was not accepted is not over.
fn queues<T: Turn>(n: usize) -> f64 {
    let mut rng = Rng::with_seed(n as u64);
    let slots = (2_000_000 / n).clamp(40_000, 200_000);
    let warm_up = slots / 4;
    // Of each output, who has frames for it; of each input, who grants it.
    let (mut grants, mut accepts) = (vec![T::default(); n], vec![T::default(); n]);
    let mut offers: Vec<Option<(usize, T)>> = vec![None; n];
    let mut waiting = vec![0_u32; n * n];
    let mut carried = 0;
    for slot in 0..warm_up + slots {
        for input in 0..n {
            let output = rng.usize(..n);
            waiting[input * n + output] += 1;
            grants[output].activate(input);
        }
        for output in 0..n {
            let mut turn = grants[output];
            offers[output] = turn.pick().map(|input| (input, turn));
            if let Some((input, _)) = offers[output] {
                accepts[input].activate(output);
            }
        }
        for input in 0..n {
            let Some(output) = accepts[input].pick() else { continue };
            if let Some((_, turn)) = offers[output] {
                grants[output] = turn;
            }
            waiting[input * n + output] -= 1;
            if waiting[input * n + output] == 0 {
                grants[output].deactivate(input);
            }
            carried += usize::from(slot >= warm_up);
        }
        for (output, offer) in offers.iter().enumerate() {
            if let Some((input, _)) = offer {
                accepts[*input].deactivate(output);
            }
        }
    }
    carried as f64 / (n * slots) as f64
}

impl Row {
    pub(crate) fn json(&self) -> Value {
        json!({"n": self.n, "known": self.known, "fifo": self.fifo, "queues": self.queues})
    }
}

/// Prints a table.
pub(crate) fn print(rows: &[Row]) {
    println!("N inputs, N outputs, always loaded: throughput for each output");
    println!("{:>6} {:>8} {:>10} {:>18}", "N", "known", "one FIFO", "queues for outputs");
    for Row { n, known, fifo, queues } in rows {
        let queues = queues.map_or("-".into(), |queues| format!("{queues:.4}"));
        println!("{n:>6} {known:>8.4} {fifo:>10.4} {queues:>18}");
    }
    println!();
}
