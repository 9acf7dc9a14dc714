//! Group indication: what a switch costs for each frame, by the size of the groups.
//!
//! `cargo bench -p vmdq-bench --bench groups [-- --json]`. The paper says (section 1.4.1) that the
//! overhead of a switch falls from once for each frame to once for each group. Subjects alternate in
//! one process, and ratios are taken repetition by repetition; instructions are callgrind's. Fails if
//! a goal is missed, or if a way of switching delivers other frames than the others.

mod stream;
mod subject;
mod switch;

use std::process::ExitCode;

use serde_json::json;
use stream::{Cache, FRAMES, Stream};
use subject::{EACH, SUBJECTS, Subject, TARGETED, UNIFORM};
use switch::Hypervisor;
use vmdq_bench::{
    Goal, Line, Panel, Sample, Scale, arguments, count_subjects, draw, judge, measured_region, ns, table,
};

const SIZES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const REPETITIONS: usize = 61;

fn main() -> ExitCode {
    let args = arguments();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--count", number, k] => count(number, k),
        [] => report(false),
        ["--json"] => report(true),
        _ => {
            eprintln!("usage: groups [--json]");
            ExitCode::FAILURE
        }
    }
}

/// Runs one subject, for callgrind.
fn count(number: &str, k: &str) -> ExitCode {
    let (Ok(number), Ok(k)) = (number.parse::<usize>(), k.parse()) else { return ExitCode::FAILURE };
    let Some(subject) = SUBJECTS.get(number).filter(|_| SIZES.contains(&k)) else {
        return ExitCode::FAILURE;
    };
    let (mut hypervisor, mut stream) = (Hypervisor::new(), Stream::new(subject.many_sources));
    stream.regroup(k);
    // What is new to the switch at first is so once.
    (subject.run)(&mut hypervisor, &mut stream, k);
    measured_region(&mut || (subject.run)(&mut hypervisor, &mut stream, k));
    ExitCode::SUCCESS
}

struct Row {
    k: usize,
    number: usize,
    /// Nanoseconds for each frame, by cache.
    ns: [Sample; 3],
    /// How many times faster than a decision for each frame, by cache.
    gain: [Sample; 3],
    count: Option<f64>,
}

fn report(as_json: bool) -> ExitCode {
    let counts = match count_subjects(SUBJECTS.len(), &SIZES) {
        Ok(counts) => counts,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut hypervisor = Hypervisor::new();
    let mut streams = [false, true].map(Stream::new);
    let mut rows = Vec::new();
    let mut good = true;
    for (size, k) in SIZES.into_iter().enumerate() {
        streams.iter_mut().for_each(|stream| stream.regroup(k));
        good &= agree(&mut hypervisor, &mut streams, k);
        let mut times = [const { [const { Vec::new() }; 3] }; SUBJECTS.len()];
        for (at, cache) in Cache::ALL.into_iter().enumerate() {
            for repetition in 0..REPETITIONS {
                // In another order each time.
                for number in (0..SUBJECTS.len()).map(|i| (i + repetition) % SUBJECTS.len()) {
                    let Subject { run, many_sources, .. } = SUBJECTS[number];
                    let stream = &mut streams[usize::from(many_sources)];
                    // All find the switch as they left it, whoever was before.
                    run(&mut hypervisor, stream, k);
                    stream.place(cache);
                    let time = ns(&mut || run(&mut hypervisor, stream, k));
                    times[number][at].push(time / FRAMES as f64);
                }
            }
        }
        hypervisor.take_counts();
        rows.extend((0..SUBJECTS.len()).map(|number| Row {
            k,
            number,
            ns: [0, 1, 2].map(|at| Sample::of(&times[number][at])),
            gain: [0, 1, 2].map(|at| Sample::of_ratios(&times[EACH][at], &times[number][at])),
            count: counts.as_ref().map(|counts| counts[size * SUBJECTS.len() + number] / FRAMES as f64),
        }));
    }
    let mut goals = goals(&rows);
    goals.push(untouched(&mut hypervisor, &mut streams));
    if let Err(error) = plot(&rows) {
        eprintln!("no plot: {error}");
        good = false;
    }
    if as_json {
        print_json(&rows, &goals)
    } else {
        print_table(&rows)
    }
    if judge(&goals, as_json) && good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Frames with one source for each virtual machine, and with many.
type Streams = [Stream; 2];

/// What a subject delivers, by interface.
fn delivered(hypervisor: &mut Hypervisor, streams: &mut Streams, number: usize, k: usize) -> Vec<usize> {
    hypervisor.take_counts();
    let Subject { run, many_sources, .. } = SUBJECTS[number];
    run(hypervisor, &mut streams[usize::from(many_sources)], k);
    hypervisor.take_counts()
}

/// Tells whether all subjects deliver the same frames, and all of them.
fn agree(hypervisor: &mut Hypervisor, streams: &mut Streams, k: usize) -> bool {
    let expected = delivered(hypervisor, streams, EACH, k);
    let all = expected.iter().sum::<usize>() == FRAMES;
    let same = (1..SUBJECTS.len()).filter(|&number| {
        let same = delivered(hypervisor, streams, number, k) == expected;
        if !same {
            eprintln!("groups of {k}: {} delivers other frames", SUBJECTS[number].name);
        }
        same
    });
    same.count() == SUBJECTS.len() - 1 && all
}

/// Checks that no frame after the first of its group is read: with other headers in them, the
/// same is delivered.
fn untouched(hypervisor: &mut Hypervisor, streams: &mut Streams) -> Goal {
    let mut wrong = 0;
    for k in SIZES {
        streams[0].regroup(k);
        let expected = delivered(hypervisor, streams, UNIFORM, k);
        streams[0].spoil_followers(k);
        for number in [UNIFORM, TARGETED] {
            wrong += usize::from(delivered(hypervisor, streams, number, k) != expected);
        }
        // The check itself: a decision for each frame sees the other headers.
        wrong += usize::from(k > 1 && delivered(hypervisor, streams, EACH, k) == expected);
    }
    Goal::most("group known to be one: sizes at which frames after the first count", 0.0, Some(wrong as f64))
}

fn goals(rows: &[Row]) -> Vec<Goal> {
    let of = |number, k| {
        rows.iter().find(|row| row.number == number && row.k == k).and_then(|row: &Row| row.count)
    };
    let judged = [(UNIFORM, "group known to be one"), (TARGETED, "the same, header a guest's")];
    let goals = judged.into_iter().flat_map(|(number, name)| {
        let most = SIZES.iter().map(|&k| Some(of(number, k)? * k as f64 / of(number, 1)?));
        let most: Option<Vec<f64>> = most.collect();
        [
            Goal::most(format!("{name}: instructions for each frame, groups of 64"), 1.0, of(number, 64)),
            Goal::most(
                format!("{name}: instructions to those of groups of 1, over k"),
                1.1,
                most.map(|all| all.into_iter().fold(0.0, f64::max)),
            ),
        ]
    });
    goals.collect()
}

fn print_json(rows: &[Row], goals: &[Goal]) {
    let rows: Vec<_> = rows
        .iter()
        .flat_map(|row| {
            Cache::ALL.iter().enumerate().map(|(at, cache)| {
                json!({"group": row.k, "way": SUBJECTS[row.number].name, "headers": cache.name(),
                       "ns_per_frame": row.ns[at].json(), "gain": row.gain[at].json(),
                       "instructions_per_frame": row.count})
            })
        })
        .collect();
    let goals: Vec<_> = goals.iter().map(Goal::json).collect();
    println!("{}", json!({"rows": rows, "goals": goals}));
}

fn print_table(rows: &[Row]) {
    let sizes = SIZES.map(|size| size.to_string());
    let head: Vec<&str> = ["groups of"].into_iter().chain(sizes.iter().map(String::as_str)).collect();
    let print = |cell: &dyn Fn(&Row) -> String| {
        let lines = SUBJECTS.iter().enumerate().map(|(number, subject)| {
            let cells = rows.iter().filter(|row| row.number == number).map(cell);
            [subject.name.to_owned()].into_iter().chain(cells).collect()
        });
        print!("{}", table(&head, 1, lines));
    };
    for (at, cache) in Cache::ALL.iter().enumerate() {
        println!("headers: {}; ns for each frame (gain over A, p10..p90)", cache.name());
        print(&|Row { ns, gain, .. }| {
            let Sample { p10, median, p90 } = gain[at];
            format!("{:.2} ({median:.1}, {p10:.1}..{p90:.1})", ns[at].median)
        });
    }
    println!("instructions for each frame");
    print(&|row| row.count.map_or("no valgrind".into(), |count| format!("{count:.2}")));
}

fn panel<'a>(title: &'a str, y: &'a str, lines: Vec<Line>) -> Panel<'a> {
    Panel { title, x: "frames in a group", y, scale: Scale::Logarithmic, lines }
}

fn plot(rows: &[Row]) -> Result<(), Box<dyn std::error::Error>> {
    let lines = |y: &dyn Fn(&Row) -> Option<f64>| -> Vec<Line> {
        let line = |(number, subject): (usize, &Subject)| Line {
            name: subject.name.into(),
            points: rows
                .iter()
                .filter(|row| row.number == number)
                .filter_map(|row| Some((row.k as f64, y(row)?)))
                .collect(),
        };
        SUBJECTS.iter().enumerate().map(line).collect()
    };
    for (at, cache) in Cache::ALL.iter().enumerate() {
        let title = format!("Overhead of a switch, headers: {}", cache.name());
        let panel = panel(&title, "ns for each frame", lines(&|row| Some(row.ns[at].median)));
        draw(&format!("groups_{}_ns", cache.name().replace(' ', "_")), &[panel])?;
    }
    let counted = lines(&|row| row.count);
    draw("groups_instructions", &[panel("Overhead of a switch", "instructions for each frame", counted)])?;
    Ok(())
}
